"""The run behind `maximize`: one step of gradient ascent, and the state that it can be resumed from."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from torch import Tensor

from lecturelib.checks import complaint, described
from lecturelib.network.freezing import frozen
from lecturelib.network.hooks import recording
from lecturelib.network.inputs import to_the_weights
from lecturelib.optimization.initialization import per_picture
from lecturelib.optimization.parametrize import Parametrization
from lecturelib.optimization.redirected_relu import redirected_relu
from lecturelib.optimization.transforms import drawn, warped

OptimizerFactory: TypeAlias = Callable[[list[Tensor]], torch.optim.Optimizer]


@dataclass(frozen=True, eq=False)
class AscentStep:
    """The picture after a step: stop here, look, go on with `maximize(..., start=step)`.

    image (B, C, H, W) in [0, 1] is the picture the step made; value (B,) is the unit's value before it, for the
    picture as the network saw it, moved by the transforms; `network.units.read(model, step.image, unit)` gives that of
    the clean one.
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
    optimizer: dict | None = None  # its state_dict
    factory: OptimizerFactory | None = None  # None: Adam
    dead: bool = False  # had a picture no gradient of its own so far?
    woken: bool = False  # and has it now?
    parameters: list[Tensor] = field(default_factory=list)  # of a state that is kept while its run goes on


