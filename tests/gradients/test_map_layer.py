"""The layer of Grad-CAM: which layers count as maps, and grids of tokens against plain autograd in float64."""

import pytest
import torch
from torch import nn

from lecturelib import models
from lecturelib.gradients.grad_cam import grad_cam, guided_grad_cam
from lecturelib.gradients.map_layer import last_map, map_layer
from lecturelib.models.torchvision_cpu import import_torchvision
from lecturelib.network.units import Channel, Logit

SHAPE = (3, 12, 20)  # patches of 4 x 4: a grid of 3 x 5


def pixels(*shape, seed=0):
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.ln_1, self.attention = nn.LayerNorm(width), nn.MultiheadAttention(width, 2, batch_first=True)
        self.ln_2, self.mlp = nn.LayerNorm(width), nn.Linear(width, width)

    def forward(self, tokens):
        normed = self.ln_1(tokens)
        tokens = tokens + self.attention(normed, normed, normed, need_weights=False)[0]
        return tokens + self.mlp(self.ln_2(tokens)).tanh()


class VisionTransformer(nn.Module):
    """Patches of 4 x 4 as tokens, `extra` tokens before them; the head reads the first one, or the mean of all."""

    def __init__(self, extra, by_convolution=True, width=8):
        super().__init__()
        torch.manual_seed(0)
        self.patches = nn.Conv2d(3, width, 4, 4) if by_convolution else nn.Linear(48, width)
        self.extra = nn.Parameter(torch.randn(1, extra, width)) if extra else None
        self.blocks = nn.Sequential(Block(width), Block(width))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 3)

    def tokens(self, x):
        if isinstance(self.patches, nn.Conv2d):
            tokens = self.patches(x).flatten(2).transpose(1, 2)  # (B, C, h, w) -> (B, h * w, C)
        else:
            tokens = self.patches(nn.functional.unfold(x, 4, stride=4).transpose(1, 2))
        return tokens if self.extra is None else torch.cat([self.extra.expand(len(x), -1, -1), tokens], 1)

    def read_out(self, tokens):
        return self.head(tokens.mean(1) if self.extra is None else tokens[:, 0])

    def forward(self, x):
        return self.read_out(self.norm(self.blocks(self.tokens(x))))


def cam_of(tokens, value, extra, grid=(3, 5)):
    """Grad-CAM of tokens (1, T, C) by its equation, place by place."""
    (gradient,) = torch.autograd.grad(value, tokens, retain_graph=True)
    places = range(extra, tokens.shape[1])
    weights = sum(gradient[0, t] for t in places) / len(places)
    cam = [max(0.0, float(weights @ tokens[0, t].detach())) for t in places]
    return torch.tensor(cam, dtype=torch.float64).view(grid)


@pytest.mark.parametrize("by_convolution", [True, False])
@pytest.mark.parametrize("extra", [1, 2, 5])
def test_tokens_behind_class_and_register_tokens_form_the_grid_of_patches(extra, by_convolution):
    net = VisionTransformer(extra, by_convolution).double().eval()
    image = pixels(1, *SHAPE)
    # the head reads token 0 only: the last layer whose patches still matter is the norm before the last attention
    assert last_map(net, Logit(1), SHAPE) == "blocks.1.ln_1"
    first, second = net.blocks
    before = first(net.tokens(image))
    tokens = second.ln_1(before).detach().requires_grad_()
    after = before.detach() + second.attention(tokens, tokens, tokens, need_weights=False)[0]
    scores = net.read_out(net.norm(after + second.mlp(second.ln_2(after)).tanh()))[0]
    found = []
    for k in range(3):
        expected = cam_of(tokens, scores[k], extra)
        torch.testing.assert_close(grad_cam(net, image, Logit(k)), expected)
        torch.testing.assert_close(grad_cam(net, image, Logit(k), "blocks.1.ln_1"), expected)
        found.append(expected.max().item())
    assert max(found) > 0
    # behind the attention only token 0 has a gradient, so no patch has a weight
    assert grad_cam(net, image, Logit(1), "blocks.1").count_nonzero() == 0


@pytest.mark.parametrize("by_convolution", [True, False])
def test_without_a_class_token_the_last_norm_is_taken(by_convolution):
    net = VisionTransformer(0, by_convolution).double().eval()
    image = pixels(1, *SHAPE)
    assert last_map(net, Logit(1), SHAPE) == "norm"
    tokens = net.norm(net.blocks(net.tokens(image))).detach().requires_grad_()
    expected = cam_of(tokens, net.read_out(tokens)[0, 1], 0)
    torch.testing.assert_close(grad_cam(net, image, Logit(1)), expected)


def test_guided_grad_cam_lays_the_tokens_over_equal_blocks():
    net = VisionTransformer(1).eval()
    net.blocks.add_module("relu", nn.ReLU())  # a rule needs a ReLU
    image = pixels(1, *SHAPE).float()
    product = guided_grad_cam(net, image, Logit(1))
    assert product.shape == SHAPE
    cam = grad_cam(net, image, Logit(1))
    empty = (nn.functional.interpolate(cam[None, None], SHAPE[1:], mode="bilinear") == 0)[0, 0]
    assert (product[:, empty] == 0).all()


