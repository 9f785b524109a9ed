"""A property of occlusion: on any small network and any image the map equals the plain loop over positions."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lecturelib.network.units import Layer, Logit, Probability
from lecturelib.parameters.occlusion import occlusion_map, occlusion_map_plain

sides = st.tuples(st.integers(1, 4), st.integers(1, 4))
steps = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def layers(draw, channels):
    """One layer and its output channels: a convolution, a pooling, a normalization or an activation."""
    kind = draw(st.sampled_from(["conv", "conv", "pool", "relu", "norm", "leaky"]))
    if kind == "conv":
        kernel, out = draw(sides), draw(st.integers(2, 4))
        padding = tuple(draw(st.integers(0, side // 2)) for side in kernel)
        dilation = draw(st.sampled_from([1, 1, (2, 1), (1, 2)]))
        return nn.Conv2d(channels, out, kernel, draw(steps), padding, dilation), out
    if kind == "pool":
        kernel = draw(sides)
        return nn.MaxPool2d(kernel, draw(steps), ceil_mode=draw(st.booleans())), channels
    if kind == "norm":
        norm = nn.BatchNorm2d(channels)
        nn.init.uniform_(norm.running_mean, -0.5, 0.5)
        nn.init.uniform_(norm.running_var, 0.5, 2)
        return norm, channels
    return (nn.ReLU(inplace=draw(st.booleans())) if kind == "relu" else nn.LeakyReLU(0.3)), channels


class Branches(nn.Module):
    """Adds what a layer of the same shape makes of its input, in place or not."""

    def __init__(self, channels, in_place):
        super().__init__()
        self.conv, self.in_place = nn.Conv2d(channels, channels, (3, 1), padding=(1, 0)), in_place

    def forward(self, x):
        y = self.conv(x)
        return y.add_(x) if self.in_place else y + x


@st.composite
def cases(draw):
    """A network, an image that is not square, a unit, a patch and a stride that give at most 20 positions."""
    torch.manual_seed(draw(st.integers(0, 2**16)))
    channels, features = 3, []
    for _ in range(draw(st.integers(1, 4))):
        layer, channels = draw(layers(channels))
        features.append(layer)
    if draw(st.booleans()):
        features.append(Branches(channels, draw(st.booleans())))
    head = [nn.AdaptiveAvgPool2d((2, 1)), nn.Flatten(), nn.Linear(2 * channels, 3)]
    model = nn.Sequential(*features, *head).eval()
    # above 64 x 64 px the first layers are computed in the window that a patch changes
    large = draw(st.booleans())
    low = 58 if large else 40
    height = draw(st.integers(low, low + 30))
    width = draw(st.integers(74, 104) if large else st.integers(40, 58))
    patch = draw(st.tuples(st.integers(3, 30), st.integers(3, 30)))
    stride = tuple(
        min(side, max(1, -(-size // 5))) for side, size in zip(patch, (height, width), strict=True)
    )
    if -(-height // stride[0]) * -(-width // stride[1]) > 64:
        patch, stride = (20, 30), (19, 23)
    unit = draw(st.sampled_from([Logit(1), Probability(2), Layer("0")]))
    return model, torch.rand(1, 3, height, width), unit, patch, stride


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(cases())
def test_the_map_is_the_plain_loop(case):
    model, image, unit, patch, stride = case
    found = occlusion_map(model, image, unit, patch, stride, fill=0.9).values
    plain = occlusion_map_plain(model, image, unit, patch, stride, fill=0.9)
    assert found.shape == plain.shape
    assert torch.allclose(found, plain, rtol=1e-4, atol=1e-5)
