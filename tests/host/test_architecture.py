"""docs/architecture.md against the library: it names every file, and no other; each is short enough to be read."""

import ast
import functools
import re

from tools.bundle.names import Module, file_name, module_name
from tools.bundle.table import BUNDLES
from tools.device import ROOT

LIBRARY = ROOT / "lib" / "blynk_batch"
DOCUMENT = ROOT / "docs" / "architecture.md"
TOOLS = "| in `tools/` | what |\n"
SOURCES = {path.relative_to(LIBRARY).as_posix(): path for path in LIBRARY.rglob("*.py")}
NAMED = {name for name in SOURCES if not name.endswith("/__init__.py")}
MOST_LINES = 300


def named():
    """Every `file.py` in the table of what each file knows."""
    text = DOCUMENT.read_text(encoding="utf-8").split(TOOLS)[0]
    table = [line.split("|")[1] for line in text.splitlines() if re.match(r"\| `[\w/]+\.py`", line)]
    return [name for cell in table for name in re.findall(r"`([\w/]+\.py)`", cell)]


def test_the_table_of_files_names_each_file_of_the_library_once():
    assert sorted(named()) == sorted(NAMED)


def test_no_file_of_the_library_is_longer_than_is_read_in_one_go():
    long = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in SOURCES.items()}
    assert {name: lines for name, lines in long.items() if lines > MOST_LINES} == {}


# Imports between rooms go from a smaller number to a larger one only; of one number, none knows another.
LEVELS = {"client": 0, "upload": 1, "http": 1, "rings": 1, "report": 1, "opening": 2, "media": 3, "clock": 3, "ring": 4}
LEVELS["words"] = 5
WORDS = ("arguments", "blynk", "errors", "guard", "point", "refusals", "wifi", "words")


def room_of(module):
    top = module.split(".")[0]
    return "words" if top in WORDS else top


@functools.lru_cache
def modules():
    texts = {module_name(name): path.read_text(encoding="utf-8") for name, path in SOURCES.items()}
    return {name: Module(name, text, texts) for name, text in texts.items()}


def imports():
    """{(file, file)} of all imports within the library, also by load(); those of the package's own door apart."""
    found = set()
    for name, module in modules().items():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and node.level:
                found.update((name, module.target(node, alias)[0]) for alias in node.names)
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "load" and node.args:
                found.update((name, part.value) for part in node.args[:1] if isinstance(part, ast.Constant))
    return {(a, b) for a, b in found if "__init__" not in (a, b)}


def test_imports_between_rooms_have_one_direction():
    up = set()
    for importer, imported in imports():
        a, b = room_of(importer), room_of(imported)
        if a != b and LEVELS[a] >= LEVELS[b]:
            up.add((file_name(importer), file_name(imported)))
    assert up == set(), "these run up: hand in what is needed, or move it down"


def test_what_logs_imports_nothing_that_uploads():
    reached, todo = set(), ["client"]
    while todo:
        name = todo.pop()
        reached.add(name)
        kinds = [what[0] for bound in modules()[name].bindings.values() for what in bound if what]
        todo += [other for other in kinds if other in modules() and other not in reached]
    assert {room_of(name) for name in reached} <= {"client", "clock", "ring", "media", "words", "rings", "__init__"}


def test_the_table_of_bundles_names_no_module_that_is_gone():
    assert {module for members in BUNDLES.values() for module in members.split()} <= set(modules())


def test_every_tool_has_a_line_that_says_what_it_is_for():
    table = DOCUMENT.read_text(encoding="utf-8").split(TOOLS)[1]
    rows = "".join(line.split("|")[1] for line in table.splitlines() if line.startswith("|"))
    tools = {path for path in (ROOT / "tools").iterdir() if not path.name.startswith(("_", "."))}
    names = {path.name + "/" * path.is_dir() for path in tools}
    assert sorted(re.findall(r"`([^`]+)`", rows)) == sorted(names)