class Ascent:
    """A run of gradient ascent: what changes from step to step is in its state, and nothing of it in the model."""

    def __init__(self, model, unit, penalties, keyed, proximal, transforms, optimizer, state, done):
        self.model, self.unit, self.transforms = model, unit, transforms
        self.penalties, self.keyed, self.proximal = penalties, keyed, proximal
        self.keys = list(dict.fromkeys([*unit.keys, *(key for _, keys in keyed for key in keys)]))
        self.optimizer, self.state, self.done = optimizer, state, done
        self.like = to_the_weights(torch.empty(0), model)  # dtype and device of what the network takes

    def run(self, steps: int) -> Iterator[AscentStep]:
        total = self.done + steps
        image = self._image()
        for _ in range(steps):
            with torch.inference_mode(False), torch.enable_grad(), frozen(self.model):
                value, gradient, length = self._gradient(image.detach())
                self._move(image, gradient)
                self._take_proximal_steps()
            self.done += 1
            image = self._image()
            self.state.optimizer = self.optimizer.state_dict()
            yield AscentStep(
                self.done, total, image.detach().clone(), value, length, copied(self.state, False)
            )

    def _image(self) -> Tensor:
        with torch.inference_mode(False), torch.enable_grad():
            for parameter in self.state.form.parameters:
                parameter.requires_grad_(True)
            return self.state.form.image()

    def _gradient(self, image: Tensor) -> tuple[Tensor, Tensor, float]:
        """The unit's values (B,), the gradient of unit - penalties (B, C, H, W), the length of the unit's own."""
        matrices = drawn(self.transforms, self.state.random, len(image))
        value, gradient, extra = self._unit_gradient(image, matrices)
        dead = gradient.flatten(1).abs().amax(1) == 0  # (B,)
        if dead.any():
            signal = self._redirected_gradient(image, matrices)
            gradient = torch.where(dead.view(-1, 1, 1, 1), signal, gradient)
            self.state.dead = True
        elif self.state.dead and not self.state.woken:
            # What the optimizer averaged so far was not the gradient: it begins anew. Only once: under random
            # transforms a picture may be dead in every other step.
            self.optimizer.state.clear()
            self.state.woken = True
        length = gradient.norm().item()
        leaf = image.clone().requires_grad_()
        for penalty in self.penalties:
            gradient = gradient - _derivative(penalty(leaf).sum(), leaf)
        gradient = gradient if extra is None else gradient - extra
        if not gradient.isfinite().all():  # the unit's own was checked
            raise ValueError(f"regularizers: NaN or infinity in a penalty's gradient at step {self.done + 1}")
        return value, gradient, length

    def _unit_gradient(self, image: Tensor, matrices: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
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
            zero = seen.new_zeros(())
            total = sum(
                (per_picture(penalty(seen, acts), len(image)).sum() for penalty, _ in self.keyed), zero
            )
            extra = _derivative(total, leaf)
        return value.detach(), gradient, extra

    def _redirected_gradient(self, image: Tensor, matrices: Tensor | None) -> Tensor:
        """What redirected ReLUs pass back to the pictures, (B, C, H, W)."""
        with redirected_relu():
            _, signal, _ = self._unit_gradient(image, matrices)
        if self.done == 0 and (signal.flatten(1).abs().amax(1) == 0).any():
            raise ValueError(
                f"{self.unit}: no gradient arrives at the picture: the unit does not depend on it here, or what it "
                "depends on is saturated (a probability next to 0 or 1: take the Logit); try another start"
            )
        return signal

    def _move(self, image: Tensor, gradient: Tensor) -> None:
        """One step of the optimizer, upwards."""
        form = self.state.form
        parameters = list(form.parameters)
        slopes = torch.autograd.grad(image, parameters, gradient, allow_unused=True)
        if all(slope is None or not slope.any() for slope in slopes) and gradient.any():
            raise ValueError(
                f"{self.unit}: every pixel is 0 or 1, where the parametrization passes no gradient back, at step "
                f"{self.done + 1}; lower the learning_rate"
            )
        for parameter, slope in zip(parameters, slopes, strict=True):
            parameter.grad = None if slope is None else -slope  # torch's optimizers go downwards
        self.optimizer.step()
        for parameter in parameters:
            parameter.grad = None
        if hasattr(form, "project"):
            with torch.no_grad():
                form.project()
            self._rebind(parameters)

    def _take_proximal_steps(self) -> None:
        if not self.proximal:
            return
        form = self.state.form
        with torch.no_grad():
            image = form.image()
            for step in self.proximal:
                image = step(image)
            if not image.isfinite().all():
                raise ValueError(
                    f"regularizers: NaN or infinity in the picture after a proximal step, at step {self.done + 1}"
                )
            before = list(form.parameters)
            form.set_image(image)
        self._rebind(before)

    def _rebind(self, before: list[Tensor]) -> None:
        """Where the parametrization made new tensors, the optimizer goes on with them, and with what it remembers."""
        new = {
            id(old): now
            for old, now in zip(before, self.state.form.parameters, strict=True)
            if old is not now
        }
        for group in self.optimizer.param_groups if new else ():
            for k, old in enumerate(group["params"]):
                if id(old) in new:
                    group["params"][k] = new[id(old)]
                    if old in self.optimizer.state:
                        self.optimizer.state[new[id(old)]] = self.optimizer.state.pop(old)


def new_optimizer(
    factory: OptimizerFactory | None, state: State, learning_rate: float
) -> torch.optim.Optimizer:
    """The optimizer of a run: that of the factory, by default Adam; it goes on with what the state remembers.

    Raises `TypeError` for something that makes no optimizer, or one that needs a closure (LBFGS).
    """
    state.factory = state.factory if factory is None else factory
    parameters = list(state.form.parameters)
    if state.factory is None:
        made: torch.optim.Optimizer = torch.optim.Adam(parameters, lr=learning_rate)
    else:
        if not callable(state.factory):
            expected = "a function such as lambda params: torch.optim.SGD(params, 0.1)"
            raise TypeError(complaint("optimizer", expected, described(state.factory)))
        made = state.factory(parameters)
        if not isinstance(made, torch.optim.Optimizer) or isinstance(made, torch.optim.LBFGS):
            expected = "a function that makes a torch.optim.Optimizer whose step needs no closure"
            raise TypeError(complaint("optimizer", expected, f"one that makes {type(made).__name__}"))
    if state.optimizer is not None and factory is None:
        # what was learned about each parameter comes from the earlier run, the learning rate from this call
        groups = (
            made.state_dict()["param_groups"] if state.factory is None else state.optimizer["param_groups"]
        )
        made.load_state_dict({"state": state.optimizer["state"], "param_groups": groups})
    return made


def copied(state: State, whole: bool = True) -> State:
    """The state as it is now; `whole`: with a parametrization and random numbers of its own, to go on with."""
    parameters = [parameter.detach().clone() for parameter in (state.parameters or state.form.parameters)]
    random = torch.Generator().set_state(state.random.get_state())
    kept = State(
        state.form, random, _cloned(state.optimizer), state.factory, state.dead, state.woken, parameters
    )
    if not whole:
        return kept
    form = copy.deepcopy(state.form)
    with torch.no_grad():
        for own, saved in zip(form.parameters, parameters, strict=True):
            own.copy_(saved)
    kept.form, kept.parameters = form, []
    return kept


def _cloned(value):
    """A state_dict whose tensors nobody else changes."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: _cloned(one) for key, one in value.items()}
    return [_cloned(one) for one in value] if isinstance(value, list) else value


def _derivative(total: Tensor, source: Tensor, retain: bool = False) -> Tensor:
    """d total / d source; zeros where it does not depend on it."""
    if not total.requires_grad:
        return torch.zeros_like(source)
    (gradient,) = torch.autograd.grad(total, source, retain_graph=retain, allow_unused=True)
    return torch.zeros_like(source) if gradient is None else gradient
