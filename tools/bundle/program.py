"""All modules of the library, which bundle each goes to, and what a name of it is called there.

Knows names, bundles and clashes; no text.
"""

import builtins

from tools.bundle.names import BundleError, file_name

LOADER = "__init__"  # the module with load() and let_go()


class Program:
    """All modules and where they go; what a module's name is called there."""

    def __init__(self, modules, homes, let_go_by, built_in):
        self.modules, self.homes, self.built_in = modules, homes, built_in
        self._let_go_by = {(home, module) for home, modules in let_go_by.items() for module in modules.split()}
        self.kept = set(self._let_go_by)  # those that nobody was seen to let go of
        self.members = {}
        for module, home in homes.items():
            self.members.setdefault(home, []).append(module)
        self.escaped = {}  # module that is used as a value: where
        self._reserved = {name for home in self.members for name in (home, *dir(builtins))}
        self._flat = {}

    def mates(self, module):
        return [mate for mate in self.members[self.homes[module]] if mate != module]

    def is_alone(self, module):
        return len(self.members[self.homes[module]]) == 1

    def lets_go(self, module, home):
        """Whether the module, where it says so, takes that bundle of several modules out of the heap."""
        self.kept.discard((home, module))
        return (home, module) in self._let_go_by

    def flat(self, module, name):
        """What the name of a module is called in its bundle: as ever, unless a mate would take it for its own."""
        key = (module, name)
        if key not in self._flat:
            self._flat[key] = self._renamed(module, name) if self._clashes(module, name) else name
        return self._flat[key]

    def _clashes(self, module, name):
        if name.startswith("__") or self.is_alone(module):
            return False
        what = self.modules[module].tops.get(name)
        if what and what[0] is None and self.modules[module].bindings[name].count(what) == 1:
            # The firmware's own, under its own name in each of them.
            return any(self.modules[mate].tops.get(name, what) != what for mate in self.mates(module))
        if name in self._reserved:
            return True
        own = self.defined(module, name)
        for mate in self.mates(module):
            other = self.modules[mate]
            kinds = set(other.locals.get(name, ()))
            if name in other.tops:
                kinds.add(other.tops[name])
            if any(kind is None or kind[0] is None or self.defined(*kind) != own for kind in kinds):
                return True
        return False

    def _renamed(self, module, name):
        return "_" * name.startswith("_") + module.replace(".", "_") + "_" + name.lstrip("_")

    def number(self, module, name):
        """The int that a name stands for, or None."""
        return None if self.keeps_numbers(module) else self.modules[module].numbers.get(name)

    def keeps_numbers(self, module):
        return self.is_alone(module) and module != LOADER

    def defined(self, module, name):
        """(module, name) at the end of the imports that a name came by."""
        seen = set()
        while (module, name) not in seen and name is not None:
            seen.add((module, name))
            tops = self.modules[module].tops
            if name not in tops and not (module == LOADER):
                raise BundleError("%s has no name %r, which another module imports" % (file_name(module), name))
            what = tops.get(name)
            if what is None or what[0] is None or self.modules[module].bindings[name].count(what) != 1:
                break
            module, name = what
        return module, name
