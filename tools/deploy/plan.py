"""What deploying has to do, from what is wanted and what is there. Pure: knows no board.

    wanted   {path: bytes}                     present   {path: (size, SHA-256)}
"""

from tools.board.errors import BoardProblem
from tools.board.files import sha256
from tools.deploy.library import PACKAGE, TARGET

CONFIG = "/config.py"
_REPLACED = "there in the other form, source or compiled"


class Plan:
    """`copy` {path: bytes}, `remove` {path: why}, `unchanged` [path], `kept` [path] (edited on the board)."""

    def __init__(self):
        self.copy, self.remove, self.unchanged, self.kept = {}, {}, [], []

    def want(self, wanted, present):
        for path, data in wanted.items():
            if present.get(path, (None, None))[1] == sha256(data):
                self.unchanged.append(path)
            else:
                self.copy[path] = data

    def needed_bytes(self, present, block):
        """More whole blocks than what is there already takes."""
        gone = sum(_blocks(present[path][0], block) for path in {*self.remove, *self.copy} & set(present))
        return max(0, sum(_blocks(len(data), block) for data in self.copy.values()) - gone)


def _blocks(size, block):
    return -(-size // block) * block


def library(wanted, present):
    """Brings the library up to date and removes what MicroPython would load in its place."""
    plan = Plan()
    plan.want(wanted, present)
    for path in sorted(present):
        if path not in wanted and _is_code(path):
            if path.startswith(TARGET + "/"):
                plan.remove[path] = _REPLACED if _twin(path) in wanted else "not in this version"
            elif path.startswith(("/%s/" % PACKAGE, "/%s." % PACKAGE)):
                plan.remove[path] = "hides the library in /lib"
    left = [path for path in present if path.startswith("/%s/" % PACKAGE) and path not in plan.remove]
    if left:
        raise BoardProblem(
            "The folder /%s on the board (with %s) hides the library in /lib: rename it, or choose another folder for "
            "what is in it." % (PACKAGE, left[0].rpartition("/")[2])
        )
    if plan.copy or plan.remove:
        _shut_meanwhile(plan, wanted, present)
    return plan


def _shut_meanwhile(plan, wanted, present):
    """What is imported first goes before all else and comes last: a board whose deploy breaks off has no library, never
    a half of one version beside a half of another."""
    entrance = [TARGET + "/__init__.py", TARGET + "/__init__.mpy"]
    gone = {path: plan.remove.get(path, "comes back as the last") for path in entrance if path in present}
    plan.remove = {**gone, **plan.remove}
    plan.unchanged = [path for path in plan.unchanged if path not in entrance]
    for path in entrance:
        if path in wanted:
            plan.copy.pop(path, None)
            plan.copy[path] = wanted[path]


def _is_code(path):
    return path.endswith((".py", ".mpy"))


def _twin(path):
    return path[:-4] + ".py" if path.endswith(".mpy") else path[:-3] + ".mpy"


def add_example(plan, wanted, present, deployed, replace):
    """`deployed`: {path: SHA-256} of what an earlier run put there. What a person has changed on the board since is
    replaced only if asked; config.py is kept, and anything else ends it before something is copied."""
    fresh = Plan()
    fresh.want(wanted, present)
    for path in list(fresh.copy):
        if replace or path not in present or present[path][1] == deployed.get(path):
            continue
        if path != CONFIG:
            raise BoardProblem(
                "%s on the board is not as `make deploy` put it there: save it if you need it, then replace it with "
                "REPLACE=1." % path
            )
        del fresh.copy[path]
        fresh.kept.append(path)
    plan.copy.update(fresh.copy)
    plan.unchanged += fresh.unchanged
    plan.kept += fresh.kept
