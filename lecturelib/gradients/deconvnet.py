"""The deconvnet: a network run in reverse, from one activation down to the pixels.

Zeiler & Fergus 2014, "Visualizing and understanding convolutional networks", section 2.1. It passes a signal back as
the gradient does, but for the ReLUs: started from the same signal it equals `deconvolution`.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lecturelib.checks import check_finite, check_number, check_whole, complaint
from lecturelib.network.batched import Images, Progress
from lecturelib.network.freezing import frozen
from lecturelib.network.hooks import recording
from lecturelib.network.input_gradient import prepared
from lecturelib.network.layer_names import normalization_of, walk
from lecturelib.network.units import Channel, Neuron, Unit
from lecturelib.parameters.maximal_images import maximal_images

ONE_ACTIVATION = "one activation to start from: a Neuron, or a Channel, whose strongest place is taken"
CHAIN = "a unit of a plain chain of Conv2d, ReLU and MaxPool2d"
ELSEWHERE = "deconvolution(model, image, unit) takes any network with ReLUs"


def deconvnet(model: nn.Module, image: Tensor, unit: Unit, signal: float | None = None) -> Tensor:
    """Deconvnet, (B, C, H, W): the pattern in the image that one activation came from, by the network run in reverse.

        unpooling to the switches,   g * (g > 0) at a ReLU,   transposed convolution with the network's own kernels

    image (B, C, H, W) in [0, 1]. unit: a `Neuron`, or a `Channel`, of which the strongest position of each image is
    kept; all other activations of its layer are set to 0. Back through a max pooling each value goes to the place
    whose maximum it was (the switches of the forward pass), through a ReLU if it is above 0, through a convolution by
    its transpose: the same kernels, no bias. At the end it is divided by the normalization's std, into pixels.

    Where poolings overlap, as AlexNet's do (3 x 3, stride 2), one place may be the maximum of several windows: their
    values add up there, as in the gradient. Unpooling as the textbook has it (`F.max_unpool2d`) would keep only one of
    them. signal: what is started with; without one the activation itself, as in the paper, so that a unit that is off
    gives 0. With 1 the result is `backprop(..., rule="deconvnet")` of that neuron.

    The network up to the unit must be a plain chain of Conv2d, ReLU and MaxPool2d; `ValueError` says what stands in the
    way. Other units than Neuron and Channel are a `ValueError` too, and a result that is NaN or infinite. Zeiler &
    Fergus 2014, section 2.1.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network import Channel
    >>> deconvnet(models.load("lenet"), torch.rand(1, 1, 28, 28), Channel("conv2", 3)).shape
    torch.Size([1, 1, 28, 28])
    """
    if not isinstance(unit, Neuron | Channel):
        raise ValueError(complaint("unit", ONE_ACTIVATION, str(unit)))
    if signal is not None:
        check_number("signal", signal)
    image, checked = prepared(model, image, unit)
    if isinstance(checked, Neuron | Channel):  # what `check` gives is of the same kind
        unit = checked
    with torch.inference_mode(False), torch.no_grad(), frozen(model):
        steps, maps = _forward(model, image.clone(), unit)
        maps = _one_kept(maps, unit, signal)
        for step in reversed(steps):
            maps = step.back(maps)
        std = getattr(model, "std", None)
        pattern = maps if std is None else maps / torch.tensor(std).to(maps).view(1, -1, 1, 1)
        return check_finite(f"{unit}, deconvnet", pattern)


def top_patches(
    model: nn.Module,
    images: Images,
    unit: Unit,
    k: int = 9,
    batch_size: int | None = None,
    progress: Progress | None = None,
    *,
    groups: Sequence[int] | None = None,
    padded: bool = True,
) -> list[tuple[Tensor, Tensor]]:
    """Top patches: the k strongest images of a unit, cut to its receptive field, each with its deconvnet pattern.

    Pairs of (C, h, w): the crop, in [0, 1], grey where the unit sees padding, and the reconstruction, signed, 0 there;
    without `padded` both end at the image's border. groups: one number for each image; of images with the same number,
    such as parts of one photo, only the strongest is taken. images (N, C, H, W) in [0, 1] or `photo_crops(...)`; fewer
    than k pairs may come back, as from `maximal_images`. Arguments and errors as there and as for `deconvnet`. Zeiler &
    Fergus 2014, figure 2.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network import Channel
    >>> pairs = top_patches(models.load("lenet"), torch.rand(5, 1, 28, 28), Channel("conv1", 3), k=2)
    >>> len(pairs), pairs[0][0].shape == pairs[0][1].shape
    (2, True)
    """
    if not isinstance(unit, Neuron | Channel):
        raise ValueError(complaint("unit", ONE_ACTIVATION, str(unit)))
    if groups is not None and len(groups) != len(images):
        raise ValueError(complaint("groups", f"one number for each of {len(images)} images", len(groups)))
    check_whole("k", k, 1, len(images), "the images")
    top = maximal_images(model, images, unit, k if groups is None else len(images), batch_size, progress)
    unit = top.unit if isinstance(top.unit, Neuron | Channel) else unit
    pairs: list[tuple[Tensor, Tensor]] = []
    seen: set[int] = set()
    for index, place, box, crop in zip(
        top.indices.tolist(), top.places.tolist(), top.boxes.tolist(), top.crops, strict=True
    ):
        group = index if groups is None else groups[index]
        if group in seen or len(pairs) == k:
            continue
        seen.add(group)
        image: Tensor = images[index : index + 1]
        strongest = Neuron(unit.layer, unit.channel, *place, call=unit.call)
        pattern = _cut_out(deconvnet(model, image, strongest)[0], box)
        if not padded:
            inside = _inside(box, image.shape[2], image.shape[3])
            crop, pattern = crop[(..., *inside)], pattern[(..., *inside)]
        pairs.append((crop, pattern))
    return pairs


@dataclass(frozen=True)
class _Step:
    """One module of the chain that ran, and how a signal goes back through it."""

    module: nn.Module
    back: Callable[[Tensor], Tensor]


def _forward(model: nn.Module, image: Tensor, unit: Unit) -> tuple[list[_Step], Tensor]:
    """The steps of the chain up to the unit's layer, with their switches, and that layer's maps (B, C, h, w)."""
    normalize = normalization_of(model)
    start = image.clone() if normalize is None else normalize(image)
    with _ChainRecorder(model, start, unit).attached() as watch, recording(model, unit.keys) as acts:
        maps = acts.forward(image)[unit.layer, unit.call]
    end = watch.last
    if maps is not end or maps._version != watch.version:
        raise ValueError(complaint("unit", CHAIN, f"{unit}, which ends elsewhere", ELSEWHERE))
    return watch.steps, maps


class _ChainRecorder:
    """Follows the modules of one pass: each must take what the one before it gave, unchanged."""

    def __init__(self, model: nn.Module, start: Tensor, unit: Unit):
        self.model, self.start, self.unit = model, start, unit
        self.steps: list[_Step] = []
        self.last: Tensor | None = None
        self.version = 0
        self.thread = threading.get_ident()

    @contextmanager
    def attached(self) -> Iterator["_ChainRecorder"]:
        handles = []
        try:
            for name, module in walk(self.model):
                if not module.__dict__["_modules"]:
                    handles.append(module.register_forward_pre_hook(self._before(name)))
                    handles.append(module.register_forward_hook(self._after(name)))
            yield self
        finally:
            for handle in handles:
                handle.remove()

    def _before(self, name: str):
        def check(module: nn.Module, inputs: tuple) -> None:
            if threading.get_ident() != self.thread:
                return
            given = inputs[0] if inputs else None
            if not isinstance(given, Tensor):
                raise self._in_the_way(name, module)
            if self.last is None:
                if given.shape != self.start.shape or not torch.equal(given, self.start):
                    came = f"{self.unit}, where {name!r} is not given the image itself"
                    raise ValueError(complaint("unit", CHAIN, came, ELSEWHERE))
            elif given is not self.last or given._version != self.version:
                where = f"a function or a branch before {name!r} ({type(module).__name__})"
                raise ValueError(complaint("unit", CHAIN, f"{self.unit} with {where}", ELSEWHERE))

        return check

    def _after(self, name: str):
        def follow(module: nn.Module, inputs: tuple, output) -> None:
            if threading.get_ident() != self.thread:
                return
            back = _way_back(module, inputs[0])
            if back is None or not isinstance(output, Tensor):
                raise self._in_the_way(name, module)
            self.steps.append(_Step(module, back))
            self.last, self.version = output, output._version

        return follow

    def _in_the_way(self, name: str, module: nn.Module) -> ValueError:
        came = f"{self.unit} behind {name!r} ({type(module).__name__})"
        return ValueError(complaint("unit", CHAIN, came, ELSEWHERE))


def _way_back(module: nn.Module, inputs: Tensor) -> Callable[[Tensor], Tensor] | None:
    """How a signal goes back through a module that was given these inputs (B, C, h, w); None for other modules."""
    if isinstance(module, nn.Identity | nn.Dropout | nn.Dropout2d):
        return lambda signal: signal  # in eval mode
    if isinstance(module, nn.ReLU | nn.ReLU6):
        return lambda signal: signal.clamp_min(0)
    if isinstance(module, nn.MaxPool2d) and inputs.ndim == 4:
        return _unpooling(module, inputs)
    if type(module) is nn.Conv2d and inputs.ndim == 4 and module.padding_mode == "zeros":
        return _transposed(module, inputs.shape[2:])
    return None


def _unpooling(pool: nn.MaxPool2d, inputs: Tensor) -> Callable[[Tensor], Tensor]:
    """Each value back to the place whose maximum it was; where windows share their maximum, the values add up."""
    shape = inputs.shape
    _, switches = F.max_pool2d(
        inputs, pool.kernel_size, pool.stride, pool.padding, pool.dilation, pool.ceil_mode, True
    )

    def back(signal: Tensor) -> Tensor:
        plane = signal.new_zeros(shape).flatten(2)  # (B, C, h, w) -> (B, C, h * w)
        plane.scatter_add_(2, switches.flatten(2), signal.flatten(2))
        return plane.view(shape)  # (B, C, h * w) -> (B, C, h, w)

    return back


def _transposed(conv: nn.Conv2d, size: torch.Size) -> Callable[[Tensor], Tensor] | None:
    """The transposed convolution: the same kernels, no bias, to maps of the size (h, w) that went in."""
    reach = [d * (k - 1) for d, k in zip(conv.dilation, conv.kernel_size, strict=True)]
    if conv.padding == "same":
        if any(length % 2 for length in reach):  # padded more on one side: conv_transpose2d cannot
            return None
        padding = [length // 2 for length in reach]
    else:
        padding = [0, 0] if isinstance(conv.padding, str) else list(conv.padding)
    # Rows and columns at the end that a stride did not reach any more get a 0.
    rest = [
        (length + 2 * p - r - 1) % s
        for length, p, r, s in zip(size, padding, reach, conv.stride, strict=True)
    ]

    def back(signal: Tensor) -> Tensor:
        return F.conv_transpose2d(
            signal, conv.weight, None, conv.stride, padding, rest, conv.groups, conv.dilation
        )

    return back


def _one_kept(maps: Tensor, unit: Neuron | Channel, signal: float | None) -> Tensor:
    """Maps (B, C, h, w) that are 0 but for one activation of each image: the neuron, or the channel's strongest."""
    kept = torch.zeros_like(maps)
    if isinstance(unit, Neuron):
        flat = torch.full((len(maps),), (unit.y or 0) * maps.shape[3] + (unit.x or 0), device=maps.device)
    else:
        flat = maps[:, unit.channel].flatten(1).argmax(1)  # (B, h, w) -> (B, h * w) -> (B,)
    rows, columns = flat // maps.shape[3], flat % maps.shape[3]
    at = (torch.arange(len(maps), device=maps.device), unit.channel, rows, columns)
    kept[at] = maps[at] if signal is None else float(signal)
    return kept


def _inside(box: list[int], height: int, width: int) -> tuple[slice, slice]:
    """The rows and columns of what was cut out by a box that lie in an image of this size."""
    top, left, bottom, right = box
    return slice(max(-top, 0), min(bottom, height) - top), slice(max(-left, 0), min(right, width) - left)


def _cut_out(image: Tensor, box: list[int]) -> Tensor:
    """The part of (C, H, W) inside a box (top, left, bottom, right); 0 where it reaches outside."""
    top, left, bottom, right = box
    # Padding below 0 cuts off.
    return F.pad(image, (-left, right - image.shape[2], -top, bottom - image.shape[1]))
