"""What comes out of a network: one tensor of scores, or something in which they have to be found."""

import dataclasses
from collections.abc import Mapping

from torch import Tensor

from lecturelib.checks import complaint

REMEDY = "models.adapt(network, ..., output=lambda out: out.logits) picks the scores out of it"


def scores_of(output: object) -> Tensor | None:
    """The tensor of scores in what a network returns, where it is obvious which one that is; otherwise None.

    A tensor is its own. In a dict, a dataclass or a named tuple it is the field `logits`, or the only tensor there is;
    in a plain tuple or list the only tensor of shape (B, classes).

    >>> import torch
    >>> scores_of({"logits": torch.zeros(1, 10), "hidden": torch.zeros(1, 10)}).shape
    torch.Size([1, 10])
    >>> scores_of((torch.zeros(1, 10), torch.zeros(1, 10))) is None
    True
    """
    if isinstance(output, Tensor):
        return output
    fields = _fields(output)
    if fields is not None:
        logits = fields.get("logits")
        if isinstance(logits, Tensor):
            return logits
        found = [value for value in fields.values() if isinstance(value, Tensor)]
    elif isinstance(output, tuple | list):
        found = [value for value in output if isinstance(value, Tensor) and value.ndim == 2]
    else:
        return None
    return found[0] if len(found) == 1 else None


def _fields(output: object) -> Mapping[str, object] | None:
    if isinstance(output, Mapping):
        return output
    if dataclasses.is_dataclass(output) and not isinstance(output, type):
        return {field.name: getattr(output, field.name) for field in dataclasses.fields(output)}
    if isinstance(output, tuple) and hasattr(output, "_fields"):
        return dict(zip(output._fields, output, strict=True))
    return None


def no_scores(output: object) -> str:
    """The sentence for an output in which the scores are not obvious."""
    return complaint("output", "one tensor of scores (B, classes)", kind_of(output), REMEDY)


def kind_of(output: object) -> str:
    """What a layer returned, in a few words: `a dict with 'a', 'b'`, `a tuple of 2`."""
    fields, kind = _fields(output), type(output).__name__
    if fields is not None:
        return f"a {kind} with {', '.join(map(repr, fields))}"
    return f"a {kind} of {len(output)}" if isinstance(output, tuple | list) else f"a {kind}"
