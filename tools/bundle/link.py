"""One module's text as it stands in its bundle: every line stays where it is, names that clash or come from elsewhere
are replaced in place. So a line of a traceback leads back to its source by subtraction.

Knows scopes, imports, load() and let_go(); not which module belongs where.
"""

import ast
import builtins
import re

from tools.bundle.names import FUNCTIONS, PACKAGE, BundleError, file_name

# `import os` looks for a file of that name on every path first, six lookups each time; `import uos` takes the
# firmware's. Not so time and machine, for which boards without hardware have files of their own.
BUILT_IN = frozenset("binascii errno hashlib json os random select socket struct sys".split())
_LOADER = "__init__"
_LOADING = ("load", "let_go")
# Nothing is compiled on the board. But what a bundle leaves when it is loaded, and what was there before, would lie
# strewn between what lasts.
_LOAD = """def load(module, name=None):
    if "blynk_batch." + module not in sys.modules:
        gc.collect()
    found = __import__(module, globals(), None, (name or module,), 1)
    return getattr(found, name) if name else found"""


class Scope(dict):
    """{name: what it stands for}: None (a variable of this scope), (module, name) or (module, None)."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.origins = {}  # name: (module, name) that it was imported from, wherever that is
        self.used = set()
        self.imports = []  # (edit, [(name that must be used or None, text)])


class Program:
    """All modules and where they go; what a module's name is called there."""

    def __init__(self, modules, homes, let_go_by, built_in):
        self.modules, self.homes, self.let_go_by, self.built_in = modules, homes, let_go_by, built_in
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
        return self.is_alone(module) and module != _LOADER

    def defined(self, module, name):
        """(module, name) at the end of the imports that a name came by."""
        seen = set()
        while (module, name) not in seen and name is not None:
            seen.add((module, name))
            tops = self.modules[module].tops
            if name not in tops and not (module == _LOADER):
                raise BundleError("%s has no name %r, which another module imports" % (file_name(module), name))
            what = tops.get(name)
            if what is None or what[0] is None or self.modules[module].bindings[name].count(what) != 1:
                break
            module, name = what
        return module, name


