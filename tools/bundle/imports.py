"""Import statements as a bundle has them: names of its own modules need none, others come from their bundles.

Knows imports at any depth; no other statement.
"""

import ast

from tools.bundle.loads import Loads
from tools.bundle.names import FUNCTIONS, PACKAGE, BundleError
from tools.bundle.program import LOADER

# `import os` looks for a file of that name on every path first, six lookups each time; `import uos` takes the
# firmware's. Not so time and machine, for which boards without hardware have files of their own.
BUILT_IN = frozenset("binascii errno hashlib json os random select socket struct sys".split())


class Imports(Loads):
    """`emitted`: top-level imports that stand above it in the bundle; `imports`: {bundle imported there: where}"""

    def __init__(self, program, name, earlier, emitted):
        super().__init__(program, name, earlier)
        self._emitted = emitted
        self.imports = {}

    def _imports(self, body, scope, bindings):
        """What the names stand for that imports from the package, and load(), bind in this scope."""
        for name, kinds in bindings.items():
            what = kinds[0]
            if what is None or what[0] is None or kinds.count(what) != len(kinds):
                continue
            module, attribute = scope.origins[name] = self.program.defined(*what)
            if module not in self.program.homes:
                raise BundleError("%s imports from %s, which holds only a room's promise" % (self.name, module))
            if attribute is None or self._is_near(module) or self.program.number(module, attribute) is not None:
                scope[name] = (module, attribute)
        for node in _statements(body):
            found = self._loading(node.value) if isinstance(node, ast.Assign) else None
            if found and found[1] is None and isinstance(node.targets[0], ast.Name):
                target = node.targets[0].id
                if len(node.targets) == 1 and len(bindings.get(target, ())) == 1:
                    scope[target] = (found[0], None)

    def _import(self, node):
        """[(name that must be used or None, statement)] that stand for an import."""
        out = []
        scope = self._scopes[-1]
        for alias in node.names:
            name = here = alias.asname or alias.name.split(".")[0]
            what = self.module.target(node, alias)
            if self._depth == 0:
                here = self.program.flat(self.name, here)
            if what[0] is None:
                sole = self._is_bound_once(name, what)
                out.append((name if sole else None, self._outside(what, here)))
                continue
            module, attribute = self.program.defined(*what)
            sole = scope.origins.get(name) == (module, attribute)
            if attribute is None and not sole:
                self.program.escaped.setdefault(module, self.module.at(node))
            if sole and scope.get(name) == (module, attribute) and (attribute or self._is_near(module)):
                continue  # each use says it itself
            if attribute and (self._is_near(module) or self.program.number(module, attribute) is not None):
                found = self._expression(module, attribute, node)
                out += [] if found == here else [(None, "%s = %s" % (here, found))]
                continue
            home = self._place(node, module)
            if attribute is None:
                text = _from("", home, here) if home else "import %s as %s" % (PACKAGE, here)
            else:
                text = _from(home, self.program.flat(module, attribute), here)
            out.append((name if sole else None, text))
        return out

    def _is_bound_once(self, name, what):
        """Only then an import without a use can go: another may stand behind an `except ImportError`."""
        return self._depth == 0 and set(self.module.bindings[name]) == {what}

    def _outside(self, what, here):
        module, name = what[1:]
        known = "u" + module if self.program.built_in and module in BUILT_IN else module
        if name is None:
            return "import " + known + ("" if here == known else " as " + here)
        return "from %s import %s" % (known, name) + ("" if here == name else " as " + here)

    def _place(self, node, module):
        home = self.program.homes[module]
        if self._depth == 0:
            self.imports.setdefault(home, self.module.at(node))
        return "" if home == LOADER else home

    def _import_statement(self, node):
        scope = self._scopes[-1]
        if scope.kind == "class":
            self._fail(node, "an import in a class is not joined: import above it")
        parts = self._import(node)
        if not parts:
            return self._replace(node, "")
        is_direct = scope.kind == "module" and node in self.module.tree.body
        scope.imports.append((self._edit(node, ""), is_direct, parts))
        return False

    def _settle(self, scope):
        """Write the imports of this scope whose names were used: of many modules only numbers are."""
        for edit, is_direct, parts in scope.imports:
            texts = [text for name, text in parts if name is None or name in scope.used]
            if is_direct:
                texts = [text for text in texts if text not in self._emitted]
                self._emitted.update(texts)
            edit[2] = "; ".join(_merged(texts)) or ("" if is_direct else "pass")


def _from(home, name, here):
    return "from .%s import %s" % (home, name) + ("" if here == name else " as " + here)


def _merged(texts):
    """`from a import b` and `from a import c` as one."""
    out = {}
    for text in dict.fromkeys(texts):
        start, found, name = text.partition(" import ")
        out.setdefault(start if found else text, []).append(name)
    return ["%s import %s" % (start, ", ".join(names)) if names[0] else start for start, names in out.items()]


def _statements(body):
    """All statements of a scope, those of functions and classes within apart."""
    for node in body:
        if isinstance(node, ast.stmt):
            yield node
            if not isinstance(node, FUNCTIONS + (ast.ClassDef,)):
                for field in ("body", "orelse", "finalbody"):
                    yield from _statements(getattr(node, field, []))
                for handler in getattr(node, "handlers", []):
                    yield from _statements(handler.body)