class ChannelsLast(nn.Module):
    """Maps (B, h, w, C) to the end, as in Swin: the last one is permuted for the pooling."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.norm, self.mix = nn.Conv2d(3, 6, 2, 2), nn.LayerNorm(6), nn.Linear(6, 6)
        self.merge, self.head = nn.Conv2d(6, 6, 2, 2), nn.Linear(6, 3)
        self.last, self.out = nn.LayerNorm(6), nn.Linear(6, 6)

    def forward(self, x):
        y = self.mix(self.norm(self.conv(x).permute(0, 2, 3, 1)))  # (B, C, h, w) -> (B, h, w, C)
        y = self.merge(y.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return self.head(self.out(self.last(y)).mean((1, 2)))


def test_the_last_map_may_have_its_channels_last():
    net, image = ChannelsLast().double().eval(), pixels(1, *SHAPE)
    assert last_map(net, Logit(1), SHAPE) == "out"
    y = net.mix(net.norm(net.conv(image).permute(0, 2, 3, 1)))
    maps = net.out(net.last(net.merge(y.permute(0, 3, 1, 2)).permute(0, 2, 3, 1))).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(net.head(maps.mean((1, 2)))[0, 1], maps)
    expected = (maps.detach()[0] @ gradient[0].mean((0, 1))).relu()  # (h, w, C) . (C,)
    assert expected.shape == (3, 5)
    torch.testing.assert_close(grad_cam(net, image, Logit(1)), expected)


@pytest.mark.parametrize(
    ("name", "layer", "grid"),
    [
        ("swin_t", "permute", (2, 3)),
        ("alexnet", "features.11", (3, 5)),
        ("resnet18", "layer4", (2, 3)),
        ("convnext_tiny", "features", (2, 3)),
    ],
)
def test_torchvisions_networks_on_pictures_that_are_not_square(name, layer, grid):
    net = import_torchvision("models").get_model(name, weights=None).eval()
    model = models.adapt(net, name=name, input_size=224)
    assert last_map(model, Logit(1), (3, 64, 96)) == layer
    assert map_layer(model, Logit(1), None, (3, 64, 96)).grid == grid
    assert grad_cam(model, pixels(1, 3, 64, 96).float(), Logit(1)).shape == grid


def test_torchvisions_vision_transformer():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        classes = import_torchvision("models").VisionTransformer
        net = classes(image_size=32, patch_size=8, num_layers=2, num_heads=2, hidden_dim=8, mlp_dim=8).eval()
    nn.init.normal_(net.heads.head.weight)
    assert last_map(net, Logit(1), (3, 32, 32)) == "encoder.layers.encoder_layer_1.ln_1"
    assert grad_cam(net, pixels(1, 3, 32, 32).float(), Logit(1)).shape == (4, 4)


class Windows(nn.Module):
    """A map, cut into windows (B, windows, places, C) and put together again, as in MaxViT."""

    def __init__(self):
        super().__init__()
        self.conv, self.mix = nn.Conv2d(3, 6, 2, 2), nn.Linear(6, 6)
        self.back, self.head = nn.Conv2d(6, 6, 1), nn.Linear(6, 3)

    def forward(self, x):
        y = self.conv(x)  # (B, 6, 6, 10)
        windows = y.unfold(2, 3, 3).unfold(3, 5, 5).flatten(4).flatten(2, 3).movedim(1, -1)  # (B, 4, 15, 6)
        y = y + self.mix(windows).mean((1, 2))[..., None, None]
        return self.head(self.back(y).mean((2, 3)))


def test_windows_are_no_map():
    assert last_map(Windows(), Logit(1), SHAPE) == "back"
    assert last_map(Windows(), Channel("back", 0), SHAPE) == "conv"


class Places(nn.Module):
    """Maps of one row and of one place, and an output that is a map."""

    def __init__(self, rows):
        super().__init__()
        self.conv, self.pool = nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d((rows, 1))
        self.squeeze = nn.Conv2d(4, 4, 1)

    def forward(self, x):
        return self.squeeze(self.pool(self.conv(x)))


def test_a_column_of_places_is_a_map_and_a_single_place_is_none():
    assert map_layer(Places(3), Channel("squeeze", 0), "pool", SHAPE).grid == (3, 1)
    assert last_map(Places(1), Channel("squeeze", 0), SHAPE) == "conv"


@pytest.mark.parametrize("layer", ["", "head", "patches"])
def test_a_layer_without_places_is_a_sentence(layer):
    class ThreeTokens(VisionTransformer):
        """Its three tokens are no grid of the picture."""

        def tokens(self, x):
            return self.patches(x)

    net = ThreeTokens(1)
    net.patches = nn.Sequential(nn.Flatten(), nn.Linear(720, 6), nn.Unflatten(1, (3, 2)), nn.Linear(2, 8))
    with pytest.raises(ValueError, match="with maps C x h x w, or with tokens that form a grid"):
        map_layer(net, Logit(1), layer, SHAPE)
    with pytest.raises(ValueError, match=r"expected one with a map \(h, w\) before .*, got none; name one"):
        last_map(net, Logit(1), SHAPE)


def test_maps_that_run_several_times_have_to_be_named():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.head = nn.Conv2d(3, 3, 3, padding=1), nn.Linear(3, 3)

        def forward(self, x):
            return self.head(self.conv(self.conv(x)).mean((2, 3)))

    with pytest.raises(ValueError, match=r"a last map before .* that runs once.*layer=\(name, call\)"):
        last_map(Twice(), Logit(1), SHAPE)
    assert map_layer(Twice(), Logit(1), ("conv", 1), SHAPE).call == 1
