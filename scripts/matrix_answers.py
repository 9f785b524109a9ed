"""The answers that `make matrix` compares with: plain autograd, hooks and loops in float64, without the library."""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

MEAN, STD = 0.5, 0.25  # exact in binary: the same numbers in float32 and float64


class Plain:
    """A network in float64 and eval mode that takes pixels, and what it says of one picture."""

    def __init__(self, network: nn.Module):
        self.network = copy.deepcopy(network).double().eval().requires_grad_(False)

    def scores(self, pixels: Tensor) -> Tensor:
        return self.network((pixels - MEAN) / STD)

    @contextmanager
    def caught(self, *names: str) -> Iterator[dict[str, Tensor]]:
        """What the first call of these modules returns; the network goes on with copies, which it may write on."""
        found: dict[str, Tensor] = {}
        handles = []
        for name in names:

            def keep(module, inputs, output, name=name):
                if name in found:
                    return None
                found[name] = output
                return output.clone()

            handles.append(self.network.get_submodule(name).register_forward_hook(keep))
        try:
            yield found
        finally:
            for handle in handles:
                handle.remove()

    def outputs(self, pixels: Tensor, names: Sequence[str]) -> dict[str, Tensor]:
        with torch.no_grad(), self.caught(*names) as found:
            self.scores(pixels)
        return found

    def gradient(self, pixels: Tensor, of: Callable[[Tensor], Tensor], rule: str = "backprop") -> Tensor:
        """d of(scores) / d pixels, (B, C, H, W); each picture runs beside its own copy.

        Beside a copy: behind BatchNorm and tokens, PyTorch 2.13's own backward pass of a single picture is wrong.
        """
        answers = []
        for picture in pixels.split(1):
            both = picture.detach().repeat(2, 1, 1, 1).requires_grad_()
            with relus_by(rule) as attach:
                value = of(self.scores(both)[:1])
                attach(value)
                answers.append(torch.autograd.grad(value, both)[0][:1])
        return torch.cat(answers)

    def slope_error(self, pixels: Tensor, of: Callable[[Tensor], Tensor], gradient: Tensor) -> float | None:
        """How far a gradient is from central differences along a random direction, relative to its usual slope.

        None where the differences do not settle: kinks at one end, rounding at the other.
        """
        direction = torch.randn(pixels.shape, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
        direction /= direction.norm()
        scale = gradient.norm().item() / direction.numel() ** 0.5
        slopes = []
        with torch.no_grad():
            rounding = 1e-14 * self.scores(pixels).abs().max().item()
            for step in (1e-3, 1e-4, 1e-5, 1e-6):
                ends = [of(self.scores(pixels + sign * step * direction)).item() for sign in (1, -1)]
                if rounding / step < 0.02 * scale:
                    slopes.append((ends[0] - ends[1]) / (2 * step))
        pairs = sorted(zip(slopes, slopes[1:], strict=False), key=lambda pair: abs(pair[0] - pair[1]))
        if not pairs or abs(pairs[0][0] - pairs[0][1]) > 0.02 * scale:
            return None
        expected = (gradient * direction).sum().item()
        return min(abs(slope - expected) for slope in pairs[0]) / scale


@contextmanager
def relus_by(rule: str) -> Iterator[Callable[[Tensor], None]]:
    """Yields a function that puts a rule onto every ReLU in the graph of a value, on autograd's own nodes."""

    def attach(value: Tensor) -> None:
        if rule == "backprop":
            return
        for node in nodes_behind(value):
            if not is_relu(node):
                continue
            if rule == "guided":
                node.register_prehook(lambda signals: tuple(s.clamp(min=0) for s in signals))
            else:
                node.register_hook(lambda _, signals: (signals[0].clamp(min=0), *[None] * (len(_) - 1)))

    yield attach


def nodes_behind(value: Tensor) -> Iterator:
    waiting, known = [value.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in known:
            continue
        known.add(node)
        yield node
        waiting += [follower for follower, _ in node.next_functions]


def is_relu(node) -> bool:
    name = type(node).__name__
    return name.startswith("ReluBackward") or (
        name.startswith("HardtanhBackward") and float(node._saved_min_val) == 0
    )


def relu_count(plain: Plain, pixels: Tensor) -> int:
    return sum(map(is_relu, nodes_behind(plain.scores(pixels.clone().requires_grad_()).sum())))


def occlusion(
    plain: Plain, image: Tensor, of: Callable, patch: tuple[int, int], stride: tuple[int, int], fill: float
) -> Tensor:
    """Two loops; a patch that reaches over the border is cut, and the last one is the first that reaches it."""

    def starts(size: int, length: int, step: int) -> list[int]:
        found = [0]
        while found[-1] + length < size:
            found.append(found[-1] + step)
        return found

    rows = starts(image.shape[2], patch[0], stride[0])
    columns = starts(image.shape[3], patch[1], stride[1])
    found = torch.empty(len(rows), len(columns), dtype=torch.float64)
    with torch.no_grad():
        for i, top in enumerate(rows):
            for j, left in enumerate(columns):
                covered = image.clone()
                covered[:, :, top : top + patch[0], left : left + patch[1]] = fill
                found[i, j] = of(plain.scores(covered)).item()
    return found


def influence(
    plain: Plain, image: Tensor, layer: str, place: tuple[int, int], mask: Tensor, draws: int = 1
) -> float:
    """How far a map (1, C, h, w) moves at a place, relative to its largest value, when masked pixels are redrawn."""
    random = torch.Generator().manual_seed(11)
    before = plain.outputs(image, [layer])[layer]
    scale = before.abs().max().item() or 1.0
    moved = 0.0
    for _ in range(draws):
        other = torch.rand(image.shape, generator=random, dtype=torch.float64)
        after = plain.outputs(torch.where(mask, other, image), [layer])[layer]
        moved = max(moved, (after - before)[0, :, place[0], place[1]].abs().max().item() / scale)
    return moved


def integrated(plain: Plain, image: Tensor, of: Callable, baseline: float, steps: int) -> Tensor:
    total = torch.zeros_like(image)
    for k in range(steps):
        total += plain.gradient(baseline + (k + 0.5) / steps * (image - baseline), of)
    return (image - baseline) * total / steps


def smoothed(plain: Plain, image: Tensor, of: Callable, noise: float, samples: int, seed: int) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    sigma = noise * (image.max() - image.min())
    total = torch.zeros_like(image)
    for _ in range(samples):
        total += plain.gradient(image + sigma * torch.randn(image.shape[1:], generator=random).double(), of)
    return total / samples


def cam(plain: Plain, image: Tensor, of: Callable, layer: str, grid: tuple[int, int]) -> Tensor | None:
    """Grad-CAM (h, w) at a layer whose output is (2, C, h, w), (2, h, w, C) or tokens (2, extra + h w, C)."""
    both = image.repeat(2, 1, 1, 1).requires_grad_()
    with plain.caught(layer) as found:
        value = of(plain.scores(both)[:1])
    activation = found[layer]
    (slope,) = torch.autograd.grad(value, activation)
    maps, slopes = activation.detach()[0], slope[0]
    if maps.ndim == 2:
        maps, slopes = (t[len(t) - grid[0] * grid[1] :].T.unflatten(1, grid) for t in (maps, slopes))
    elif tuple(maps.shape[1:]) != grid:
        maps, slopes = maps.movedim(-1, 0), slopes.movedim(-1, 0)
    if tuple(maps.shape[1:]) != grid:
        return None
    return (slopes.mean((1, 2))[:, None, None] * maps).sum(0).clamp(min=0)


def multiply_adds(network: nn.Module, shape: Sequence[int]) -> int:
    """PyTorch's own counter: two operations per multiply-add."""
    made = (
        copy.deepcopy(network).eval().requires_grad_(True)
    )  # with gradients: no fused path, which it cannot see
    counter = FlopCounterMode(display=False)
    with counter, sdpa_kernel(SDPBackend.MATH):
        made(torch.zeros(1, *shape, dtype=next(made.parameters()).dtype))
    return counter.get_total_flops() // 2


def shapes_of_leaves(network: nn.Module, shape: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """What the first call of each module without children returns."""
    made, found, handles = copy.deepcopy(network).eval(), {}, []
    for name, module in made.named_modules():
        if not list(module.children()):

            def keep(module, inputs, output, name=name):
                if isinstance(output, Tensor):
                    found.setdefault(name, tuple(output.shape))

            handles.append(module.register_forward_hook(keep))
    with torch.no_grad():
        made(torch.zeros(1, *shape, dtype=next(made.parameters()).dtype))
    return found


def convolutions(network: nn.Module, pixels: Tensor) -> dict[str, tuple[int, ...]]:
    """The convolutions that run, in order, and the shapes of their maps."""
    found, handles = {}, []
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):

            def keep(module, inputs, output, name=name):
                found.setdefault(name, tuple(output.shape))

            handles.append(module.register_forward_hook(keep))
    try:
        with torch.no_grad():
            network((pixels - MEAN) / STD)
    finally:
        for handle in handles:
            handle.remove()
    return found


def stirred(network: nn.Module, seed: int = 0) -> nn.Module:
    """No weight stays as constant as a fresh network has it: a branch scaled by 0 would hide every fault in it."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            if (
                parameter.is_floating_point()
                and parameter.numel() > 1
                and parameter.aminmax()[0] == parameter.max()
            ):
                parameter += 0.2 * torch.randn(parameter.shape, generator=random).to(parameter)
        for name, buffer in network.named_buffers():
            if name.endswith("running_mean"):
                buffer += 0.2 * torch.randn(buffer.shape, generator=random).to(buffer)
            elif name.endswith("running_var"):
                buffer *= 0.5 + torch.rand(buffer.shape, generator=random).to(buffer)
    return network
