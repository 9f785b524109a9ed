"""Whether an answer is still the untouched starter: then it counts as not attempted, not as wrong."""

from __future__ import annotations

import ast
from types import CodeType, FunctionType
from typing import Any


def is_untouched_source(source: str, starter: str) -> bool:
    """Whether a source says what the starter says, comments and spaces aside; one without statements is untouched, too.

    >>> is_untouched_source("def f(x):  # mine\\n  ...", "def f(x):\\n    ...")
    True
    """
    try:
        written = ast.parse(source)
        return not written.body or ast.dump(written) == ast.dump(ast.parse(starter))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def is_untouched(found: Any, starter: str, answer: str) -> bool:
    """Whether a function compiles to what the starter's does, or a value has nothing but `...` in it.

    >>> is_untouched(..., "channel = ...", "channel"), is_untouched([1, ...], "pair = [..., ...]", "pair")
    (True, False)
    """
    if type(found) is FunctionType:
        own = _code_of(compile(starter, "<starter>", "exec"), answer)
        return own is not None and _gist(found.__code__) == _gist(own)
    return _only_dots(found, 0)


def _code_of(code: CodeType, name: str) -> CodeType | None:
    return next(
        (each for each in code.co_consts if isinstance(each, CodeType) and each.co_name == name), None
    )


def _gist(code: CodeType) -> tuple:
    consts = tuple(_gist(each) if isinstance(each, CodeType) else repr(each) for each in code.co_consts)
    return code.co_code, consts, code.co_names, code.co_varnames


def _only_dots(found: Any, depth: int) -> bool:
    if type(found) in (list, tuple):
        return bool(found) and depth < 5 and all(_only_dots(each, depth + 1) for each in found)
    if type(found) is dict:
        return bool(found) and depth < 5 and all(_only_dots(each, depth + 1) for each in found.values())
    return found is ...
