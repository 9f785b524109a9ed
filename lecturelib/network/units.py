"""What we look at: a unit turns recorded activations into one number per image."""

import dataclasses
import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor, nn

from lecturelib.checks import UnknownName, check_images, complaint, described
from lecturelib.network.hooks import Activations, frozen, layer_info, recording
from lecturelib.network.layer_names import OUTPUT, LayerInfo, check_model

Shape = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class Unit:
    """The base of all units: it names a layer, and reads one number per image from it."""

    layer: ClassVar[str]  # every unit has one; a class is read from the output
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
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{self!r}: {what} must be a whole number, got {type(value).__name__} {value!r}")
        if not 0 <= value < size:
            shape = " x ".join(map(str, info.shape))
            raise IndexError(
                f"{self!r}: {info.label} gives {shape}, so {what} is 0 to {size - 1}, got {value}"
            )


@dataclass(frozen=True)
class Neuron(Unit):
    """One activation: a channel at one place (y, x) of a map, at one token x, or one entry of a vector."""

    layer: str
    channel: int
    y: int | None = None
    x: int | None = None

    def __call__(self, acts: Activations) -> Tensor:
        values = acts.maps((self.layer, self.call))[:, self.channel]  # (B, C, h, w) -> (B, h, w)
        place = [i for i in (self.y, self.x) if i is not None]
        if values.ndim != 1 + len(place):
            raise ValueError(
                f"{self!r}: the layer gives maps of {tuple(values.shape[1:])}, name a place y, x in it"
            )
        return values[(slice(None), *place)]  # (B,)

    def _check(self, model: nn.Module, info: LayerInfo) -> "Neuron":
        self._check_index("channel", self.channel, info.channels, info)
        given = [("y", self.y), ("x", self.x)]
        expected = {0: [], 1: ["x"], 2: ["y", "x"]}[len(info.positions)]
        if [name for name, value in given if value is not None] != expected:
            needs = " and ".join(expected) or "no y and no x"
            raise ValueError(f"{self!r}: {info.label} gives {' x '.join(map(str, info.shape))}: give {needs}")
        for name, size in zip(expected, info.positions, strict=True):
            self._check_index(name, getattr(self, name), size, info)
        return self

    def __str__(self) -> str:
        place = (
            "" if self.x is None else f" at ({self.x})" if self.y is None else f" at (y {self.y}, x {self.x})"
        )
        return f"neuron {self.channel}{place} of {self.place}"


@dataclass(frozen=True)
class Channel(Unit):
    """One channel of a layer: its mean over all positions."""

    layer: str
    channel: int

    def __call__(self, acts: Activations) -> Tensor:
        values = acts.maps((self.layer, self.call))[:, self.channel]  # (B, C, ...) -> (B, ...)
        return values.flatten(1).mean(1) if values.ndim > 1 else values  # (B,)

    def _check(self, model: nn.Module, info: LayerInfo) -> "Channel":
        self._check_index("channel", self.channel, info.channels, info)
        return self

    def __str__(self) -> str:
        return f"channel {self.channel} of {self.place}"


@dataclass(frozen=True)
class Layer(Unit):
    """A whole layer: the mean square of its activations (the objective of DeepDream)."""

    layer: str

    def __call__(self, acts: Activations) -> Tensor:
        return acts[self.layer, self.call].flatten(1).square().mean(1)  # (B, C, h, w) -> (B,)

    def __str__(self) -> str:
        return f"layer {self.place}"


@dataclass(frozen=True, eq=False)
class Direction(Unit):
    """A direction v (C,) in a layer's activation space: the mean over positions of v . a(y, x)."""

    layer: str
    v: Tensor = field(repr=False)
    label: str = ""
    __eq__ = object.__eq__  # tensors do not compare to one bool: a direction equals itself only
    __hash__ = object.__hash__

    def __call__(self, acts: Activations) -> Tensor:
        values = acts.maps((self.layer, self.call))
        if values.ndim > 2:
            values = values.flatten(2).mean(2)  # (B, C, h, w) -> (B, C); the mean and the dot product commute
        return values @ self.v.to(values)  # (B,)

    def _check(self, model: nn.Module, info: LayerInfo) -> "Direction":
        if not isinstance(self.v, Tensor) or self.v.shape != (info.channels,):
            came = tuple(self.v.shape) if isinstance(self.v, Tensor) else type(self.v).__name__
            raise ValueError(
                f"{self!r}: v must be a tensor of shape ({info.channels},) as {info.label}, got {came}"
            )
        if not self.v.isfinite().all():
            raise ValueError(f"{self!r}: v holds NaN or infinity")
        return self

    def __str__(self) -> str:
        return f"{self.label or 'a direction'} in {self.place}"


@dataclass(frozen=True)
class Logit(Unit):
    """The score of class k before the softmax; k is an index, or a name such as "tabby"."""

    layer: ClassVar[str] = OUTPUT
    k: int | str
    name: str = ""
    word: ClassVar[str] = "score"

    def __call__(self, acts: Activations) -> Tensor:
        return acts[OUTPUT][:, self._index()]  # (B, classes) -> (B,)

    def _index(self) -> int:
        if isinstance(self.k, str):
            raise TypeError(f"{self!r}: call unit.check(model) first, it turns the class name into its index")
        return self.k

    def check(self, model: nn.Module, image_shape: Shape | None = None) -> "Logit":
        info = layer_info(model, OUTPUT, image_shape, self.call)
        if len(info.shape) != 1:
            shape = " x ".join(map(str, info.shape))
            raise ValueError(f"{self!r}: this network's output is {shape}, not one score per class")
        names = getattr(model, "classes", ())
        if isinstance(self.k, str):
            k = class_index(model, self.k)
        else:
            self._check_index("class", self.k, info.channels, info)
            k = self.k
        return dataclasses.replace(self, k=k, name=names[k] if names else "")

    def __str__(self) -> str:
        return f"{self.word} of {self.name or f'class {self.k}'}"