class Link:
    """Rewrites one module; `text` afterwards, with as many lines as before."""

    def __init__(self, program, name, earlier, emitted):
        self.program, self.module = program, program.modules[name]
        self.name, self.home = name, program.homes[name]
        self._earlier = earlier  # mates that stand above it
        self._emitted = emitted  # top-level imports that stand above it
        self._data = self.module.text.encode()
        self._starts = [0]
        for line in self._data.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._edits = []
        self._scopes = []
        self._depth = 0  # functions around
        self.imports = {}  # bundle that is imported at the top level: where
        self._link()

    # Text

    def _range(self, node):
        return (
            self._starts[node.lineno - 1] + node.col_offset,
            self._starts[node.end_lineno - 1] + node.end_col_offset,
        )

    def _edit(self, node, text):
        start, end = self._range(node)
        self._edits.append([start, end, text])
        return self._edits[-1]

    @property
    def text(self):
        out, at = [], 0
        for start, end, text in sorted(self._edits):
            if text is None:
                continue
            lines = self._data[start:end].count(b"\n")
            out += [self._data[at:start], text.encode(), b"\n" * (lines - text.count("\n"))]
            at = end
        return b"".join([*out, self._data[at:]]).decode()

    def _fail(self, node, words):
        raise BundleError("%s: %s" % (self.module.at(node), words))

    # Names

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

    def _link(self):
        scope = Scope("module")
        for top in self.module.bindings:
            scope[top] = (self.name, top)
        self._scopes = [scope]
        self._imports(self.module.tree.body, scope, self.module.bindings)
        self._body(self.module.tree.body)
        self._settle(scope)

    def _settle(self, scope):
        """Write the imports of this scope whose names were used: of many modules only numbers are."""
        for edit, is_direct, parts in scope.imports:
            texts = [text for name, text in parts if name is None or name in scope.used]
            if is_direct:
                texts = [text for text in texts if text not in self._emitted]
                self._emitted.update(texts)
            edit[2] = "; ".join(_merged(texts)) or ("" if is_direct else "pass")

    # Imports

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
        return "" if home == _LOADER else home

    # load() and let_go()

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
        return (words + [None])[:2]

    def _loader(self, name):
        """ "load" or "let_go" if the name stands for that, else None."""
        scope, what = self._find(name)
        if scope is None:
            return None
        module, name = scope.origins.get(name) or what or (None, None)
        return name if module == _LOADER else None

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
        return self.program.is_alone(module) or self.name in self.program.let_go_by.get(home, "").split()

    # The tree

    def _body(self, statements):
        """Visit a block; a `pass` where nothing of it is left."""
        gone = [self._statement(s) for s in statements]
        if gone and all(gone) and self._scopes[-1].kind != "module":
            self._edits = [e for e in self._edits if (e[0], e[1]) != self._range(statements[0])]
            self._edit(statements[0], "pass")

    def _statement(self, node):
        """True if nothing of the statement is left."""
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            return self._import_statement(node)
        if isinstance(node, ast.Expr):
            found = self._loading(node.value, "let_go")
            if found:
                let_go = self._let_go(found[0])
                return self._replace(node, self._call(node, self.program.homes[found[0]]) if let_go else "")
            found = self._loading(node.value)
            if found and found[1] is None:
                return self._replace(node, "" if self._is_near(found[0]) else self._load_call(node.value, *found))
        if isinstance(node, ast.Assign):
            return self._assign(node)
        if isinstance(node, ast.For) and self._listed(node):
            return self._load_each(node, self._listed(node))
        if isinstance(node, ast.Global):
            return self._global(node)
        if self.name == _LOADER and isinstance(node, ast.FunctionDef) and node.name == "load":
            self._use("gc")
            self._use("sys")
            return self._replace(node, _LOAD)
        self._visit(node)
        return False

    def _replace(self, node, text):
        self._edit(node, text)
        return not text

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

    def _assign(self, node):
        found = self._loading(node.value)
        target = node.targets[0]
        if found and isinstance(target, ast.Name) and self._scopes[-1].get(target.id) == (found[0], None):
            if found[1] is None and self._is_near(found[0]):
                return self._replace(node, "")
            self._edit(node.value, self._load_call(node.value, found[0], None))
            return False
        if self._scopes[-1].kind == "module" and self._is_dropped(target):
            return self._replace(node, "")
        if self.name == _LOADER and isinstance(target, ast.Name) and target.id == "_HOMES":
            return self._public(node)
        if self.name == _LOADER and isinstance(target, ast.Name) and target.id == "_MODULES":
            self._visit(node.value.func)
            homes = " ".join(sorted(set(self.program.members) - {_LOADER}))
            return self._replace(node, '_MODULES = const("%s")' % homes)
        self._visit(node)
        return False

    def _is_dropped(self, target):
        names = target.elts if isinstance(target, ast.Tuple) else [target]
        return all(isinstance(n, ast.Name) and self.program.number(self.name, n.id) is not None for n in names)

    def _public(self, node):
        """`_HOMES`, which says where the public names are: those in the core need no mention."""
        self._visit(node.value.func)
        words = ast.literal_eval(node.value.args[0]).split()
        out = []
        for name, module in zip(words[::2], words[1::2]):
            if module not in self.program.homes:
                self._fail(node, "_HOMES: there is no module %r" % module)
            module, _ = self.program.defined(module, name)
            if self.program.flat(module, name) != name:
                self._fail(node, "the public name %s of %s clashes in %s" % (name, module, self.program.homes[module]))
            if not self._is_near(module):
                out.append("%s %s" % (name, self.program.homes[module]))
        return self._replace(node, '_HOMES = const("%s")' % " ".join(out))

    def _listed(self, node):
        """ "load" or "let_go" of `for name in ("upload.window", "blynk"): load(name)`, else None."""
        if not isinstance(node.iter, ast.Tuple) or len(node.body) != 1 or not isinstance(node.body[0], ast.Expr):
            return None
        call = node.body[0].value
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or len(call.args) != 1:
            return None
        is_name = isinstance(call.args[0], ast.Name) and call.args[0].id == getattr(node.target, "id", None)
        function = self._loader(call.func.id) if is_name else None
        return function if function in _LOADING else None

    def _load_each(self, node, function):
        names = [getattr(element, "value", None) for element in node.iter.elts]
        for name in names:
            if name not in self.program.homes:
                self._fail(node, "%s(%r): there is no such module" % (function, name))
        if function == "let_go":
            names = [name for name in names if self._let_go(name)]
        homes = dict.fromkeys(self.program.homes[name] for name in names)
        homes.pop(self.home, None)
        if not homes:
            return self._replace(node, "")
        self._use(node.body[0].value.func.id)
        self._edit(node.iter, "(%s,)" % ", ".join(repr(home) for home in homes))
        return False

    def _global(self, node):
        return self._replace(node, "global " + ", ".join(self.program.flat(self.name, name) for name in node.names))

    def _visit(self, node):
        kind = "_on_" + type(node).__name__
        if hasattr(self, kind):
            return getattr(self, kind)(node)
        for _, value in ast.iter_fields(node):
            if isinstance(value, ast.AST):
                self._visit(value)
            elif isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                self._body(value)
            elif isinstance(value, list):
                for item in value:
                    if isinstance(item, ast.AST):
                        self._visit(item)

    def _on_Name(self, node):
        self._use(node.id)
        what = self._find(node.id)[1]
        if what is None:
            return
        module, name = what
        if name is None:
            self.program.escaped.setdefault(module, self.module.at(node))
            return
        text = self._text_of(node, module, name)
        if text != node.id:
            self._edit(node, text)

    def _text_of(self, node, module, name):
        if module == self.name:
            number = self.program.number(module, name)
            if number is not None and isinstance(node.ctx, ast.Load):
                return self._expression(module, name, node)
            return self.program.flat(module, name)
        return self._expression(module, name, node)

    def _use(self, name):
        scope = self._find(name)[0]
        if scope is not None:
            scope.used.add(name)

    def _on_Attribute(self, node):
        found = self._loading(node.value)
        if found and found[1] is None:
            return self._attribute(node, found[0], None, None)
        if isinstance(node.value, ast.Name):
            scope, what = self._find(node.value.id)
            if what and what[1] is None:
                return self._attribute(node, what[0], scope, node.value.id)
        self._visit(node.value)

    def _attribute(self, node, module, scope, alias):
        module, name = self.program.defined(module, node.attr)
        if name is None:
            self._fail(node, "%s is a module: import it by itself" % node.attr)
        if self.program.number(module, name) is not None or self._is_near(module):
            self._edit(node, self._expression(module, name, node))
            return
        if alias is None:
            self._edit(node, "%s.%s" % (self._load_call(node, module, None), self.program.flat(module, name)))
            return
        self._use(alias)
        here = self.program.flat(self.name, alias) if scope is self._scopes[0] else alias
        self._edit(node, "%s.%s" % (here, self.program.flat(module, name)))

    def _on_Call(self, node):
        found = self._loading(node)
        if not found:
            if isinstance(node.func, ast.Name) and self._loader(node.func.id) in _LOADING and self.name != _LOADER:
                self._fail(node, "load() and let_go() take the module's name as text")
            for part in [node.func, *node.args, *node.keywords]:
                self._visit(part)
            return
        module, name = found
        if name is None:
            self.program.escaped.setdefault(module, self.module.at(node))
            self._edit(node, self._load_call(node, module, None))
            return
        module, name = self.program.defined(module, name)
        near = self._is_near(module) or self.program.number(module, name) is not None
        self._edit(node, self._expression(module, name, node) if near else self._load_call(node, module, name))

    def _on_FunctionDef(self, node):
        for part in node.decorator_list:
            self._visit(part)
        self._rename_definition(node)
        self._arguments(node.args)
        self._function(node, node.body)

    _on_AsyncFunctionDef = _on_FunctionDef

    def _on_Lambda(self, node):
        self._arguments(node.args)
        self._function(node, [node.body])

    def _arguments(self, arguments):
        for part in [*arguments.defaults, *[d for d in arguments.kw_defaults if d]]:
            self._visit(part)

    def _function(self, node, body):
        scope = Scope("function")
        a = node.args
        for part in [*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg]:
            if part:
                scope[part.arg] = None
        bindings = self.module.bound(body)
        scope.update(dict.fromkeys(bindings))
        self._scopes.append(scope)
        self._depth += 1
        self._imports(body, scope, bindings)
        if isinstance(node, ast.Lambda):
            self._visit(node.body)
        else:
            self._body(body)
        self._depth -= 1
        self._scopes.pop()
        self._settle(scope)

    def _on_ClassDef(self, node):
        for part in [*node.decorator_list, *node.bases, *node.keywords]:
            self._visit(part)
        self._rename_definition(node)
        scope = Scope("class")
        scope.update(dict.fromkeys(self.module.bound(node.body)))
        self._scopes.append(scope)
        self._body(node.body)
        self._scopes.pop()

    def _rename_definition(self, node):
        scope = self._scopes[-1]
        if scope.kind != "module":
            return
        flat = self.program.flat(self.name, node.name)
        if flat != node.name:
            start = self._range(node)[0]
            found = re.compile(rb"(?:async\s+)?(?:def|class)\s+").match(self._data, start)
            self._edits.append([found.end(), found.end() + len(node.name.encode()), flat])

    def _on_comprehension(self, node):
        scope = Scope("function")
        targets = [n for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)]
        scope.update(dict.fromkeys(n.id for n in targets))
        first = node.generators[0].iter
        self._visit(first)  # as it is seen outside
        parts = [getattr(node, field) for field in ("elt", "key", "value") if hasattr(node, field)]
        for one in node.generators:
            parts += [part for part in (one.target, one.iter, *one.ifs) if part is not first]
        self._scopes.append(scope)
        for part in parts:
            self._visit(part)
        self._scopes.pop()

    _on_ListComp = _on_SetComp = _on_DictComp = _on_GeneratorExp = _on_comprehension

    def _on_ExceptHandler(self, node):
        if node.type:
            self._visit(node.type)
        if node.name and self._depth == 0 and self.program.flat(self.name, node.name) != node.name:
            self._fail(node, "the name %r of an exception clashes with another module's" % node.name)
        self._body(node.body)


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
