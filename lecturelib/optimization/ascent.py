"""Gradient ascent in the picture: `maximize` makes the picture a unit wants to see, step by step."""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from lecturelib.gradients.checks import check_number, check_whole
from lecturelib.hooks import frozen, layer_info, recording
from lecturelib.images import check_images, to_the_weights
from lecturelib.layers import check_model
from lecturelib.optimization.objectives import checked_objective, resolved_keys
from lecturelib.optimization.parametrize import FORMS, Parametrization
from lecturelib.optimization.regularizers import Regularizer
from lecturelib.optimization.transforms import ROBUST, Transform, drawn, warped
from lecturelib.relu_rules import relu_rule
from lecturelib.units import Unit

Size = int | tuple[int, int]
SMALL_NETWORK = 64  # px; a network of this size or less is shown at its own size
FEATURE_SIZE = 128  # px of a feature of a larger network, unless it sees more
MOMENTS = (0.9, 0.999)  # of Adam
Progress = Callable[[int, int], None]  # told (steps made, steps in all)


@dataclass(frozen=True, eq=False)
class Step:
    """The picture after a step: stop here, look, go on with `maximize(..., start=step)`.

    image (B, C, H, W) in [0, 1] is the picture the step made; value (B,) is what the unit said before it, to the
    picture as the network saw it, moved by the transforms; `units.read(model, step.image, unit)` asks it about the
    clean one.
    """

    step: int  # steps made so far, over all runs
    total: int  # steps there will be
    image: Tensor = field(repr=False)
    value: Tensor
    gradient: float  # the length of the unit's gradient in the pixels, before the step
    state: "State" = field(repr=False)


@dataclass(frozen=True, eq=False)
class State:
    """All that a run needs to go on as if it had not stopped."""

    form: Parametrization
    parameters: list[Tensor]
    moments: list[tuple[Tensor, Tensor]]
    random: Tensor


def maximize(
    model: nn.Module,
    unit: Unit,
    start: str | Tensor | Step = "noise",
    *,
    size: Size | None = None,
    parametrization="fourier",
    regularizers: Sequence[Regularizer] = (),
    transforms: Sequence[Transform] = ROBUST,
    steps: int = 128,
    learning_rate: float = 0.05,
    batch: int = 1,
    seed: int = 0,
) -> Iterator[Step]:
    """A picture that maximises unit - penalties, by gradient ascent (Adam); yields a `Step` after every step.

    start: "noise", "grey", an image (B, C, H, W) in [0, 1], or a `Step` of an earlier run, from which it goes on for
    `steps` more, exactly as if it had not stopped (picture, optimiser and chance come from there; unit, regularizers
    and transforms may be others). size: the side of the picture, or (height, width). parametrization: "fourier",
    "pixels", a factory called as (shape, start, generator), or an object (see `parametrize`; it is copied).
    regularizers: see `regularizers`. transforms: see `transforms`; the penalties see the picture before them.
    learning_rate is in the units of the parameters; batch pictures start from noise of their own.

    A unit that starts dead, below a ReLU that is off, has no gradient. Where the gradient of a picture is exactly 0
    the step follows the signal that the deconvnet rule passes back instead, which does not look at what went forward.

    Raises at the call, before any work, for what does not fit. While running, `ValueError` if nothing arrives at the
    picture even so, if the gradient is NaN or infinite, or if the picture is black and white and cannot move any more.
    The model comes back as it was between any two steps. Erhan et al. 2009; Simonyan et al. 2014; Olah et al. 2017.
    """
    check_whole("steps", steps, 1)
    ascent = prepared(
        model, unit, start, size, parametrization, regularizers, transforms, learning_rate, batch, seed
    )
    return ascent.run(steps)


def last(steps: Iterable[Step], progress: Progress | None = None) -> Step:
    """The final step of a run; progress(made, in all) is called after every step."""
    step = None
    for step in steps:
        if progress is not None:
            progress(step.step, step.total)
    if step is None:
        raise ValueError("steps: this run has no step left; start a new one")
    return step


def prepared(
    model, unit, start, size, parametrization, regularizers, transforms, learning_rate, batch, seed
) -> "Ascent":
    """A checked run that has not begun; raises for arguments that do not fit one another."""
    check_model(model)
    if not isinstance(unit, Unit):
        raise TypeError(
            f"unit: a unit such as Channel('conv4', 3) is needed, got {type(unit).__name__} {unit!r}"
        )
    check_number("learning_rate", learning_rate, 0)
    check_whole("batch", batch, 1)
    check_whole("seed", seed, 0)
    for name, listed in (("regularizers", regularizers), ("transforms", transforms)):
        if not isinstance(listed, Sequence) or not all(callable(one) for one in listed):
            raise TypeError(f"{name}: a list of functions is needed, got {listed!r}")
    with torch.inference_mode(False):
        generator = torch.Generator().manual_seed(seed)
        done, moments = 0, None
        if isinstance(start, Step):
            done, moments = start.step, [tuple(map(torch.clone, pair)) for pair in start.state.moments]
            form = copy.deepcopy(start.state.form)
            _load(form, start.state.parameters)
            generator.set_state(start.state.random)
        else:
            form = _form(model, unit, start, size, parametrization, batch, generator)
        image = form.image().detach()
        check_images(image, model, "parametrization.image()")
        unit = checked_objective(model, unit, tuple(image.shape[1:]))
        kinds = _sorted(model, regularizers, image, form)
    return Ascent(model, unit, form, *kinds, transforms, learning_rate, generator, done, moments)


