"""All bundles of a package's sources, and the way back from a line in one to its source."""

import ast

from tools.bundle import table
from tools.bundle.link import Link
from tools.bundle.program import Program
from tools.bundle.names import BundleError, Module, file_name, module_name
from tools.bundle.shorten import shortened


class Joined:
    """`texts` {bundle: text}, `parts` {bundle: [(first line, source)]}, `natives` bundles for one processor alone,
    `said` sentences for who runs it, `kept` (bundle, module) of the table's LET_GO_BY where the module never does."""

    def __init__(self, sources, bundles=table.BUNDLES, rooms=table.ROOMS, let_go_by=table.LET_GO_BY, built_in=True):
        names = {module_name(path): text for path, text in sources.items()}
        modules = {name: Module(name, text, names) for name, text in names.items()}
        alone = {name for name, module in modules.items() if module.is_native}
        escaped = {}
        while True:
            homes, self.said = table.homes(sorted(modules), alone, bundles, rooms)
            program = Program(modules, homes, let_go_by, built_in)
            self._join(program)
            new = {name for name in program.escaped if not program.keeps_numbers(name) and name not in alone}
            if not new:
                break
            alone |= new
            escaped.update((name, program.escaped[name]) for name in new)
        for name, where in sorted(escaped.items()):
            self.said.append("%s stays alone: %s uses it as a value" % (file_name(name), where))
        self.kept = sorted(program.kept)
        self.texts = shortened(self.texts, _public(modules["__init__"]))
        self.natives = sorted(homes[name] for name, module in modules.items() if module.is_native)

    def _join(self, program):
        self.texts, self.parts = {}, {}
        imports = {}
        for home in sorted(program.members):
            lines, emitted, done = [], set(), []
            self.parts[home], imports[home] = [], {}
            for module in _order(program, home):
                heading = "" if module == "__init__" else "# From %s\n" % file_name(module)
                link = Link(program, module, done, emitted)
                self.parts[home].append((len(lines) + 1 + heading.count("\n"), file_name(module)))
                lines += (heading + link.text).splitlines()
                done.append(module)
                imports[home].update(link.imports)
            self.texts[home] = "\n".join(lines) + "\n"
        _refuse_circles(imports)

    def source(self, bundle, line):
        """(file, line) below lib/blynk_batch/ of a line of a bundle."""
        before = [(first, file) for first, file in self.parts[bundle] if first <= line]
        if not before:
            return None
        first, file = before[-1]
        return file, line - first + 1


def _public(core):
    """The names that a program finds in the package."""
    for node in core.tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_HOMES":
            return ast.literal_eval(node.value.args[0]).split()[::2]
    return []


def _order(program, home):
    """The modules of a bundle, each behind those that it imports while it is imported itself."""
    out = []

    def add(module, above):
        if module in out or module in above:
            return
        for what in [what for kinds in program.modules[module].bindings.values() for what in kinds if what]:
            if program.homes.get(what[0]) == home:
                add(what[0], above + [module])
        out.append(module)

    first = ["__init__"] if home == "__init__" else []
    out += first
    for module in sorted(set(program.members[home]) - set(first)):
        add(module, [])
    return out


def _refuse_circles(imports):
    def walk(home, above):
        if home in above:
            circle = above[above.index(home) :] + [home]
            places = [imports[a][b] for a, b in zip(circle, circle[1:])]
            raise BundleError(
                "the bundles %s import each other at the top level, at %s: import within a function there, or change "
                "tools/bundle/table.py" % (" and ".join(circle[:-1]), ", ".join(places))
            )
        for other in imports.get(home, ()):
            walk(other, above + [home])

    for home in imports:
        walk(home, [])
