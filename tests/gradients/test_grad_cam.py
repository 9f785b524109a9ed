"""Grad-CAM: by hand, cut at its layer, and laid onto the pixels without a shift."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lecturelib import models
from lecturelib.gradients.backprop import backprop
from lecturelib.gradients.grad_cam import grad_cam, guided_grad_cam, upsampled
from lecturelib.gradients.map_layer import last_map
from lecturelib.network.receptive_field import receptive_field
from lecturelib.network.units import Channel, Logit


def pixels(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def network(inplace=False, dtype=torch.float32):
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(inplace), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3, padding=1)]
    layers += [nn.ReLU(inplace), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3)]
    net = nn.Sequential(*layers).to(dtype).eval()
    return models.adapt(net, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4), name="tiny", input_size=12)


class ByHand(nn.Module):
    """Two maps: the red and the green pixels; the score is twice the red mean less the green mean."""

    def __init__(self):
        super().__init__()
        self.maps = nn.Conv2d(3, 2, 1, bias=False)
        self.maps.weight.data = torch.tensor([[1.0, 0, 0], [0, 1.0, 0]]).view(2, 3, 1, 1)

    def forward(self, x):
        maps = self.maps(x).mean((2, 3))
        return 2 * maps[:, :1] - maps[:, 1:]


def test_by_hand():
    image = pixels(1, 3, 4, 5)
    expected = (2 * image[0, 0] - image[0, 1]).relu() / 20  # the mean of the gradient: 1 / 20 per place
    assert torch.allclose(grad_cam(ByHand(), image, Logit(0), "maps"), expected, atol=1e-7)
    assert expected.min() == 0, "what speaks against it is cut off"


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("layer", ["0", "1", "2", "3", "4"])
def test_cut_at_the_layer_it_is_the_textbooks_sum(layer, inplace):
    model, image = network(inplace), pixels(1, 3, 12, 12)
    x, kept = network().normalize(image).requires_grad_(), {}
    for name, module in network().named_children():
        x = module(x)
        kept[name] = x
    (gradient,) = torch.autograd.grad(x[0, 1], kept[layer])
    expected = (gradient.mean((2, 3), keepdim=True) * kept[layer]).sum(1)[0].relu()
    assert torch.allclose(grad_cam(model, image, Logit(1), layer), expected, atol=1e-6)


def test_below_the_layer_nothing_is_kept_for_a_backward_pass():
    model, graphs = network(), {}
    for name in ("0", "2", "3", "4", "7"):
        hook = lambda m, i, output, name=name: graphs.__setitem__(name, output.grad_fn is not None)  # noqa: E731
        model.get_submodule(name).register_forward_hook(hook)
    grad_cam(model, pixels(1, 3, 12, 12), Logit(1), "3")
    assert graphs == {"0": False, "2": False, "3": False, "4": True, "7": True}


def test_without_a_layer_it_takes_the_last_map():
    model, image = network(), pixels(1, 3, 12, 12)
    assert last_map(model, Logit(1)) == "4"
    assert torch.equal(grad_cam(model, image, Logit(1)), grad_cam(model, image, Logit(1), "4"))
    assert last_map(model, Channel("3", 0)) == "1"
    assert last_map(models.load("alexnet", weights="random"), Logit(1)) == "features.11"
    assert last_map(models.load("resnet18", weights="random"), Logit(1)) == "layer4"
    with pytest.raises(
        ValueError, match=r"layer: expected one with a map \(h, w\) before the channel 1 of 0, got none"
    ):
        grad_cam(model, image, Channel("0", 1))


def test_a_call_of_a_module_that_runs_several_times():
    model, image = models.load("resnet18", weights="random"), pixels(1, 3, 64, 64)
    first, second = (grad_cam(model, image, Logit(1), ("layer4.1.relu", call)) for call in (0, 1))
    assert not torch.equal(first, second)
    assert torch.equal(second, grad_cam(model, image, Logit(1), "layer4"))


def test_channels_last_layers_give_their_map():
    model, image = models.load("swin_t", weights="random"), pixels(1, 3, 224, 224)
    assert grad_cam(model, image, Logit(1), "features.5").shape == (14, 14)


@pytest.mark.parametrize(("cells", "side"), [(3, 12), (5, 17), (7, 224), (1, 6), (4, 4)])
def test_stretched_it_is_pytorchs_bilinear_without_corners(cells, side):
    map = pixels(cells, cells + 1)
    expected = F.interpolate(map[None, None], size=(side, side + 3), mode="bilinear", align_corners=False)
    assert torch.allclose(upsampled(map, (side, side + 3)), expected[0, 0], atol=1e-6)


def test_by_the_receptive_field_a_value_stands_at_its_center():
    model = models.load("resnet18", weights="random")
    field = receptive_field(model, "layer4", image_shape=(3, 224, 224))
    map = torch.zeros(7, 7)
    map[2, 5] = 1.0
    laid = upsampled(map, (224, 224), field)
    assert divmod(laid.argmax().item(), 224) == (64, 160)
    assert upsampled(torch.ones(7, 7), (224, 224), field).sub(1).abs().max() < 1e-6
    vgg = receptive_field(network(), "4", image_shape=(3, 12, 12))
    assert torch.allclose(
        upsampled(pixels(6, 6), (12, 12), vgg), upsampled(pixels(6, 6), (12, 12)), atol=1e-6
    )


def test_guided_grad_cam_is_the_product():
    model, image = network(), pixels(1, 3, 12, 12)
    product = (
        upsampled(grad_cam(model, image, Logit(1)), (12, 12)) * backprop(model, image, Logit(1), "guided")[0]
    )
    assert torch.allclose(guided_grad_cam(model, image, Logit(1)), product, atol=1e-7)


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_everything_comes_back(context):
    model, image = network(dtype=torch.float64), pixels(1, 3, 12, 12)
    expected = grad_cam(model, image, Logit(1))
    model.train()
    model.requires_grad_(True)
    with context():
        assert torch.equal(grad_cam(model, image, Logit(1)), expected)
    with pytest.raises(ValueError, match="expected a gradient at layer .*, got none"):
        grad_cam(model, image, Channel("0", 1), "4")
    assert all(m.training and not m._forward_hooks for m in model.modules())
    assert all(p.requires_grad and p.grad is None for p in model.parameters())


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"layer": "7"}, ValueError, "with maps C x h x w, or with tokens"),
        ({"layer": "nowhere"}, KeyError, "layer: expected"),
        ({"layer": ("4", 1)}, IndexError, "runs 1 time"),
        ({"image": pixels(2, 3, 12, 12)}, ValueError, "one image"),
        ({"unit": Logit(5)}, IndexError, "class: expected a whole number from 0 to 2"),
    ],
)
def test_bad_input_is_a_sentence(change, error, words):
    arguments = {"model": network(), "image": pixels(1, 3, 12, 12), "unit": Logit(1)} | change
    for method in (grad_cam, guided_grad_cam):
        with pytest.raises(error, match=words):
            method(**arguments)


@pytest.mark.parametrize(
    ("map", "size"), [(pixels(1, 3, 3), (6, 6)), (pixels(3, 3), 6), (pixels(3, 3), (0, 6))]
)
def test_upsampling_nothing_is_a_sentence(map, size):
    with pytest.raises(ValueError, match="(map|size|height): expected"):
        upsampled(map, size)