class Ascent:
    """A run of gradient ascent: what changes from step to step is in here, and nothing of it in the model."""

    def __init__(
        self,
        model,
        unit,
        form,
        penalties,
        keyed,
        shrinkers,
        transforms,
        learning_rate,
        generator,
        done,
        moments,
    ):
        self.model, self.unit, self.form = model, unit, form
        self.penalties, self.keyed, self.shrinkers = penalties, keyed, shrinkers
        self.keys = list(dict.fromkeys([*unit.keys, *(key for _, keys in keyed for key in keys)]))
        self.transforms, self.learning_rate, self.generator = list(transforms), learning_rate, generator
        self.done, self.moments = done, moments

    def run(self, steps: int) -> Iterator[Step]:
        total = self.done + steps
        image = self._image()
        for _ in range(steps):
            with torch.inference_mode(False), torch.enable_grad(), frozen(self.model):
                value, gradient, length = self._gradient(image.detach())
                self._move(image, gradient)
                self._shrink()
            self.done += 1
            image = self._image()
            yield Step(self.done, total, image.detach().clone(), value, length, self._state())

    def _image(self) -> Tensor:
        with torch.inference_mode(False), torch.enable_grad():
            for parameter in self.form.parameters:
                parameter.requires_grad_(True)
            return self.form.image()

    def _gradient(self, image: Tensor) -> tuple[Tensor, Tensor, float]:
        """The unit's values (B,), the gradient of unit - penalties (B, C, H, W), the length of the unit's own."""
        matrices = drawn(self.transforms, self.generator, len(image))
        value, gradient, extra = self._look(image, matrices)
        dead = gradient.flatten(1).abs().amax(1) == 0  # (B,)
        if dead.any():
            with relu_rule("deconvnet"):
                _, revived, _ = self._look(image, matrices)
            gradient = torch.where(dead.view(-1, 1, 1, 1), revived, gradient)
            if self.done == 0 and (gradient.flatten(1).abs().amax(1) == 0).any():
                raise ValueError(
                    f"{self.unit}: no gradient arrives at the picture: the unit does not depend on it here, or what it "
                    "depends on is saturated (a probability next to 0 or 1: take the Logit); try another start"
                )
        length = gradient.norm().item()
        with torch.enable_grad():
            leaf = image.requires_grad_()
            for penalty in self.penalties:
                gradient = gradient - _derivative(penalty(leaf).sum(), leaf)
        return value, gradient if extra is None else gradient - extra, length

    def _look(self, image: Tensor, matrices: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
        """The unit's values, their gradient, and that of the penalties on activations."""
        leaf = image.clone().requires_grad_()
        seen = to_the_weights(warped(leaf, matrices), self.model)
        with recording(self.model, self.keys) as acts:
            value = self.unit(acts.forward(seen))
        gradient = _derivative(value.sum(), leaf, retain=bool(self.keyed))
        if not (value.isfinite().all() and gradient.isfinite().all()):
            hint = (
                "the picture has run away: lower the learning_rate"
                if self.done
                else "the weights have diverged"
            )
            raise ValueError(f"{self.unit}: NaN or infinity at step {self.done + 1}; {hint}")
        extra = None
        if self.keyed:
            total = sum(_per_picture(penalty(seen, acts), len(image)).sum() for penalty, _ in self.keyed)
            extra = _derivative(total, leaf)
        return value.detach(), gradient, extra

    def _move(self, image: Tensor, gradient: Tensor) -> None:
        """One step of Adam, upwards."""
        parameters = list(self.form.parameters)
        gradients = torch.autograd.grad(image, parameters, gradient, allow_unused=True)
        if all(g is None or not g.any() for g in gradients) and gradient.any():
            raise ValueError(
                f"{self.unit}: the picture is black and white everywhere and cannot move; lower the learning_rate"
            )
        if self.moments is None:
            self.moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in parameters]
        first, second = MOMENTS
        count = self.done + 1
        with torch.no_grad():
            for parameter, slope, (mean, square) in zip(parameters, gradients, self.moments, strict=True):
                if slope is None:
                    continue
                mean.mul_(first).add_(slope, alpha=1 - first)
                square.mul_(second).addcmul_(slope, slope, value=1 - second)
                spread = (square / (1 - second**count)).sqrt_().add_(1e-8)
                parameter.addcdiv_(mean, spread, value=self.learning_rate / (1 - first**count))
            if hasattr(self.form, "project"):
                self.form.project()

    def _shrink(self) -> None:
        if self.shrinkers:
            with torch.no_grad():
                image = self.form.image()
                for shrinker in self.shrinkers:
                    image = shrinker(image)
                self.form.paint(image)

    def _state(self) -> State:
        parameters = [parameter.detach().clone() for parameter in self.form.parameters]
        moments = [tuple(map(torch.clone, pair)) for pair in self.moments]
        return State(self.form, parameters, moments, self.generator.get_state())


