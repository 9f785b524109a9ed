"""Which statements of a notebook an answer needs. Runs inside the jail, since it parses what a student wrote.

A notebook is not run from top to bottom: a slow plot, an endless loop or an error in a cell that the answer does
not need costs nobody marks. From the cell of the answer, and from all others, only those statements are taken that
define, directly or through others, a name that the answer uses.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

TIMED = ("time", "timeit", "capture", "prun")  # cell magics below which Python stands
SHOWN = {"print", "display", "check", "hint", "progress"}  # calls that define nothing
_MAGIC = re.compile(r"^(\s*)(?:[%!].*|\?\??[\w.]+|[\w.]+\?\??)\s*$")
_TIMED_LINE = re.compile(r"^(\s*(?:[\w, ]+=\s*)?)%(?:time|timeit)\s+(?=\S)")
_SHELL_VALUE = re.compile(r"^(\s*[\w, ]+=\s*)[!%].*$")


@dataclass
class Piece:
    """A statement with the names that it binds or changes and those that it reads.

    >>> Piece.of(ast.parse("y = x + 1").body[0]).binds
    {'y'}
    """

    node: ast.stmt
    binds: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    touches: set[str] = field(default_factory=set)
    star: bool = False

    @classmethod
    def of(cls, node: ast.stmt) -> Piece:
        """The piece of one statement."""
        piece = cls(node)
        for each in ast.walk(node):
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load):
                piece.reads.add(each.id)
        for each in _own_scope(node):
            piece._bind(each)
        if isinstance(node, ast.Expr):
            piece._touch(node.value)
        return piece

    def _bind(self, node: ast.AST) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self.binds.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            self.binds.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self.star |= any(alias.name == "*" for alias in node.names)
            self.binds |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names} - {"*"}
        elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            self.binds |= _root(node)

    def _touch(self, value: ast.expr) -> None:
        """A bare call changes its receiver (`rows.append(3)`) and maybe its arguments (`fill(rows)`)."""
        call = value.value if isinstance(value, ast.Await) else value
        if isinstance(call, ast.Call) and not (isinstance(call.func, ast.Name) and call.func.id in SHOWN):
            self.binds |= _root(call.func) if isinstance(call.func, ast.Attribute) else set()
            arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
            self.touches |= {argument.id for argument in arguments if isinstance(argument, ast.Name)}


def _own_scope(node: ast.AST) -> Iterator[ast.AST]:
    """The node and what is below it, without the bodies of functions and classes."""
    yield node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        for child in ast.iter_child_nodes(node):
            yield from _own_scope(child)


def _root(node: ast.AST) -> set[str]:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def without_magics(source: str) -> str:
    """The source as plain Python: IPython's lines become `pass`, cells in another language become empty.

    >>> without_magics("%matplotlib inline\\nx = %time 3")
    'pass\\nx = 3'
    """
    lines = source.split("\n")
    first = next(
        (number for number, line in enumerate(lines) if line.strip() and not line.startswith("#")), 0
    )
    if lines[first].startswith("%%"):
        if lines[first][2:].split()[:1] not in [[name] for name in TIMED]:
            return ""
        lines[first] = ""
    plain = []
    for line in lines:
        line = _TIMED_LINE.sub(r"\1", line)
        line = _SHELL_VALUE.sub(r"\1None", line)
        plain.append(_MAGIC.sub(r"\1pass", line))
    return "\n".join(plain)


def parse(source: str) -> list[ast.stmt]:
    """The statements of a cell; magics are looked for only where it is not Python as it stands. Raises SyntaxError.

    >>> len(parse("%%time\\nx = 1"))
    1
    """
    try:
        return ast.parse(source, "<answer>").body
    except SyntaxError:
        plain = without_magics(source)
        if plain == source:
            raise
        return ast.parse(plain, "<answer>").body


def parse_split(own: str, after: list[str]) -> list[ast.stmt]:
    """The statements of the answer's cell, joined with the next cells where it was split in the middle of a block.

    >>> len(parse_split("def f(x):", ["    return x", "y = 1"]))
    1
    """
    joined = [own.rstrip("\n")]
    for text in after:
        if not re.match(r"\s*\n*[ \t]+\S", text):
            break
        joined.append(text.strip("\n"))
    for count in range(len(joined), 1, -1):
        try:
            return parse("\n".join(joined[:count]))
        except SyntaxError:
            continue
    return parse(own)


def pieces(texts: Iterable[str]) -> list[Piece]:
    """The statements of other cells; what is not Python is left out.

    >>> len(pieces(["x = 1", "not python at all", "y = 2"]))
    2
    """
    found = []
    for text in texts:
        try:
            found += [Piece.of(node) for node in parse(text)]
        except (SyntaxError, ValueError):
            continue
    return found


def needed(
    own: list[ast.stmt], before: list[Piece], after: list[Piece], answer: str, known: Iterable[str]
) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """What has to run for the answer: the statements of other cells, in order, and those of its own cell.

    A name is taken from the cells above the answer, and from those below only where no cell above binds it. `known`
    are names that are there anyway.

    >>> first = pieces(["k = 2", "while True: pass"])
    >>> others, mine = needed(ast.parse("def f(x): return k * x").body, first, [], "f", [])
    >>> [ast.unparse(each) for each in others]
    ['k = 2']
    """
    mine = [Piece.of(node) for node in own]
    known = set(known) | set(vars(builtins))
    wanted = {answer}
    taken: set[int] = set()
    bound_here = set().union(*(piece.binds for piece in mine)) if mine else set()
    bound_before = set().union(*(piece.binds for piece in before)) if before else set()
    grew = True
    while grew:
        grew = False
        for group, names in (
            (mine, wanted),
            (before, wanted),
            (after, wanted - bound_here - bound_before),
        ):
            for piece in group:
                if id(piece) not in taken and (piece.binds & names or piece.touches & (names - {answer})):
                    taken.add(id(piece))
                    wanted |= piece.reads | piece.binds
                    grew = True
        missing = wanted - known - bound_here - bound_before
        if not grew and missing:  # a star import may bring them
            for piece in (*before, *after, *mine):
                if piece.star and id(piece) not in taken:
                    taken.add(id(piece))
    others = [piece.node for piece in (*before, *after) if id(piece) in taken]
    return others, [piece.node for piece in mine if id(piece) in taken]
