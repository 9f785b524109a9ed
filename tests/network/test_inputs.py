"""Pixels go where the first layer that takes them is, and as what it is."""

import pytest
import torch
from torch import nn

from lecturelib.models.pixel_model import PixelModel
from lecturelib.network.inputs import as_the_model_takes, dtype_and_device, to_the_weights


class Mixed(nn.Module):
    """Registered first are an integer, a complex and a float64 weight, and the head; the float32 layer runs first."""

    def __init__(self):
        super().__init__()
        self.index = nn.Parameter(torch.zeros(2, dtype=torch.long), requires_grad=False)
        self.phase = nn.Parameter(torch.zeros(2, dtype=torch.complex64))
        self.scale = nn.Parameter(torch.ones((), dtype=torch.float64))
        self.head = nn.Linear(4, 2).double()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        return self.head(self.conv(x).mean((2, 3)).double()) * self.scale


@pytest.mark.parametrize("adapted", [False, True])
def test_the_first_layer_that_takes_the_pixels_decides(adapted):
    net = PixelModel(Mixed(), (0.5,) * 3, (0.5,) * 3, name="mixed", input_size=9) if adapted else Mixed()
    assert dtype_and_device(net)[1] == torch.float32
    image = torch.rand(1, 3, 9, 12, dtype=torch.float64)
    assert net(as_the_model_takes(image, net)).dtype == torch.float64
    net.conv.to(torch.bfloat16)
    assert dtype_and_device(net, image)[1] == torch.bfloat16
    assert not any(module._forward_pre_hooks for module in net.modules())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_one_dtype_is_taken(dtype):
    assert to_the_weights(torch.rand(1, 3, 4, 4), nn.Conv2d(3, 1, 1).to(dtype)).dtype == dtype


def test_without_a_floating_point_weight_a_buffer_or_the_images_decide():
    norm = nn.BatchNorm2d(3, affine=False).double()
    assert dtype_and_device(norm)[1] == torch.float64
    image = torch.rand(1, 3, 4, 4, dtype=torch.float64)
    assert to_the_weights(image, nn.ReLU()) is image
    assert dtype_and_device(nn.ReLU()) == (torch.device("cpu"), torch.get_default_dtype())
