"""Calls of load() and let_go() as a bundle has them: they name bundles, and vanish where all is in this one.

Knows calls with a module's name as text; not where the bundles are made.
"""

import ast

from tools.bundle.program import LOADER
from tools.bundle.scopes import Scopes

LOADING = ("load", "let_go")


class Loads(Scopes):
    def _loading(self, node, function="load"):
        """(module, name or None) that load("module", "name") names, else None."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
            return None
        if self._loader(node.func.id) != function:
            return None
        words = [getattr(a, "value", None) for a in node.args]
        if not all(isinstance(word, str) for word in words) or node.keywords or len(words) > 2:
            return None
        if words[0] not in self.program.homes:
            self._fail(node, "%s(%r): there is no such module" % (function, words[0]))
        if self.program.homes[words[0]] == LOADER != self.home:  # by its bundle's name it would be loaded once more
            self._fail(node, "%s(%r): it is in the core, import it" % (function, words[0]))
        return (words + [None])[:2]

    def _loader(self, name):
        """ "load" or "let_go" if the name stands for that, else None."""
        scope, what = self._find(name)
        if scope is None:
            return None
        module, name = scope.origins.get(name) or what or (None, None)
        return name if module == LOADER else None

    def _call(self, node, *names):
        """The call of load() or let_go() as it was written, for a bundle."""
        alias = (node.func if isinstance(node, ast.Call) else node.value.func).id
        self._use(alias)
        scope, what = self._find(alias)
        if what and what[1]:
            alias = self.program.flat(*what)
        return "%s(%s)" % (alias, ", ".join(repr(name) for name in names))

    def _load_call(self, node, module, name):
        names = [self.program.homes[module]] + ([self.program.flat(module, name)] if name else [])
        return self._call(node, *names)

    def _let_go(self, module):
        """Whether the bundle of `module` is to be let go of here."""
        home = self.program.homes[module]
        if home == self.home:
            return False
        return self.program.is_alone(module) or self.program.lets_go(self.name, home)

    def _listed(self, node):
        """ "load" or "let_go" of `for name in ("upload.window", "blynk"): load(name)`, else None."""
        if not isinstance(node.iter, ast.Tuple) or len(node.body) != 1 or not isinstance(node.body[0], ast.Expr):
            return None
        call = node.body[0].value
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or len(call.args) != 1:
            return None
        is_name = isinstance(call.args[0], ast.Name) and call.args[0].id == getattr(node.target, "id", None)
        function = self._loader(call.func.id) if is_name else None
        return function if function in LOADING else None

    def _load_each(self, node, function):
        names = [getattr(element, "value", None) for element in node.iter.elts]
        for name in names:
            if name not in self.program.homes:
                self._fail(node, "%s(%r): there is no such module" % (function, name))
        if function == "let_go":
            names = [name for name in names if self._let_go(name)]
        homes = dict.fromkeys(self.program.homes[name] for name in names)
        for home in (self.home, LOADER):
            homes.pop(home, None)
        if not homes:
            return self._replace(node, "")
        self._use(node.body[0].value.func.id)
        self._edit(node.iter, "(%s,)" % ", ".join(repr(home) for home in homes))
        return False
