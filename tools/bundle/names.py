"""What one module of the package binds and imports. Knows the syntax tree, not how modules are joined."""

import ast
from pathlib import PurePosixPath

import click

PACKAGE = "blynk_batch"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = FUNCTIONS + COMPREHENSIONS + (ast.Lambda,)


class BundleError(click.ClickException):
    """The sources cannot be joined; the text names file and line, and says what to write instead."""


def module_name(path):
    """ "ring.log" of ring/log.py; "__init__" and "ring.__init__" of the packages themselves."""
    return ".".join(PurePosixPath(path).with_suffix("").parts)


def file_name(module):
    return module.replace(".", "/") + ".py"


class Module:
    """`tree`; `tops` {name: what it is}; `numbers` {name: int that never changes}; `bindings`, see bound().

    What a name is: (module, name) for what is defined here, (None, module, name) for what comes from the firmware,
    (module, name) of another one's or (module, None) for what is imported from the package."""

    def __init__(self, name, text, modules):
        self.name, self.text, self._modules = name, text, modules
        try:
            self.tree = ast.parse(text)
        except SyntaxError as error:
            raise BundleError("%s:%d: %s" % (file_name(name), error.lineno, error.msg))
        nodes = list(ast.walk(self.tree))
        self.numbers = _numbers(self.tree, nodes)
        self.bindings = self.bound(self.tree.body)
        self.tops = {top: self._what(top, kinds) for top, kinds in self.bindings.items()}
        self.locals = {}  # {name: {what it is in some function, None for a variable}}
        for node in nodes:
            if isinstance(node, FUNCTIONS):
                for local, kinds in self.bound(node.body).items():
                    self.locals.setdefault(local, set()).update(kinds)
            elif isinstance(node, COMPREHENSIONS):
                for target in (n for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)):
                    self.locals.setdefault(target.id, set()).add(None)
            elif isinstance(node, ast.arg):
                self.locals.setdefault(node.arg, set()).add(None)
        self.is_native = any(
            getattr(d, "attr", getattr(d, "id", "")) in ("viper", "native", "asm_thumb", "asm_xtensa")
            for node in nodes
            if isinstance(node, FUNCTIONS)
            for d in node.decorator_list
        )

    def at(self, node):
        return "%s:%d" % (file_name(self.name), node.lineno)

    def _what(self, top, kinds):
        return kinds[0] if kinds[0] is not None and kinds.count(kinds[0]) == len(kinds) else (self.name, top)

    def bound(self, body):
        """{name: [what, for each time that `body` binds it]} in its own scope, not in functions within; None for an
        assignment or definition."""
        found, todo = {}, list(body)
        apart = set()
        while todo:
            node = todo.pop(0)
            if isinstance(node, FUNCTIONS + (ast.ClassDef,)):
                found.setdefault(node.name, []).append(None)
                continue
            if isinstance(node, ast.Global):
                apart.update(node.names)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.setdefault(node.id, []).append(None)
            elif isinstance(node, ast.ExceptHandler) and node.name:
                found.setdefault(node.name, []).append(None)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    what = self.target(node, alias)
                    found.setdefault(alias.asname or alias.name.split(".")[0], []).append(what)
            if not isinstance(node, _SCOPES):
                todo += ast.iter_child_nodes(node)
        return {name: kinds for name, kinds in found.items() if name not in apart}

    def target(self, node, alias):
        """What an import binds, see the class."""
        if isinstance(node, ast.Import):
            return (None, alias.name, None)
        if not node.level:
            return (None, node.module, alias.name)
        room = self.name.split(".")[:-1]
        if node.level > len(room) + 1:
            raise BundleError("%s: this import leaves the package" % self.at(node))
        place = room[: len(room) + 1 - node.level] + (node.module.split(".") if node.module else [])
        return self._resolve(node, ".".join(place), alias.name)

    def _resolve(self, node, place, name):
        as_module = place + "." + name if place else name
        if as_module in self._modules:
            return (as_module, None)
        for found in (place, place + ".__init__" if place else "__init__"):
            if found in self._modules:
                return (found, name)
        raise BundleError("%s: there is no module %s in %s" % (self.at(node), as_module, PACKAGE))


def _numbers(tree, nodes):
    """{name: int} of what is assigned once, alone or in a tuple, and that by int literals, const() or not. `nodes`: all
    of the tree."""
    found, often = {}, set()
    for node in nodes:
        if isinstance(node, ast.Global):
            often.update(node.names)
    for node in tree.body:
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            continue
        names, values = [part.elts if isinstance(part, ast.Tuple) else [part] for part in (node.targets[0], node.value)]
        numbers = [_number(value, found) for value in values]
        if len(names) == len(values) and None not in numbers and all(isinstance(name, ast.Name) for name in names):
            often.update(name.id for name in names if name.id in found)
            found.update((name.id, number) for name, number in zip(names, numbers))
    top_stores = [n.id for s in tree.body for n in _own(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return {name: n for name, n in found.items() if name not in often and top_stores.count(name) == 1}


def _own(statement):
    """The nodes of a statement that belong to the module's own scope."""
    todo = [statement]
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, _SCOPES + (ast.ClassDef,)):
            todo += ast.iter_child_nodes(node)


def _number(node, known):
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "const":
        node = node.args[0]
    allowed = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.Name, ast.expr_context)
    if not all(isinstance(part, allowed) for part in ast.walk(node)):
        return None
    try:
        value = eval(compile(ast.Expression(node), "const", "eval"), {"__builtins__": {}}, dict(known))
    except (NameError, TypeError, ArithmeticError):
        return None
    return value if type(value) is int else None
