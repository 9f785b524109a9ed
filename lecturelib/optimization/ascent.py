"""Gradient ascent in the picture: `maximize` makes the picture a unit wants to see, step by step."""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from lecturelib.checks import check_images, check_number, check_whole
from lecturelib.network.hooks import frozen, recording
from lecturelib.network.inputs import to_the_weights
from lecturelib.network.layer_names import check_model
from lecturelib.network.relu_rules import relu_rule
from lecturelib.network.units import Unit
from lecturelib.optimization.initialization import (
    Size,
    check_drawn,
    check_listed,
    new_form,
    per_picture,
    sorted_kinds,
)
from lecturelib.optimization.objectives import checked_objective
from lecturelib.optimization.parametrize import Parametrization
from lecturelib.optimization.regularizers import Regularizer
from lecturelib.optimization.transforms import ROBUST, Transform, drawn, warped

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


@dataclass(eq=False)
class State:
    """All that a run needs to go on as if it had not stopped."""

    form: Parametrization
    random: torch.Generator
    moments: list[tuple[Tensor, Tensor]] = field(default_factory=list)  # Adam's
    count: int = 0  # steps that Adam has averaged
    dead: bool = False  # did the last step wake up a dead unit?
    parameters: list[Tensor] = field(default_factory=list)  # of a state that is kept while its run goes on


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
        kind = type(unit).__name__
        raise TypeError(f"unit: a unit such as Channel('conv4', 3) is needed, got {kind} {unit!r}")
    check_number("learning_rate", learning_rate, above=0)
    check_whole("batch", batch, 1)
    check_whole("seed", seed, 0)
    check_listed("regularizers", regularizers)
    check_listed("transforms", transforms)
    check_drawn(transforms)
    with torch.inference_mode(False):
        if isinstance(start, Step):
            state, done = copied(start.state), start.step
        else:
            random = torch.Generator().manual_seed(seed)
            state, done = State(new_form(model, unit, start, size, parametrization, batch, random), random), 0
        image = state.form.image().detach()
        check_images(image, model, "parametrization.image()")
        unit = checked_objective(model, unit, tuple(image.shape[1:]))
        kinds = sorted_kinds(model, regularizers, image, state.form)
    return Ascent(model, unit, *kinds, list(transforms), learning_rate, state, done)


