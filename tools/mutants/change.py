"""One small mistake at a time: every place of a source where there is one to be made, and the source with it.

Knows Python's syntax; no tests and no files.
"""

import ast
import copy

_COMPARE = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OPERATE = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_UNIT = 1000  # of such a number one more makes no difference that anybody should see


def _comparison(node):
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        node.ops = [_COMPARE[type(node.ops[0])]()]
        return True


def _operator(node):
    if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in _OPERATE and not _is_text(node):
        node.op = _OPERATE[type(node.op)]()
        return True


def _is_text(node):
    sides = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.value,)
    return any(isinstance(side, ast.Constant) and isinstance(side.value, (str, bytes)) for side in sides)


def _junction(node):
    if isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        return True


def _condition(node):
    if isinstance(node, (ast.If, ast.While, ast.IfExp)) and not isinstance(node.test, ast.Constant):
        node.test = ast.UnaryOp(ast.Not(), node.test)
        return True


def _number(node):
    if isinstance(node, ast.Constant) and type(node.value) is int:
        node.value = node.value * 2 if node.value >= _UNIT else node.value + 1
        return True


def _truth(node):
    if isinstance(node, ast.Constant) and type(node.value) is bool:
        node.value = not node.value
        return True


def _statement(node):
    """A call whose value nobody takes, or a value that is set: left out."""
    for body in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
        for index, child in enumerate(body if isinstance(body, list) else ()):
            is_call = isinstance(child, ast.Expr) and isinstance(child.value, ast.Call)
            if is_call or isinstance(child, ast.AugAssign):
                yield body, index


KINDS = (_comparison, _operator, _junction, _condition, _number, _truth)


def places(source):
    """[(line, kind, number of the node)] of all that can be changed: not what `"..." % x` says, for no test should."""
    tree = ast.parse(source)
    said = [node for node in ast.walk(tree) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod)]
    words = {id(part) for node in said if _is_text(node) for part in ast.walk(node)}
    found = []
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in words:
            continue
        for kind, change in enumerate(KINDS):
            if change(copy.copy(node)):
                found.append((node.lineno, kind, number))
        for place, (body, index) in enumerate(_statement(node)):
            found.append((body[index].lineno, len(KINDS), (number, place)))
    return found


def changed(source, place):
    """(the source with the mistake at `place`, the statement before, and after)."""
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    line, kind, number = place
    if kind == len(KINDS):
        body, index = list(_statement(nodes[number[0]]))[number[1]]
        before = ast.unparse(body[index])
        body[index] = ast.copy_location(ast.Pass(), body[index])
        return ast.unparse(tree), before, "pass"
    statement = _statement_of(tree, nodes[number])
    before = _first_line(statement)
    KINDS[kind](nodes[number])
    return ast.unparse(ast.fix_missing_locations(tree)), before, _first_line(statement)


def _statement_of(tree, wanted):
    """The smallest statement that holds the node."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.stmt) and any(n is wanted for n in ast.walk(node))]
    return found[-1]


def _first_line(statement):
    return ast.unparse(statement).splitlines()[0]
