"""What a name means at one place of a module's text, and what it is called in the bundle.

Knows scopes and the program's names; no statements.
"""

from tools.bundle.edits import Edits
from tools.bundle.names import BundleError


class Scope(dict):
    """{name: what it stands for}: None (a variable of this scope), (module, name) or (module, None)."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.origins = {}  # name: (module, name) that it was imported from, wherever that is
        self.used = set()
        self.imports = []  # (edit, [(name that must be used or None, text)])


class Scopes(Edits):
    """One module, `scopes` around the place that is looked at; `earlier`: modules that stand above it in the bundle."""

    def __init__(self, program, name, earlier):
        self.program, self.module = program, program.modules[name]
        super().__init__(self.module.text)
        self.name, self.home = name, program.homes[name]
        self._earlier = earlier
        self._scopes = []
        self._depth = 0  # functions around

    def _fail(self, node, words):
        raise BundleError("%s: %s" % (self.module.at(node), words))

    def _find(self, name):
        """(scope, what) of a name as it is seen here; (None, None) for a builtin."""
        for scope in reversed(self._scopes):
            if name in scope and (scope.kind != "class" or scope is self._scopes[-1]):
                return scope, scope[name]
        return None, None

    def _is_near(self, module):
        return self.program.homes[module] == self.home

    def _expression(self, module, name, node):
        """What stands for another module's name in the same bundle, or a number of any."""
        number = self.program.number(module, name)
        if number is not None:
            return str(number) if number >= 0 else "(%d)" % number
        if self._depth == 0 and module != self.name and module not in self._earlier:
            self._fail(node, "needs %s of %s while it is imported, and that one needs this one" % (name, module))
        return self.program.flat(module, name)

    def _use(self, name):
        scope = self._find(name)[0]
        if scope is not None:
            scope.used.add(name)