class Ascent:
    """A run of gradient ascent: what changes from step to step is in its state, and nothing of it in the model."""

    def __init__(self, model, unit, penalties, keyed, shrinkers, transforms, learning_rate, state, done):
        self.model, self.unit, self.transforms = model, unit, transforms
        self.penalties, self.keyed, self.shrinkers = penalties, keyed, shrinkers
        self.keys = list(dict.fromkeys([*unit.keys, *(key for _, keys in keyed for key in keys)]))
        self.learning_rate, self.state, self.done = learning_rate, state, done
        self.like = to_the_weights(torch.empty(0), model)  # dtype and device of what the network takes

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
            yield Step(self.done, total, image.detach().clone(), value, length, copied(self.state, False))

    def _image(self) -> Tensor:
        with torch.inference_mode(False), torch.enable_grad():
            for parameter in self.state.form.parameters:
                parameter.requires_grad_(True)
            return self.state.form.image()

    def _gradient(self, image: Tensor) -> tuple[Tensor, Tensor, float]:
        """The unit's values (B,), the gradient of unit - penalties (B, C, H, W), the length of the unit's own."""
        matrices = drawn(self.transforms, self.state.random, len(image))
        value, gradient, extra = self._look(image, matrices)
        dead = gradient.flatten(1).abs().amax(1) == 0  # (B,)
        if dead.any():
            gradient = torch.where(dead.view(-1, 1, 1, 1), self._revived(image, matrices), gradient)
        elif self.state.dead:
            self.state.moments = []  # the signal that woke it up is larger than a gradient: Adam begins anew
        self.state.dead = bool(dead.any())
        length = gradient.norm().item()
        leaf = image.clone().requires_grad_()
        for penalty in self.penalties:
            gradient = gradient - _derivative(penalty(leaf).sum(), leaf)
        gradient = gradient if extra is None else gradient - extra
        if not gradient.isfinite().all():  # the unit's own was checked
            raise ValueError(f"regularizers: NaN or infinity in a penalty's gradient at step {self.done + 1}")
        return value, gradient, length

    def _look(self, image: Tensor, matrices: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
        """The unit's values, their gradient, and that of the penalties on activations."""
        leaf = image.clone().requires_grad_()
        seen = warped(leaf, matrices).to(self.like)
        with recording(self.model, self.keys) as acts:
            value = self.unit(acts.forward(seen))
        gradient = _derivative(value.sum(), leaf, retain=bool(self.keyed))
        if not (value.isfinite().all() and gradient.isfinite().all()):
            hint = (
                "the picture ran away: lower the learning_rate" if self.done else "the weights have diverged"
            )
            raise ValueError(f"{self.unit}: NaN or infinity at step {self.done + 1}; {hint}")
        extra = None
        if self.keyed:
            total = sum(per_picture(penalty(seen, acts), len(image)).sum() for penalty, _ in self.keyed)
            extra = _derivative(total, leaf)
        return value.detach(), gradient, extra

    def _revived(self, image: Tensor, matrices: Tensor | None) -> Tensor:
        """What the deconvnet rule brings back to pictures without a gradient, (B, C, H, W)."""
        with relu_rule("deconvnet"):
            _, signal, _ = self._look(image, matrices)
        if self.done == 0 and (signal.flatten(1).abs().amax(1) == 0).any():
            raise ValueError(
                f"{self.unit}: no gradient arrives at the picture: the unit does not depend on it here, or what it "
                "depends on is saturated (a probability next to 0 or 1: take the Logit); try another start"
            )
        return signal

    def _move(self, image: Tensor, gradient: Tensor) -> None:
        """One step of Adam, upwards."""
        state, (first, second) = self.state, MOMENTS
        parameters = list(state.form.parameters)
        slopes = torch.autograd.grad(image, parameters, gradient, allow_unused=True)
        if all(slope is None or not slope.any() for slope in slopes) and gradient.any():
            raise ValueError(
                f"{self.unit}: the picture is black and white everywhere and cannot move; lower the learning_rate"
            )
        if not state.moments:
            state.moments, state.count = [(torch.zeros_like(p), torch.zeros_like(p)) for p in parameters], 0
        state.count += 1
        with torch.no_grad():
            for parameter, slope, (mean, square) in zip(parameters, slopes, state.moments, strict=True):
                if slope is None:
                    continue
                mean.mul_(first).add_(slope, alpha=1 - first)
                square.mul_(second).addcmul_(slope, slope, value=1 - second)
                spread = (square / (1 - second**state.count)).sqrt_().add_(1e-8)
                parameter.addcdiv_(mean, spread, value=self.learning_rate / (1 - first**state.count))
            if hasattr(state.form, "project"):
                state.form.project()

    def _shrink(self) -> None:
        if self.shrinkers:
            with torch.no_grad():
                image = self.state.form.image()
                for shrinker in self.shrinkers:
                    image = shrinker(image)
                if not image.isfinite().all():
                    raise ValueError(
                        f"regularizers: a changed picture has NaN or infinity at step {self.done + 1}"
                    )
                self.state.form.paint(image)


def copied(state: State, whole: bool = True) -> State:
    """The state as it is now; `whole`: with a parametrization and random numbers of its own, to go on with."""
    parameters = [parameter.detach().clone() for parameter in (state.parameters or state.form.parameters)]
    moments = [(mean.clone(), square.clone()) for mean, square in state.moments]
    random = torch.Generator().set_state(state.random.get_state())
    if not whole:
        return State(state.form, random, moments, state.count, state.dead, parameters)
    form = copy.deepcopy(state.form)
    with torch.no_grad():
        for own, saved in zip(form.parameters, parameters, strict=True):
            own.copy_(saved)
    return State(form, random, moments, state.count, state.dead)


def _derivative(total: Tensor, source: Tensor, retain: bool = False) -> Tensor:
    """d total / d source; zeros where it does not depend on it."""
    if not total.requires_grad:
        return torch.zeros_like(source)
    (gradient,) = torch.autograd.grad(total, source, retain_graph=retain, allow_unused=True)
    return torch.zeros_like(source) if gradient is None else gradient
