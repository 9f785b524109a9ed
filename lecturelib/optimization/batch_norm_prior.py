"""The statistics that a network's own batch normalization has kept, as a prior on images."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lecturelib.checks import check_number, complaint
from lecturelib.network.hooks import Activations
from lecturelib.network.layer_names import check_model
from lecturelib.network.quiet import trial, watched
from lecturelib.optimization.priors import LayerStatistics

SIDE = 64  # pixels of the image with which the layers are found


class BatchNormStatistics:
    """Batch-normalization prior: r(x) = weight · sum over l of w_l mean over c of ((m - μ)² / σ² + (s / σ - 1)²).

    m and s: mean and standard deviation, over all positions of one image, of what batch-normalization layer l is given,
    per channel c; μ and σ: those of the training pictures, which the layer has kept (its running statistics). w_l is 1,
    for the first layer `first`. So an image is asked to look, to every layer, as the training pictures did on average:
    this is what the network has learned about its data, not what the unit is looking for. Returns (B,).

    Raises `TypeError` for something that is no network, `ValueError` for a negative weight, or a network without
    batch-normalization layers that have kept statistics. Yin et al. 2020, "Dreaming to distill", equation 4, where
    norms stand for the means.

    >>> from torch import nn
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    >>> BatchNormStatistics(net).keys
    [('0', 0)]
    """

    def __init__(self, model: nn.Module, weight: float = 1.0, first: float = 10.0):
        check_number("weight", weight, least=0)
        check_number("first", first, least=0)
        self.priors: list[LayerStatistics] = []
        for name, layer in normalized_layers(check_model(model)):
            if layer.running_mean is None or layer.running_var is None:
                continue
            scale = weight * (1.0 if self.priors else first)
            std = (layer.running_var + layer.eps).sqrt().detach()
            self.priors.append(LayerStatistics(name, layer.running_mean.detach(), std, scale))
        if not self.priors:
            expected = "a network with batch normalization that has kept its statistics"
            raise ValueError(
                complaint("model", expected, type(model).__name__, "use LayerStatistics.measured")
            )

    @property
    def keys(self) -> list[tuple[str, int]]:
        """The (layer, call) that a recording catches for it: the layers before each batch normalization."""
        return [key for prior in self.priors for key in prior.keys]

    def __call__(self, image: Tensor, acts: Activations) -> Tensor:
        return torch.stack([prior(image, acts) for prior in self.priors]).sum(0)


def normalized_layers(model: nn.Module, side: int = SIDE) -> list[tuple[str, nn.BatchNorm2d]]:
    """The layers whose output goes straight into a 2-D batch normalization, by name, in the order of the pass.

    Found by one silent pass of a grey image of `side` px.

    >>> from torch import nn
    >>> normalized_layers(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)))[0][0]
    '0'
    """
    made: dict[int, str] = {}
    kept: list[object] = []  # outputs live until the end, so that no two share an id
    found: dict[str, nn.BatchNorm2d] = {}
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    channels = getattr(model, "channels", 3)

    def begin(name: str, module: nn.Module, inputs: tuple) -> None:
        if isinstance(module, nn.BatchNorm2d) and inputs and id(inputs[0]) in made:
            found.setdefault(made[id(inputs[0])], module)

    def end(name: str, module: nn.Module, output: object) -> None:
        if not any(True for _ in module.children()):
            made[id(output)] = name
            kept.append(output)

    with trial(model, device) as tried, watched(tried, begin, end), torch.no_grad():
        tried(torch.full((1, channels, side, side), 0.5, device=device))
    return list(found.items())