def _derivative(total: Tensor, source: Tensor, retain: bool = False) -> Tensor:
    """d total / d source; zeros where it does not depend on it."""
    if not total.requires_grad:
        return torch.zeros_like(source)
    (gradient,) = torch.autograd.grad(total, source, retain_graph=retain, allow_unused=True)
    return torch.zeros_like(source) if gradient is None else gradient


def _per_picture(found: Tensor, count: int) -> Tensor:
    if not isinstance(found, Tensor) or found.shape != (count,):
        came = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise ValueError(f"regularizers: a penalty gives one number per picture, ({count},), got {came}")
    return found


def _sorted(model, regularizers, image, form):
    """Penalties on the picture, penalties on activations with their keys, shrinkers: told apart by what they give."""
    penalties, keyed, shrinkers = [], [], []
    for one in regularizers:
        if hasattr(one, "keys"):
            keyed.append((one, resolved_keys(model, one.keys)))
            continue
        with torch.no_grad():
            found = one(image.clone())
        if isinstance(found, Tensor) and found.shape == image.shape:
            if not hasattr(form, "paint"):
                raise ValueError(
                    f"regularizers: one of them changes the picture, and {type(form).__name__} cannot paint a given one"
                )
            shrinkers.append(one)
        else:
            _per_picture(found, len(image))
            penalties.append(one)
    return penalties, keyed, shrinkers


def _form(model, unit, start, size, parametrization, batch, generator) -> Parametrization:
    """The parametrization to begin with: made by name or factory, or a copy of the given one."""
    if not isinstance(parametrization, str) and not callable(parametrization):
        if not (hasattr(parametrization, "parameters") and hasattr(parametrization, "image")):
            raise TypeError(
                f"parametrization: one of {', '.join(FORMS)}, a factory, or an object with `parameters` and `image()` "
                f"is needed, got {parametrization!r}"
            )
        form = copy.deepcopy(parametrization)
        if isinstance(start, Tensor):
            form.paint(check_images(start, model, "start"))
        return form
    if isinstance(parametrization, str):
        if parametrization not in FORMS:
            raise ValueError(f"parametrization: one of {', '.join(FORMS)} is needed, got {parametrization!r}")
        parametrization = FORMS[parametrization]
    if isinstance(start, Tensor):
        check_images(start, model, "start")
        height, width = start.shape[2:]
        if size is not None and _pair(size) != (height, width):
            raise ValueError(f"size: the start is {height} x {width}; leave size out, or fit the image first")
        if len(start) == 1:
            start = start.repeat(batch, 1, 1, 1)
        elif batch not in (1, len(start)):
            raise ValueError(f"batch: the start holds {len(start)} images, got batch={batch}")
        start = start.detach().clone().cpu().float()
        shape = tuple(start.shape)
    elif start in ("noise", "grey"):
        shape = (batch, *image_shape(model, unit, size))
    else:
        raise ValueError(f"start: 'noise', 'grey', an image or a Step is needed, got {start!r}")
    return parametrization(shape, start, generator)


def image_shape(model: nn.Module, unit: Unit, size: Size | None = None) -> tuple[int, int, int]:
    """(C, H, W) of the picture for a unit: the given size, or what suits the network and the unit."""
    if not hasattr(model, "channels"):
        raise ValueError(
            "this network does not say its channels: models.adapt(network) first, or start from an image"
        )
    if size is not None:
        return (model.channels, *_pair(size))
    own = model.input_size
    if own > SMALL_NETWORK and all(
        len(layer_info(model, *key).positions) == 2 for key in _infos(model, unit)
    ):
        own = min(own, FEATURE_SIZE)
    return model.channels, own, own


def _infos(model, unit) -> list[tuple[str, None, int]]:
    return [(name, None, call) for name, call in resolved_keys(model, unit.keys)]


def _pair(size: Size) -> tuple[int, int]:
    if isinstance(size, tuple | list) and len(size) == 2:
        return check_whole("size", size[0], 1), check_whole("size", size[1], 1)
    return check_whole("size", size, 1), size


def _load(form: Parametrization, parameters: list[Tensor]) -> None:
    with torch.no_grad():
        for own, saved in zip(form.parameters, parameters, strict=True):
            own.copy_(saved)
