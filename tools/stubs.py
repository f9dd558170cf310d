"""The library's stubs, `lib/blynk_batch/__init__.pyi`: their docstrings are the code's own.

`python tools/stubs.py` writes them in, after a change of a docstring in the library. Types and arguments are kept in
the stubs by hand; tests/host/test_stubs.py holds them against the code.
"""

import ast
import textwrap
from pathlib import Path

LIBRARY = Path(__file__).resolve().parent.parent / "lib" / "blynk_batch"
STUBS = LIBRARY / "__init__.pyi"
_ELSEWHERE = {"Result": "upload.result", "load": "__init__", "let_go": "__init__"}
_KINDS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def text_of(name):
    """The text that the package's __init__.py gives this global name, const() or not."""
    tree = ast.parse((LIBRARY / "__init__.py").read_text(encoding="utf-8"))
    (value,) = [node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == name]
    return ast.literal_eval(value.args[0] if isinstance(value, ast.Call) else value)


def homes():
    """{public name: the module that has it}, as the package itself says."""
    words = text_of("_HOMES").split()
    return dict(zip(words[::2], words[1::2]))


def source(name):
    """The class or function `name`, as the library defines it."""
    module = homes().get(name) or _ELSEWHERE[name]
    tree = ast.parse((LIBRARY / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8"))
    return members(tree)[name]


def members(node):
    """{name: definition} of a module or a class."""
    return {child.name: child for child in node.body if isinstance(child, _KINDS)}


def refreshed(text):
    """The stubs with the code's docstrings."""
    lines = text.splitlines()
    found = []
    for name, stub in members(ast.parse(text)).items():
        if name.startswith("_"):
            continue
        code = source(name)
        found.append((stub, code))
        if isinstance(stub, ast.ClassDef):
            theirs = members(code)
            found += [(stub, theirs[name]) for name, stub in members(stub).items() if name in theirs]
    for stub, code in sorted(found, key=lambda pair: -pair[0].body[0].lineno):
        _put(lines, stub, ast.get_docstring(code, clean=True))
    return "\n".join(lines) + "\n"


def _put(lines, stub, words):
    """Give the definition these words for a docstring, or none."""
    first, *rest = stub.body
    indent = " " * (stub.col_offset + 4)
    value = first.value.value if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) else None
    new = []
    if words:
        end = "\n" + indent if words.endswith('"') else ""
        new = ('%s"""%s%s"""' % (indent, textwrap.indent(words, indent).lstrip(), end)).split("\n")
    if isinstance(value, str):
        lines[first.lineno - 1 : first.end_lineno] = new or [indent + "..."] * (not rest)
    elif new and value is ...:  # at the end of the definition's own line
        lines[first.lineno - 1 : first.lineno] = [lines[first.lineno - 1].rstrip()[: -len(" ...")], *new]
    elif new:
        lines[first.lineno - 1 : first.lineno - 1] = [*new, ""]


if __name__ == "__main__":
    STUBS.write_text(refreshed(STUBS.read_text(encoding="utf-8")), encoding="utf-8")
