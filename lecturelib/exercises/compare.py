"""Comparison of an answer with the expected one, on the trusted side: both are plain data, checked by exact type.

A difference is told by the property that fails: type, length, shape, dtype, NaN, sign, factor, order. No expected
number is ever part of a message.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

_FAMILIES = {"b": "bool", "i": "whole numbers", "u": "whole numbers", "f": "floats", "c": "complex numbers"}


def difference(expected: Any, got: Any, tolerance: float = 1e-4) -> str:
    """What is wrong with `got`, in one sentence; "" where nothing is. Both are plain data (see `plain`).

    Numbers may differ by `tolerance` times the largest expected magnitude (of the array, where they stand in one). A
    list and a tuple are the same; a tensor and a NumPy array are not. Floats of any width are the same, floats and
    whole numbers in an array are not. NaN passes only where NaN is expected.

    >>> difference(2.0, 2.00001), difference([1, 2], [1])
    ('', 'its length is 1; expected 2')
    """
    return _differs(expected, got, tolerance, "", values=True)


def difference_in_form(expected: Any, got: Any) -> str:
    """What is wrong with the form of `got`: types, lengths, keys, shapes, dtypes, NaN; its values are not looked at.

    >>> difference_in_form([1, 2], [3, "4"])
    '[1] is a text; expected a whole number'
    """
    return _differs(expected, got, 0.0, "", values=False)


def _differs(expected: Any, got: Any, tolerance: float, at: str, values: bool) -> str:
    here = at or "it"
    wanted, came = kind_of(expected), kind_of(got)
    if wanted == "a number" and came == "a whole number":
        came = wanted
    if wanted != came:
        return f"{here} is {came}; expected {wanted}{_cure(wanted, came, got, expected)}"
    if isinstance(expected, list | tuple):
        return _sequence(expected, got, tolerance, at, values)
    if isinstance(expected, dict):
        return _dict(expected, got, tolerance, at, values)
    if isinstance(expected, torch.Tensor):
        return _tensor(expected, got, tolerance, at, values)
    if isinstance(expected, np.ndarray):
        return _array(expected, got, str(expected.dtype), str(got.dtype), tolerance, at, values)
    if came == "a number":
        return _number(float(expected), got, tolerance, here, values)
    if not values or expected == got:
        return ""
    if isinstance(expected, str):
        alike = " ".join(expected.split()).lower() == " ".join(got.split()).lower()
        return f"{here} differs from the expected text{' in spaces or capitals only' if alike else ''}"
    return f"{here} is not the expected {'answer' if isinstance(expected, bool) else 'number'}"


def kind_of(value: Any) -> str:
    """What a plain value is, in words."""
    if isinstance(value, bool):
        return "True or False"
    words = {
        int: "a whole number", float: "a number", str: "a text", list: "a list", tuple: "a list", dict: "a dict",
        torch.Tensor: "a tensor", np.ndarray: "a NumPy array",
    }  # fmt: skip
    return words.get(type(value), "None")


def _cure(wanted: str, came: str, got: Any, expected: Any) -> str:
    if wanted in ("a number", "a whole number", "True or False") and came in ("a tensor", "a NumPy array"):
        one = got.size if isinstance(got, np.ndarray) else got.numel()
        return " (.item() makes one)" if one == 1 else f" (yours has shape {tuple(got.shape)})"
    if (wanted, came) == ("a tensor", "a NumPy array"):
        return " (torch.from_numpy makes one)"
    if (wanted, came) == ("a NumPy array", "a tensor"):
        return " (.numpy() makes one)"
    if wanted == "a list" and came in ("a tensor", "a NumPy array"):
        several = any(isinstance(each, torch.Tensor | np.ndarray) for each in expected)
        return f" of {len(expected)} (return a, b makes one)" if several else " (.tolist() makes one)"
    return ""


def _sequence(expected: Any, got: Any, tolerance: float, at: str, values: bool) -> str:
    if len(expected) != len(got):
        return f"{at + ':' if at else 'its'} length is {len(got)}; expected {len(expected)}"
    for place, (one, other) in enumerate(zip(expected, got, strict=True)):
        wrong = _differs(one, other, tolerance, f"{at}[{place}]", values)
        if wrong:
            return wrong
    return ""


def _dict(expected: dict, got: dict, tolerance: float, at: str, values: bool) -> str:
    missing = [key for key in expected if key not in got]
    more = [key for key in got if key not in expected]
    for keys, words in ((missing, "lacks"), (more, "must not have")):
        if keys:
            listed = ", ".join(map(repr, keys[:4])) + (", ..." if len(keys) > 4 else "")
            return f"{at or 'it'} {words} the {'key' if len(keys) == 1 else 'keys'} {listed}"
    for key, one in expected.items():
        wrong = _differs(one, got[key], tolerance, f"{at}[{key!r}]", values)
        if wrong:
            return wrong
    return ""


def _number(expected: float, got: Any, tolerance: float, here: str, values: bool) -> str:
    try:
        got = float(got)
    except OverflowError:
        return f"{here} is far too large"
    if np.isnan(got) != np.isnan(expected):
        return f"{here} is NaN" if np.isnan(got) else f"{here} is a number; expected NaN"
    if np.isinf(got) and not np.isinf(expected):
        return f"{here} is infinite"
    if not values or np.isnan(got) or got == expected:
        return ""
    if np.isinf(expected):  # no tolerance: a share of infinity is infinite
        return (
            f"{here} has the wrong sign" if np.isinf(got) else f"{here} is a finite number; expected infinity"
        )
    if abs(got - expected) <= tolerance * (abs(expected) or 1.0):
        return ""
    if expected and abs(got + expected) <= tolerance * abs(expected):
        return f"{here} has the wrong sign"
    return f"{here} is not the expected number"


def _tensor(expected: torch.Tensor, got: torch.Tensor, tolerance: float, at: str, values: bool) -> str:
    dtypes = [str(each.dtype).removeprefix("torch.") for each in (expected, got)]
    arrays = [each.float() if each.dtype is torch.bfloat16 else each for each in (expected, got)]
    return _array(arrays[0].numpy(), arrays[1].numpy(), dtypes[0], dtypes[1], tolerance, at, values)


def _array(
    expected: np.ndarray, got: np.ndarray, wanted: str, came: str, tolerance: float, at: str, values: bool
) -> str:
    whose = f"{at}: its" if at else "its"
    if expected.shape != got.shape:
        turned = sorted(expected.shape) == sorted(got.shape)
        return f"{whose} shape is {got.shape}; expected {expected.shape}{' (axes in another order)' if turned else ''}"
    families = [_FAMILIES[each.dtype.kind] for each in (expected, got)]
    if families[0] != families[1]:
        return f"{whose} dtype is {came}; expected {families[0]}{'' if wanted == 'bool' else f' such as {wanted}'}"
    if expected.size == 0:
        return ""
    wide = np.complex128 if expected.dtype.kind == "c" else np.float64 if expected.dtype.kind == "f" else None
    one, other = (expected, got) if wide is None else (expected.astype(wide), got.astype(wide))
    if wide is not None:
        wrong = _not_finite(one, other, whose)
        if wrong or not values:
            return wrong
    if not values:
        return ""
    if wide is None:
        off = one != other
    else:
        finite = np.isfinite(one)
        one, other = np.where(finite, one, 0), np.where(finite, other, 0)
        off = np.abs(one - other) > tolerance * (np.abs(one).max() or 1.0)
    return f"{whose} {_which_property(one, other, off, tolerance)}" if off.any() else ""


def _not_finite(expected: np.ndarray, got: np.ndarray, whose: str) -> str:
    for test, word in ((np.isnan, "NaN"), (np.isinf, "infinite")):
        more, fewer = test(got) & ~test(expected), test(expected) & ~test(got)
        if more.any():
            return f"{whose} values are {word} at {_places(more)}"
        if fewer.any():
            return f"{whose} values must be {word} at {_places(fewer)}"
    infinite = np.isinf(expected)
    if (expected[infinite] != got[infinite]).any():
        return f"{whose} infinite values have the wrong sign"
    return ""


def _which_property(expected: np.ndarray, got: np.ndarray, off: np.ndarray, tolerance: float) -> str:
    places = f"values differ at {_places(off)}"
    if expected.dtype.kind == "b":
        return (
            f"{places}: every one is the opposite of what is expected"
            if off.all() and off.size > 1
            else places
        )
    if expected.dtype.kind == "u":
        expected, got = expected.astype(np.int64), got.astype(np.int64)
    allowed = tolerance * (np.abs(expected).max() or 1.0)

    def fits(other: np.ndarray) -> bool:
        return other.shape == expected.shape and bool((np.abs(other - expected) <= allowed).all())

    if not got.any():
        return f"{places}: all of yours are 0"
    if fits(-got):
        return f"{places}: the sign is the opposite everywhere"
    if off.size > 1 and fits(np.abs(got)):
        return f"{places}: only signs differ"
    axes = range(got.ndim)
    if any(fits(np.flip(got, axis)) for axis in axes if got.shape[axis] > 1):
        return f"{places}: an axis runs the other way"
    if got.ndim >= 2 and fits(np.swapaxes(got, -1, -2)):
        return f"{places}: rows and columns are exchanged"
    weight = (np.abs(got) ** 2).sum()
    factor = (np.conj(got) * expected).sum() / weight if np.isfinite(weight) else 0
    if off.size > 2 and factor and fits(factor * got):
        return f"{places}: all are off by one factor"
    shift = (expected - got).mean()
    if off.size > 2 and fits(got + shift):
        return f"{places}: all are off by one constant"
    return places


def _places(where: np.ndarray) -> str:
    count = int(where.sum())
    if where.ndim == 0:
        return "the only place"
    first = [int(each) for each in np.argwhere(where)[0]]
    return f"{count} of {where.size} places, the first at {first}"
