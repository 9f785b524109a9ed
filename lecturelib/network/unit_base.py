"""What every unit is: it names a layer and reads one number per image; units are added and scaled."""

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from torch import Tensor, nn

from lecturelib.checks import check_number, complaint, described
from lecturelib.network.hooks import Activations
from lecturelib.network.layer_names import LayerInfo
from lecturelib.network.probe import layer_info

Shape = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Unit:
    """The base of all units: it names a layer, and reads one number per image from it.

    >>> from lecturelib.network import Channel, Unit
    >>> unit = Channel("conv4", 3)
    >>> isinstance(unit, Unit), unit.layer, unit.keys
    (True, 'conv4', [('conv4', 0)])
    """

    if TYPE_CHECKING:  # every unit has one: a field, that of its first term, or the output for a class

        @property
        def layer(self) -> str: ...
    else:
        layer: ClassVar[str]  # the first of the fields, where a subclass makes it one

    call: int = 0  # which call of a module that runs several times (ResNet's relu), the first is 0

    @property
    def keys(self) -> list[tuple[str, int]]:
        """What a recording must catch for this unit."""
        return [(self.layer, self.call)]

    @property
    def place(self) -> str:
        name = self.layer or "the output"
        return f"{name}, call {self.call}" if self.call else name

    def __call__(self, acts: Activations) -> Tensor:
        """The value (B,) for each image of the recorded batch."""
        raise NotImplementedError

    def check(self, model: nn.Module, image_shape: Shape | None = None) -> "Unit":
        """This unit with class names resolved; raises before any work if the network has no such unit.

        `image_shape` is (C, H, W) of the images it will be asked about. Raises `KeyError` for an unknown layer or
        class, `IndexError` for a channel or a place outside the layer.
        """
        info = layer_info(model, self.layer, image_shape, self.call)
        return self._check(model, info)

    def _check(self, model: nn.Module, info: LayerInfo) -> "Unit":
        return self

    def __add__(self, other: "Unit") -> "Combination":
        return _combined(self, other, 1.0)

    def __sub__(self, other: "Unit") -> "Combination":
        return _combined(self, other, -1.0)

    def __mul__(self, factor: float) -> "Combination":
        return _scaled(self, factor)

    def __rmul__(self, factor: float) -> "Combination":
        return _scaled(self, factor)

    def __truediv__(self, divisor: float) -> "Combination":
        return _scaled(self, _factor(divisor) and 1 / divisor)

    def __neg__(self) -> "Combination":
        return _scaled(self, -1.0)

    def _check_index(self, what: str, value: int, size: int, info: LayerInfo) -> None:
        shape = " x ".join(map(str, info.shape))
        expected = f"a whole number from 0 to {size - 1} ({info.label or 'the output'} gives {shape})"
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(complaint(what, expected, described(value)))
        if not 0 <= value < size:
            raise IndexError(complaint(what, expected, value))


@dataclass(frozen=True)
class Combination(Unit):
    """A sum of units, each with its factor: `Channel("conv4", 3) - 0.5 * Channel("conv4", 7)` makes one.

    Units of several layers may be mixed; `keys` names all their layers, `layer` is the first one's.

    >>> import torch
    >>> from lecturelib.network import Channel, read
    >>> unit = Channel("", 0) - 0.5 * Channel("", 1)
    >>> print(unit)
    channel 0 of the output - 0.5 x channel 1 of the output
    >>> read(torch.nn.Flatten(), torch.tensor([3.0, 4.0]).view(1, 2, 1, 1), unit)
    tensor([1.])
    """

    terms: tuple[tuple[float, Unit], ...]

    @property
    def layer(self) -> str:
        return self.terms[0][1].layer

    @property
    def keys(self) -> list[tuple[str, int]]:
        return list(dict.fromkeys(key for _, unit in self.terms for key in unit.keys))

    @property
    def place(self) -> str:
        return ", ".join(dict.fromkeys(unit.place for _, unit in self.terms))

    def __call__(self, acts: Activations) -> Tensor:
        factor, unit = self.terms[0]
        total = factor * unit(acts)  # (B,)
        for factor, unit in self.terms[1:]:
            total = total + factor * unit(acts)
        return total

    def check(self, model: nn.Module, image_shape: Shape | None = None) -> "Combination":
        if not self.terms:
            raise ValueError(complaint("terms", "at least one (factor, unit)", "none"))
        checked = ((_factor(factor), unit.check(model, image_shape)) for factor, unit in self.terms)
        return dataclasses.replace(self, terms=tuple(checked))

    def __str__(self) -> str:
        words: list[str] = []
        for factor, unit in self.terms:
            sign = "- " if factor < 0 else "+ " if words else ""
            size = "" if abs(factor) == 1 else f"{abs(factor):g} x "
            words.append(f"{sign}{size}{unit}")
        return " ".join(words)


def _factor(factor: float) -> float:
    """The factor, if it is a number other than 0 that is finite."""
    if check_number("factor", factor) == 0:
        raise ValueError(complaint("factor", "a finite number other than 0", factor))
    return float(factor)


def _terms(unit: Unit) -> tuple[tuple[float, Unit], ...]:
    return unit.terms if isinstance(unit, Combination) else ((1.0, unit),)


def _scaled(unit: Unit, factor: float) -> Combination:
    factor = _factor(factor)
    return Combination(tuple((factor * own, term) for own, term in _terms(unit)))


def _combined(unit: Unit, other: Unit, sign: float) -> Combination:
    if not isinstance(other, Unit):
        raise TypeError(complaint("other", "a unit to add", described(other)))
    return Combination(_terms(unit) + tuple((sign * factor, term) for factor, term in _terms(other)))