@dataclass(frozen=True)
class Probability(Logit):
    """The probability of class k after the softmax."""

    word: ClassVar[str] = "probability"

    def __call__(self, acts: Activations) -> Tensor:
        return acts[OUTPUT].softmax(1)[:, self._index()]  # (B, classes) -> (B,)


@dataclass(frozen=True)
class Combination(Unit):
    """A sum of units, each with its factor: `Channel("conv4", 3) - 0.5 * Channel("conv4", 7)` makes one.

    Units of several layers may be mixed; `keys` names all their layers, `layer` is the first one's.
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
            raise ValueError("Combination: at least one (factor, unit) is needed, got none")
        checked = ((_factor(factor), unit.check(model, image_shape)) for factor, unit in self.terms)
        return dataclasses.replace(self, terms=tuple(checked))

    def __str__(self) -> str:
        words = []
        for factor, unit in self.terms:
            sign = "- " if factor < 0 else "+ " if words else ""
            size = "" if abs(factor) == 1 else f"{abs(factor):g} x "
            words.append(f"{sign}{size}{unit}")
        return " ".join(words)


def _factor(factor: float) -> float:
    """The factor, if it is a number other than 0 that is finite."""
    if isinstance(factor, bool) or not isinstance(factor, int | float):
        raise TypeError(f"a unit is multiplied by a number, got {type(factor).__name__} {factor!r}")
    if factor == 0 or not math.isfinite(factor):
        raise ValueError(f"a unit is multiplied by a finite number other than 0, got {factor!r}")
    return float(factor)


def _terms(unit: Unit) -> tuple[tuple[float, Unit], ...]:
    return unit.terms if isinstance(unit, Combination) else ((1.0, unit),)


def _scaled(unit: Unit, factor: float) -> Combination:
    factor = _factor(factor)
    return Combination(tuple((factor * own, term) for own, term in _terms(unit)))


def _combined(unit: Unit, other: Unit, sign: float) -> Combination:
    if not isinstance(other, Unit):
        raise TypeError(f"a unit is added to another unit, got {type(other).__name__} {other!r}")
    return Combination(_terms(unit) + tuple((sign * factor, term) for factor, term in _terms(other)))


def read(model: nn.Module, images: Tensor, unit: Unit) -> Tensor:
    """The value (B,) of a unit for images (B, C, H, W); gradients flow to the images if they ask for them.

    A house network, or one from `models.adapt`, takes pixels in [0, 1] and refuses others; a plain module takes what it
    takes.
    """
    if not isinstance(unit, Unit):
        raise TypeError(
            f"unit: a unit such as Channel('conv4', 3) is needed, got {type(unit).__name__} {unit!r}"
        )
    if hasattr(check_model(model), "normalise"):
        check_images(images, model)
    unit = unit.check(model, tuple(images.shape[1:]))
    with frozen(model), recording(model, unit.keys) as acts:
        return unit(acts.forward(images))


def check_unit(model: nn.Module, unit: Unit, shape: tuple[int, ...]) -> Unit:
    """The unit with names resolved, for inputs of this shape (without the batch); raises as `Unit.check` does."""
    if not isinstance(unit, Unit):
        raise TypeError(complaint("unit", "a unit such as Logit(k)", described(unit)))
    return unit.check(model, tuple(shape))


def class_index(model: nn.Module, name: int | str) -> int:
    """The index of a class, given its index or its name ("tabby"), in any case of letters.

    Raises `UnknownName` (with the nearest names), or `IndexError` for an index outside the network's classes.
    """
    classes: Sequence[str] = getattr(model, "classes", ())
    if not isinstance(name, str):
        if isinstance(name, bool) or not isinstance(name, int):
            raise TypeError(f"a class is an index or a name, got {type(name).__name__} {name!r}")
        if classes and not 0 <= name < len(classes):
            raise IndexError(f"{model.name} has {len(classes)} classes (0-{len(classes) - 1}), got {name}")
        return name
    title = getattr(model, "name", type(model).__name__)
    if not classes:
        raise UnknownName(f"{title} does not name its classes: give the index instead of {name!r}")
    lower = [known.lower() for known in classes]
    exact = [k for k, known in enumerate(classes) if known == name]
    found = exact or [k for k, known in enumerate(lower) if known == name.lower()]
    if len(found) == 1:
        return found[0]
    if found:
        which = " and ".join(f"{k} ({classes[k]})" for k in found)
        raise UnknownName(f"{title} has several classes {name!r}: {which}; give the index")
    near = difflib.get_close_matches(name.lower(), lower, n=4, cutoff=0.5)
    near += [known for known in lower if name.lower() in known and known not in near][:4]
    hint = f"nearest: {', '.join(near)}" if near else f"they are: {', '.join(classes[:10])} ..."
    raise UnknownName(f"{title} has no class {name!r}; {hint}")
