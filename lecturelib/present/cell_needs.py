"""Which cells a cell needs: those above it that make, or may change, a name that it uses.

On stage the cells run in the background, and the page at hand comes first, with what it needs. That is read from the
code alone, on the safe side: what is handed to a function may be changed by it; a cell that cannot be read needs all
that stands above it, and is needed by all below.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_ALL = "*"  # the names of `from module import *`
_CHANCE = "random numbers"  # drawn from generators that all cells share
_SEED = re.compile(r"seed$|^set_rng_state$")
_DRAW = re.compile(r"^(rand|normal|shuffle|permutation|choice|sample|uniform|bernoulli|multinomial)")
# functions that change nothing of what they are given
_READING = {"print", "len", "range", "isinstance", "type", "repr", "abs", "round", "hasattr", "getattr"}
_COMMAND = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)  # IPython's own lines


@dataclass
class _Cell:
    """The names that the code of a cell takes from above, and those that it makes or may change."""

    takes: set[str] = field(default_factory=lambda: {_ALL})
    makes: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)
    functions: dict[str, set[str]] = field(default_factory=dict)  # with the names that their bodies take
    read: bool = True


def cell_needs(sources: Iterable[str]) -> list[list[int]]:
    """For each cell of code, the numbers of the cells above that have to run before it, in order.

    >>> cell_needs(["a = 1", "b = 2", "print(a)", "c = a + b", "print(c)"])
    [[], [], [0], [0, 1], [0, 1, 3]]
    """
    cells = [_read(source) for source in sources]
    imports = set().union(*(cell.imports for cell in cells))
    functions: dict[str, set[str]] = {}
    for cell in cells:
        functions |= cell.functions
    for cell in cells:  # who calls a function changes what its body may change
        reached, waiting = set[str](), set(cell.called)
        while waiting:
            name = waiting.pop()
            reached.add(name)
            waiting |= functions.get(name, set()) - reached
        if cell.called & functions.keys():
            cell.makes |= reached - functions.keys()
        cell.makes -= imports - cell.imports  # using a module changes nothing
    needs: list[list[int]] = []
    for k, cell in enumerate(cells):
        found: set[int] = set()
        for j in range(k):
            if not (cell.read and cells[j].read) or cells[j].makes & cell.takes:
                found |= {j, *needs[j]}
        needs.append(sorted(found))
    return needs


def _read(source: str) -> _Cell:
    cell = _Cell()
    try:
        if source.lstrip().startswith("%%"):
            raise SyntaxError
        tree = ast.parse(_COMMAND.sub(r"\1pass", source))
    except (SyntaxError, ValueError):
        cell.read = False
        return cell
    names = _Names(cell, set())
    names.visit(tree)
    cell.takes |= names.later - cell.makes
    cell.takes -= set(dir(builtins))
    return cell


class _Names(ast.NodeVisitor):
    """Goes through code in the order in which it runs; `bound`: names that it has made already."""

    def __init__(self, cell: _Cell, bound: set[str]):
        self.cell, self.bound = cell, bound
        self.later: set[str] = set()  # taken by the bodies of functions, when these are called

    def _make(self, name: str) -> None:
        self.bound.add(name)
        self.cell.makes.add(name)

    def _change(self, node: ast.AST) -> None:
        """What an attribute, an item or a call belongs to may be another afterwards."""
        while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
            node = node.value
        if isinstance(node, ast.Name):
            self.cell.makes.add(node.id)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self._make(node.id)
        elif node.id not in self.bound:
            self.cell.takes.add(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._change(node)
        self.visit(node.value)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._change(node)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        word = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if _SEED.search(word):
            self.cell.makes.add(_CHANCE)
        elif _DRAW.search(word) and not any(each.arg == "generator" for each in node.keywords):
            self.cell.takes.add(_CHANCE)
            self.cell.makes.add(_CHANCE)
        if isinstance(node.func, ast.Name):
            self.cell.called.add(node.func.id)
        else:
            self._change(node.func)
        for given in (*node.args, *(each.value for each in node.keywords)) if word not in _READING else ():
            self._change(given)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        for part in (node.value, *node.targets):
            self.visit(part)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        for part in (node.annotation, node.value, node.target):
            if part is not None:
                self.visit(part)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name) and node.target.id not in self.bound:
            self.cell.takes.add(node.target.id)
        self.visit(node.value)
        self.visit(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.visit(node.target)

    def visit_For(self, node: ast.For) -> None:
        for part in (node.iter, node.target, *node.body, *node.orelse):
            self.visit(part)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for name in node.names:
            word = name.asname or name.name.split(".")[0]
            self._make(word)
            self.cell.imports.add(word)

    visit_ImportFrom = visit_Import

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for part in (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(part)
        self.cell.functions[node.name] = self._inside(node.args, node.body)
        self._make(node.name)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for part in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(part)
        self._inside(node.args, [node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in (*node.decorator_list, *node.bases, *(each.value for each in node.keywords)):
            self.visit(part)
        self.cell.functions[node.name] = self._inside(None, node.body)
        self._make(node.name)

    def _inside(self, given: ast.arguments | None, body: list) -> set[str]:
        """The names that a body takes from around it."""
        own = _Cell()
        parts = [node for statement in body for node in ast.walk(statement)]
        local = {node.id for node in parts if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        local -= {name for node in parts if isinstance(node, ast.Global) for name in node.names}
        local |= {node.arg for node in ast.walk(given) if isinstance(node, ast.arg)} if given else set()
        names = _Names(own, local)
        for statement in body:
            names.visit(statement)
        taken = (own.takes | names.later) - {_ALL} - local
        self.later |= taken - self.bound
        self.cell.called |= own.called
        return taken

    def _comprehension(self, node) -> None:
        inner = _Names(_Cell(takes=self.cell.takes, makes=set(), called=self.cell.called), set(self.bound))
        for part in node.generators:
            for each in (part.iter, part.target, *part.ifs):
                inner.visit(each)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            inner.visit(part)
        self.cell.makes |= inner.cell.makes - (inner.bound - self.bound)
        self.later |= inner.later

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension
