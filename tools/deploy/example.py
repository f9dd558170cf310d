"""An example as it goes onto a board: its files beside main.py, and the note of what was put there."""

import json

from tools.board.errors import BoardProblem, RemoteError
from tools.board.files import sha256
from tools.compiled import ROOT
from tools.deploy.library import TARGET

EXAMPLES = ROOT / "examples"
NOTE = TARGET + "/example.json"


def names():
    return sorted(path.parent.name for path in EXAMPLES.glob("*/main.py"))


def files(name):
    """{path on the board: bytes}; raises BoardProblem for a name that there is not."""
    if name not in names():
        raise BoardProblem("There is no example %r: choose one of %s." % (name, ", ".join(names())))
    return {"/" + path.name: path.read_bytes() for path in sorted((EXAMPLES / name).glob("*.py"))}


def read_note(board):
    """{path: SHA-256} of the files that an earlier run put there."""
    try:
        return json.loads(board.exec("with open(%r) as f: print(f.read())" % NOTE))
    except (RemoteError, ValueError):
        return {}


def note(earlier, copied):
    return {**earlier, **{path: sha256(data) for path, data in copied.items()}}
