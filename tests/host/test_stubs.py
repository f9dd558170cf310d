"""The stubs against the code: each public name, argument, default and docstring; and what type checkers say."""

import ast
import json
import shutil
import subprocess
import sys

import pytest

from tests.host.boards import require_node
from tools import device, stubs
from tools.lint import PYRIGHT

ROOT = stubs.LIBRARY.parent.parent
STUBS = stubs.members(ast.parse(stubs.STUBS.read_text(encoding="utf-8")))
PUBLIC = sorted(stubs.homes())
# Methods that the library's own files call on each other.
INTERNAL = {
    "Client": {"uploader", "check_open", "check_books", "pace", "call", "tell"},
    "HTTPS": {"request", "send"},
}
PROGRAM = """
import blynk_batch
ring = blynk_batch.FileRing("/readings", capacity_bytes=65536)
client = blynk_batch.Client("token", ring=ring, debug=print, transport=blynk_batch.HTTPS(ca="root.der"))
wifi = blynk_batch.WiFi([("home", "secret"), ("open", None)], hostname="station")
client.log(1, 21.5)
client.log_group({1: 21.5, "V2": "open", 3: None, 4: (13.4, 52.5)}, timestamp=1795000000000)
if wifi.online() and client.due(900):
    result = client.upload(timeout_s=60)
    print(result.uploaded + result.pending, result.error, result.waiting)
    if isinstance(result.error, blynk_batch.UploadError):
        print(result.error.status)
with client:
    for pin, timestamp, value in client.points():
        print(pin, timestamp, value)
blynk_batch.set_clock()
"""
WRONG = ("client.logg(1, 2)", "client.upload(60)", "client.log(1.5, 2)", "blynk_batch.Cleint('t')", "wifi.online(5)",
         "client.due('15m')", "blynk_batch.Client('t', ring='readings')")  # fmt: skip


def test_the_stubs_name_what_the_package_does():
    named = [name for name in STUBS if not name.startswith("_")]
    assert sorted(set(named) - {"Result", "load", "let_go"}) == PUBLIC


def test_docstrings_are_the_codes():
    text = stubs.STUBS.read_text(encoding="utf-8")
    assert stubs.refreshed(text) == text, "run .venv/bin/python tools/stubs.py"


def arguments(node):
    """Its arguments as the code has them: names, kinds, defaults."""
    found = ast.parse("def f(): pass").body[0]
    found.args = node.args
    text = ast.unparse(found)
    plain = ast.parse(text).body[0]
    for each in ast.walk(plain.args):
        if isinstance(each, ast.arg):
            each.annotation = None
    return ast.unparse(plain)


@pytest.mark.parametrize("name", [name for name in PUBLIC if isinstance(STUBS.get(name), ast.ClassDef)])
def test_each_class_has_the_codes_methods_and_they_its_arguments(name):
    code, stub = stubs.source(name), STUBS[name]
    assert [ast.unparse(base) for base in stub.bases] in ([], [ast.unparse(base) for base in code.bases])
    theirs = {key: node for key, node in stubs.members(code).items() if key == "__init__" or key[:1] != "_"}
    ours = {key: node for key, node in stubs.members(stub).items() if key == "__init__" or key[:1] != "_"}
    assert sorted(set(theirs) - INTERNAL.get(name, set())) == sorted(ours)
    for key, node in ours.items():
        assert arguments(node) == arguments(theirs[key]), "%s.%s" % (name, key)
        assert type(node) is type(theirs[key]), "%s.%s is no coroutine in one of the two" % (name, key)


def test_the_results_fields_are_the_codes():
    result = stubs.source("Result")
    init = next(node for node in result.body if getattr(node, "name", "") == "__init__")
    code = {target.attr for node in ast.walk(init) for target in getattr(node, "targets", ())}
    stub = {node.target.id for node in STUBS["Result"].body if isinstance(node, ast.AnnAssign)}
    assert stub == code


PROMPT = """
import blynk_batch
help(blynk_batch)
def refuse(*_):
    raise RuntimeError("looked for")
real, blynk_batch.load = blynk_batch.load, refuse
try:
    blynk_batch.no_such_name
except AttributeError:
    print("refused at once")
blynk_batch.load = real
print(dir(blynk_batch))
"""


def test_help_and_tab_at_the_prompt_show_the_public_names(tmp_path):
    (tmp_path / "prompt.py").write_text(PROMPT)
    output = device.run(tmp_path / "prompt.py", cwd=tmp_path).stdout
    (names,) = [line for line in output.splitlines() if line.startswith("  __names__ -- ")]
    assert sorted(names.split()[2:]) == PUBLIC
    assert "refused at once" in output
    # What dir() shows is what Tab does: both ask for each name in the firmware's table.
    shown = ast.literal_eval(output.splitlines()[-1])
    assert {"Client", "FileRing", "BlockRing", "WiFi", "HTTPS", "set_clock", "Error"} <= set(shown)


def test_the_package_knows_each_of_its_modules_and_rooms_by_name():
    there = {path.stem for path in stubs.LIBRARY.glob("*.py")} | {path.parent.name for path in
             stubs.LIBRARY.glob("*/__init__.py")}  # fmt: skip
    assert stubs.text_of("_MODULES").split() == sorted(there - {"__init__"})


@pytest.fixture
def project(tmp_path):
    """A folder with the program and the library beside it; lines of it that are wrong on purpose."""
    shutil.copytree(stubs.LIBRARY, tmp_path / "blynk_batch")
    (tmp_path / "good.py").write_text(PROGRAM)
    (tmp_path / "bad.py").write_text(PROGRAM + "\n".join(WRONG) + "\n")
    first = PROGRAM.count("\n") + 1
    return tmp_path, set(range(first, first + len(WRONG)))


def test_pyright_knows_the_right_program_and_flags_each_wrong_line(project):
    require_node()
    folder, wrong = project
    settings = {"include": ["good.py", "bad.py"], "pythonVersion": "3.12", "typeCheckingMode": "basic"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    command = ["node", PYRIGHT, "--outputjson", "--project", folder]
    report = json.loads(subprocess.run(command, cwd=folder, stdout=subprocess.PIPE).stdout)
    found = {(d["file"].split("/")[-1], d["range"]["start"]["line"] + 1) for d in report["generalDiagnostics"]}
    assert report["summary"]["filesAnalyzed"] >= 2
    assert found == {("bad.py", line) for line in wrong}


def test_mypy_does_the_same(project):
    folder, wrong = project
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "--show-error-codes", "good.py", "bad.py"]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    lines = [line.split(":") for line in done.stdout.splitlines() if ": error:" in line]
    assert {(words[0], int(words[1])) for words in lines} == {("bad.py", line) for line in wrong}, done.stdout
