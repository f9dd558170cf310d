"""Takes names out of a bundle that nobody outside asks for: MicroPython keeps each name that a board has loaded for
ever, in a table that doubles when it is full.

Arguments that no caller names are called alike in all functions, and the private attributes of one class as those of
another. Functions keep their names, which a traceback tells; every line stays where it is.
"""

import ast
import re

from tools.bundle.names import COMPREHENSIONS, FUNCTIONS

_INNER = FUNCTIONS + (ast.Lambda,)
_PRIVATE = re.compile(r"_[a-z]")
_OPEN_TO_ALL = frozenset(("SystemClock",))  # public without being in the package's own list


def shortened(texts, public):
    """{bundle: text} with fewer names. `public`: the classes and functions that a program calls, by any argument's
    name."""
    trees = {home: ast.parse(text) for home, text in texts.items()}
    edits = {home: [] for home in texts}
    nodes = _Nodes(trees)
    _arguments(trees, nodes, edits, _OPEN_TO_ALL.union(public))
    _attributes(trees, nodes, edits)
    return {home: _edited(text, edits[home]) for home, text in texts.items()}


def _edited(text, edits):
    """`edits`: (line from 1, byte in it, old name, new name)"""
    lines = text.encode().split(b"\n")
    for line, at, old, new in sorted(set(edits), reverse=True):
        row = lines[line - 1]
        assert row[at : at + len(old)] == old.encode(), (row, old)
        lines[line - 1] = row[:at] + new.encode() + row[at + len(old) :]
    return b"\n".join(lines).decode()


class _Nodes:
    """All nodes of all trees, which are asked for a dozen times."""

    def __init__(self, trees):
        self._nodes = {}
        for tree in trees.values():
            for node in ast.walk(tree):
                self._nodes.setdefault(type(node), []).append(node)

    def of(self, *kinds):
        return [node for kind in kinds for node in self._nodes.get(kind, ())]


def _unused(taken, letter):
    """Names that stand nowhere yet, in an order that never changes."""
    count = 0
    while True:
        name = "%s%d" % (letter, count)
        if name not in taken:
            yield name
        count += 1


# Arguments


def _arguments(trees, nodes, edits, public):
    named = {keyword.arg for keyword in nodes.of(ast.keyword)}
    taken = {node.id for node in nodes.of(ast.Name)} | {node.arg for node in nodes.of(ast.arg)}
    for home, tree in trees.items():
        for function in _closed(tree.body, public):
            kept = named | {"self"} | _bound_within(function)
            names = _unused(taken, "a")
            new = {arg.arg: next(names) for arg in function.args.args if arg.arg not in kept}
            for node in _own(function):
                old = node.arg if isinstance(node, ast.arg) else node.id
                if old in new:
                    edits[home].append((node.lineno, node.col_offset, old, new[old]))


def _closed(body, public):
    """The functions whose arguments only the library itself names."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            if node.name in public:
                yield from [n for n in _closed(node.body, ()) if n.name[0] == "_" and n.name != "__init__"]
            else:
                yield from _closed(node.body, ())
        elif isinstance(node, FUNCTIONS) and node.name not in public:
            if not [inner for inner in ast.walk(node) if isinstance(inner, _INNER) and inner is not node]:
                yield node
        else:
            for field in ("body", "orelse", "finalbody", "handlers"):
                yield from _closed(getattr(node, field, []), public)


def _bound_within(function):
    """What a comprehension, an `except` or an import in the function calls its own."""
    return {
        target.id
        for node in ast.walk(function)
        if isinstance(node, COMPREHENSIONS)
        for generator in node.generators
        for target in ast.walk(generator.target)
        if isinstance(target, ast.Name)
    } | {
        getattr(node, "asname", None) or node.name
        for node in ast.walk(function)
        if isinstance(node, (ast.ExceptHandler, ast.alias))
    }


def _own(function):
    """The nodes that name the function's own variables; its defaults are seen outside."""
    yield from function.args.args
    for statement in function.body:
        yield from [node for node in ast.walk(statement) if isinstance(node, ast.Name)]


# Attributes


def _attributes(trees, nodes, edits):
    """A name counts as a class's own where nothing but `self.name` asks for it, in no text either."""
    families = _families(nodes)
    classes = [(home, node) for home, tree in trees.items() for node in tree.body if isinstance(node, ast.ClassDef)]
    found = {}  # {family: {name: [(bundle, line, byte)]}}
    inside = set()
    for home, node in classes:
        uses = found.setdefault(families[node.name], {})
        for item in ast.walk(node):
            if isinstance(item, ast.Attribute) and isinstance(item.value, ast.Name) and item.value.id == "self":
                inside.add(id(item))
                at = item.end_col_offset - len(item.attr.encode())
                uses.setdefault(item.attr, []).append((home, item.end_lineno, at))
        for item in node.body:
            for target in getattr(item, "targets", []):
                for name in [n for n in ast.walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]:
                    uses.setdefault(name.id, []).append((home, name.lineno, name.col_offset))
    asked = {item.attr for item in nodes.of(ast.Attribute) if id(item) not in inside}
    asked |= {node.name for node in nodes.of(*FUNCTIONS)} | {
        node.id for node in nodes.of(ast.Name) if isinstance(node.ctx, ast.Load)
    }
    for node in nodes.of(ast.Constant):
        if isinstance(node.value, str):
            asked.update(re.findall(r"\w+", node.value))
    taken = {item.attr for item in nodes.of(ast.Attribute)}
    for uses in found.values():
        names = _unused(taken, "_")
        for old in sorted(uses):
            if _PRIVATE.match(old) and old not in asked:
                new = next(names)
                for home, line, at in uses[old]:
                    edits[home].append((line, at, old, new))


def _families(nodes):
    """{class: the name of one of all those that share their attributes}"""
    bases = {
        node.name: [base.id for base in node.bases if isinstance(base, ast.Name)] for node in nodes.of(ast.ClassDef)
    }
    aliases = {alias.asname: alias.name for node in nodes.of(ast.ImportFrom) for alias in node.names if alias.asname}
    family = {name: name for name in bases}
    for name, above in bases.items():
        for base in above:
            base = aliases.get(base, base)
            if base in family:
                old, new = family[name], family[base]
                family = {one: new if which == old else which for one, which in family.items()}
    return family
