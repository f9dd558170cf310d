"""One module's text as it stands in its bundle: every line stays where it is, names that clash or come from elsewhere
are replaced in place. So a line of a traceback leads back to its source by subtraction.

    edits  <-  scopes  <-  loads  <-  imports  <-  link      each knows those to its left

Knows the tree: which node is visited in which scope; not which module belongs where.
"""

import ast
import re

from tools.bundle.imports import Imports
from tools.bundle.loads import LOADING
from tools.bundle.program import LOADER
from tools.bundle.scopes import Scope

# Nothing is compiled on the board. But what a bundle leaves when it is loaded, and what was there before, would lie
# strewn between what lasts.
_LOAD = """def load(module, name=None):
    if not sys.modules.get("blynk_batch." + module):
        for torn in [name for name in sys.modules if not sys.modules.get(name)]:
            sys.modules.pop(torn, None)
        gc.collect()
    found = __import__(module, globals(), None, (name or module,), 1)
    return getattr(found, name) if name else found"""


class Link(Imports):
    """Rewrites one module; `text` afterwards, with as many lines as before."""

    def __init__(self, program, name, earlier, emitted):
        super().__init__(program, name, earlier, emitted)
        self._link()

    def _link(self):
        scope = Scope("module")
        for top in self.module.bindings:
            scope[top] = (self.name, top)
        self._scopes = [scope]
        self._imports(self.module.tree.body, scope, self.module.bindings)
        self._body(self.module.tree.body)
        self._settle(scope)

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
        if self.name == LOADER and isinstance(node, ast.FunctionDef) and node.name == "load":
            self._use("gc")
            self._use("sys")
            return self._replace(node, _LOAD)
        self._visit(node)
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
        if self.name == LOADER and isinstance(target, ast.Name) and target.id == "_HOMES":
            return self._public(node)
        if self.name == LOADER and isinstance(target, ast.Name) and target.id == "_MODULES":
            self._visit(node.value.func)
            homes = " ".join(sorted(set(self.program.members) - {LOADER}))
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
            if isinstance(node.func, ast.Name) and self._loader(node.func.id) in LOADING and self.name != LOADER:
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
