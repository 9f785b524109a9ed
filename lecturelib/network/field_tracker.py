"""Follow what every tensor of a forward pass sees of the image, and notice what cannot be followed.

What leaves the graph (a number by `.item()`, an array by `.numpy()`, an address) may come back anywhere: from then on
everything counts as seeing the whole image. So does every tensor that comes out of an operation in a way that PyTorch's
dispatcher does not show.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

from lecturelib.network.receptive_field_rules import WHOLE, Field, Seen, field_after, union

# Functions that hand out a tensor's values, or its memory, to whoever calls them.
HANDED_OUT = {
    "__array__", "__cuda_array_interface__", "__dlpack__", "__getstate__", "__reduce_ex__", "_typed_storage",
    "data_ptr", "numpy", "storage", "tolist", "untyped_storage",
}  # fmt: skip
# Ask for no value: printing goes to the reader, the others answer about the form.
HARMLESS = {"__format__", "__repr__", "__dlpack_device__"}
HARMLESS_OPERATIONS = {"aten::is_pinned", "aten::is_same_size"}
# Look at a tensor's form only: what they make is a constant.
NEW = {
    "aten::empty_like", "aten::full_like", "aten::new_empty", "aten::new_empty_strided", "aten::new_full",
    "aten::new_ones", "aten::new_zeros", "aten::ones_like", "aten::rand_like", "aten::randn_like", "aten::zeros_like",
}  # fmt: skip


class FieldTracker(TorchDispatchMode):
    """While active, follows what every tensor sees of the image (B, C, H, W) given to it, in this thread.

    `drawn` says whether anything was drawn at random in the pass, or may have been.

    >>> image = torch.zeros(1, 1, 8, 8)
    >>> with FieldTracker(image) as tracker:
    ...     pooled = torch.nn.functional.avg_pool2d(image, 2)
    >>> tracker.seen(pooled).size, tracker.seen(torch.ones(1))
    ((2, 2), None)
    """

    def __init__(self, image: Tensor):
        super().__init__()
        self._seen = WeakTensorKeyDictionary()
        # the rows of a table have no height and width
        self._seen[image] = Field() if image.ndim == 4 else WHOLE
        self._constants = WeakTensorKeyDictionary()  # made of constants only, as a weight that was cast
        # Written in place: every tensor that shares this memory sees it too. The storage is kept, so that its address
        # stays its own.
        self._written: dict[int, tuple[object, Seen]] = {}
        self._left = False  # has a value left the graph?
        self._own = 0  # above 0 while the tracker itself asks tensors for things
        self.drawn = False
        self._outside = _Outside(self)

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Else PyTorch imports its compiler at the first operation, which takes seconds; nothing is compiled here.
        return False

    def __enter__(self) -> "FieldTracker":
        self._outside.__enter__()
        return super().__enter__()

    def __exit__(self, *error) -> None:
        super().__exit__(*error)
        self._outside.__exit__(*error)

    def seen(self, tensor: Tensor) -> Seen | None:
        """What a tensor sees; None for a constant, such as a weight."""
        if self._left:
            return (
                WHOLE  # it may have been made of a number that left, or chosen by one: `x if x[0] > 0 else y`
            )
        field = self._seen.get(tensor)
        if not self._written or field is WHOLE:
            return field
        with self.unnoticed():
            address = _address(tensor)
            written = None if address is None else self._written.get(address)
        if written is None:
            return field
        return written[1] if field is None else union([field, written[1]])

    @contextmanager
    def unnoticed(self) -> Iterator[None]:
        self._own += 1
        try:
            yield
        finally:
            self._own -= 1

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        inputs = self._inputs(args, kwargs)
        with self.unnoticed():
            outcome = function(*args, **kwargs)
        self.drawn = self.drawn or torch.Tag.nondeterministic_seeded in function.tags
        schema = function._schema
        if schema.name in NEW and not self._left:
            inputs = []
        if inputs and _tells(function, outcome) and schema.name not in HARMLESS_OPERATIONS:
            self._left = True
        outputs = tensors_in([outcome])
        if not inputs and not self._left:
            for output in outputs:
                self._constants[output] = None
            return outcome
        for output in outputs:
            field = WHOLE if self._left else field_after(function, args, kwargs, inputs, output)
            self._seen[output] = field
            if schema.is_mutable:
                self._note_written(output, field)
        if schema.is_mutable:  # `torch._foreach_add_` returns nothing
            for tensor in _written_by(schema, args, kwargs):
                if not any(tensor is output for output in outputs):
                    self._seen[tensor] = WHOLE
                    self._note_written(tensor, WHOLE)
        return outcome

    def _inputs(self, args: tuple, kwargs: dict) -> list[tuple[Tensor, Seen]]:
        tensors = tensors_in(args) + tensors_in(kwargs.values())
        if self._left:  # constants as well: nothing made from now on can be told
            return [(tensor, WHOLE) for tensor in tensors]
        return [(tensor, field) for tensor in tensors if (field := self.seen(tensor)) is not None]

    def _note_written(self, tensor: Tensor, field: Seen) -> None:
        with self.unnoticed():
            storage = tensor.untyped_storage()
            covered = tensor.numel() * tensor.element_size() == storage.nbytes()
            self._written[storage.data_ptr()] = (storage, field if covered else WHOLE)


class _Outside(TorchFunctionMode):
    """What the dispatcher does not see: values handed to Python, and tensors exchanged under a name (`.data =`)."""

    def __init__(self, tracker: FieldTracker):
        super().__init__()
        self.tracker = tracker

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs, name = kwargs or {}, getattr(function, "__name__", "")
        if self.tracker._own:
            return function(*args, **kwargs)
        if name in HARMLESS:
            left = self.tracker._left
            outcome = function(*args, **kwargs)
            self.tracker._left = left
            return outcome
        inputs = self.tracker._inputs(args, kwargs)
        outcome = function(*args, **kwargs)
        if inputs:
            self._after(name, args, inputs, outcome)
        return outcome

    def _after(self, name: str, args: tuple, inputs: list[tuple[Tensor, Seen]], outcome) -> None:
        tracker = self.tracker
        if name in HANDED_OUT:
            tracker._left = True
        elif name == "__set__" and isinstance(args[0], Tensor) and isinstance(args[1], Tensor):
            tracker._seen[args[0]] = tracker.seen(args[1]) or WHOLE
        given = tensors_in(args)
        for tensor in tensors_in([outcome]):
            if tensor in tracker._seen or tensor in tracker._constants or any(tensor is one for one in given):
                continue
            tracker._seen[tensor] = WHOLE  # made behind the dispatcher's back


def _address(tensor: Tensor) -> int | None:
    try:
        return tensor.untyped_storage().data_ptr()
    except (NotImplementedError, RuntimeError):  # sparse and packed tensors have none
        return None


def _tells(function, outcome) -> bool:
    """Does an operation give a value to Python: a number, or a shape that depends on the values?"""
    if {torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape} & set(function.tags):
        return True
    return isinstance(outcome, bool | int | float | complex)


def _written_by(schema, args: tuple, kwargs: dict) -> list[Tensor]:
    """The tensors that an operation overwrites, by its schema."""
    given = dict(zip([argument.name for argument in schema.arguments], args, strict=False)) | kwargs
    return [
        tensor
        for argument in schema.arguments
        if argument.alias_info is not None and argument.alias_info.is_write
        for tensor in tensors_in([given.get(argument.name)])
    ]


def tensors_in(values) -> list[Tensor]:
    """All tensors in nested lists, tuples and dicts, in their order."""
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, list | tuple):
            found += tensors_in(value)
        elif isinstance(value, dict):
            found += tensors_in(value.values())
    return found
