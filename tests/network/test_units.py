"""Units read the number they name, and say so when there is no such unit."""

import pytest
import torch
from torch import nn

from lecturelib.models.pixel_model import PixelModel
from lecturelib.network.hooks import record
from lecturelib.network.unit_base import Combination
from lecturelib.network.units import Channel, Direction, Layer, Logit, Neuron, Probability, read


class Tiny(nn.Module):
    """Two channels, (x) and (-2 x), then a ReLU, then two class scores: their sums."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 1, bias=False)
        self.conv.weight.data = torch.tensor([1.0, -2.0]).view(2, 1, 1, 1)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.conv(x)).sum((2, 3))


@pytest.fixture
def model():
    return PixelModel(
        Tiny(),
        (0.5,),
        (1.0,),
        name="tiny",
        classes=("Light", "dark"),
        input_size=2,
        aliases={"conv1": "conv"},
    ).eval()


IMAGE = torch.tensor([[0.5, 1.0], [0.0, 0.75]])[None, None]  # minus 1/2: 0, 1/2, -1/2, 1/4


@pytest.mark.parametrize(
    "unit, value, caption",
    [
        (Neuron("conv1", 0, 0, 1), 0.5, "neuron 0 at (y 0, x 1) of conv1"),
        (Neuron("conv", 1, 1, 0), 1.0, "neuron 1 at (y 1, x 0) of conv"),
        (Channel("conv", 0), 0.0625, "channel 0 of conv"),
        (Channel("relu", 0), 0.1875, "channel 0 of relu"),
        (Layer("conv"), 5 * (0.25 + 0.25 + 0.0625) / 8, "layer conv"),
        (Direction("conv", torch.tensor([2.0, 1.0])), 0.0, "a direction in conv"),
        (Logit("light"), 0.75, "score of Light"),
        (Logit(1), 1.0, "score of dark"),
        (Probability("DARK"), 1 / (1 + torch.e**-0.25), "probability of dark"),
        (Neuron("", 1), 1.0, "neuron 1 of the output"),
    ],
)
def test_value_and_caption(model, unit, value, caption):
    assert read(model, IMAGE, unit).tolist() == pytest.approx([value])
    assert str(unit.check(model)) == caption


def test_a_batch_gives_one_value_per_image_as_singles_do(model):
    images = torch.rand(5, 1, 2, 2)
    for unit in (Channel("relu", 1), Logit(0), Probability(1), Layer("conv")):
        singles = [read(model, image[None], unit).item() for image in images]
        assert read(model, images, unit).tolist() == pytest.approx(singles)


def test_gradients_flow_to_the_image(model):
    image = IMAGE.clone().requires_grad_()
    read(model, image, Logit(0)).sum().backward()
    assert image.grad.flatten().tolist() == [0, 1, 0, 1]


def test_tokens_and_channels_last_layers_are_read_along_their_channels():
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.LayerNorm(3)
            self.tokens = nn.Linear(3, 5)

        def forward(self, x):
            y = self.norm(x.permute(0, 2, 3, 1))  # (B, h, w, C)
            return self.tokens(y.flatten(1, 2)).mean(1)

    model = PixelModel(Last(), (0.5,) * 3, (1.0,) * 3, name="last", input_size=4).eval()
    image = torch.rand(1, 3, 4, 4)
    acts = record(model, image, ["norm", "tokens"])
    plain = record(model._wrapped, model.normalize(image), ["norm"])  # a network that was not adapted
    assert Channel("norm", 1)(plain).item() == pytest.approx(Channel("norm", 1)(acts).item())
    assert acts["norm"].shape == (1, 4, 4, 3)
    assert read(model, image, Channel("norm", 2)).item() == pytest.approx(acts["norm"][..., 2].mean().item())
    assert read(model, image, Neuron("norm", 2, 1, 3)).item() == pytest.approx(
        acts["norm"][0, 1, 3, 2].item()
    )
    assert read(model, image, Neuron("tokens", 4, x=7)).item() == pytest.approx(
        acts["tokens"][0, 7, 4].item()
    )


def test_a_network_may_have_a_normalize_of_its_own():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.normalize, self.relu = nn.BatchNorm2d(3), nn.ReLU(inplace=True)

        def forward(self, x):
            return self.relu(x).mean((2, 3))  # writes on what it is given

    image = torch.randn(1, 3, 4, 4)  # no pixels in [0, 1]: only a network of the course asks for those
    before = image.clone()
    assert read(Own().eval(), image, Logit(1)).item() == pytest.approx(before[0, 1].relu().mean().item())
    assert torch.equal(image, before)


def test_channels_that_a_module_puts_back_in_front_are_read_there():
    class Back(nn.Module):
        def forward(self, x):
            return x.permute(0, 3, 1, 2)

    class Window(nn.Module):  # tokens of a map, as in the windows of MaxViT
        def __init__(self):
            super().__init__()
            self.mix, self.back = nn.Linear(3, 5), Back()

        def forward(self, x):
            return self.back(self.mix(x.permute(0, 2, 3, 1)))

    net = nn.Sequential(Window(), nn.ReLU(), nn.Flatten(), nn.Linear(5 * 4 * 6, 2)).eval()
    image = torch.rand(1, 3, 4, 6)
    for layer in ("0.back", "0", "1"):
        acts = record(net, image, [layer])
        assert acts[layer].shape == (1, 5, 4, 6)
        mean = acts[layer][0, 4].mean().item()
        assert read(net, image, Channel(layer, 4)).item() == pytest.approx(mean)
    assert record(net, image, ["0.mix"])["0.mix"].shape == (1, 4, 6, 5)
    value = record(net, image, ["0.mix"])["0.mix"][0, 1, 3, 4].item()
    assert read(net, image, Neuron("0.mix", 4, 1, 3)).item() == pytest.approx(value)


@pytest.mark.parametrize(
    "unit, error, words",
    [
        (
            Channel("conv", 2),
            IndexError,
            r"channel: expected a whole number from 0 to 1 \(conv1 \(conv\) gives 2 x 2 x 2\), got 2",
        ),
        (Channel("conv", -1), IndexError, "from 0 to 1"),
        (Channel("conv", 0.0), TypeError, "whole number"),
        (Channel("relu", 0, call=1), IndexError, r"call: expected 0 to 0 \(relu runs 1 time"),
        (Channel("cnov", 0), KeyError, "nearest: conv"),
        (Neuron("conv", 0), ValueError, "neuron: expected y and x .*, got neither"),
        (Neuron("conv", 0, 2, 0), IndexError, "y: expected a whole number from 0 to 1"),
        (Neuron("", 0, x=1), ValueError, "expected no y and no x .*, got x"),
        (Logit(2), IndexError, "class: expected a whole number from 0 to 1"),
        (Logit("lite"), KeyError, "nearest: light"),
        (Probability(True), TypeError, "whole number"),
        (Direction("conv", torch.ones(3)), ValueError, r"shape \(2,\)"),
        (Direction("conv", torch.tensor([1.0, torch.nan])), ValueError, "NaN"),
    ],
)
def test_a_unit_that_does_not_exist_is_a_sentence(model, unit, error, words):
    with pytest.raises(error, match=words):
        read(model, IMAGE, unit)


def test_a_network_without_classes_has_no_scores():
    model = PixelModel(nn.Conv2d(1, 2, 1), (0.0,), (1.0,), name="features", input_size=4)
    with pytest.raises(
        ValueError, match="expected a network that gives one score per class, got an output of 2 x 4 x 4"
    ):
        read(model, torch.rand(1, 1, 4, 4), Logit(0))


def test_directions_are_equal_only_to_themselves():
    one, other = Direction("conv", torch.ones(2)), Direction("conv", torch.zeros(2))
    assert one != other and len({one, other, one}) == 2


def test_an_image_of_a_size_that_the_network_cannot_take_is_a_sentence():
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    model = PixelModel(network, (0.0,), (1.0,), name="flat", input_size=2)
    with pytest.raises(
        ValueError, match="images: expected 2 x 2 px up to the output of flat, got an input of 1 x 3 x 3"
    ):
        read(model, torch.rand(1, 1, 3, 3), Logit(0))
    assert read(model, torch.rand(1, 1, 2, 2), Logit(0)).shape == (1,)


def test_pixels_outside_their_range_are_refused(model):
    with pytest.raises(ValueError, match=r"expected pixels in \[0, 1\]"):
        read(model, IMAGE * 255, Logit(0))
    with pytest.raises(TypeError, match="a unit such as"):
        read(model, IMAGE, "conv1")


def test_an_exact_class_name_wins_over_another_case():
    model = PixelModel(Tiny(), (0.5,), (1.0,), name="tiny", classes=("Cardigan", "cardigan"), input_size=2)
    assert Logit("cardigan").check(model).k == 1 and Logit("Cardigan").check(model).k == 0
    with pytest.raises(KeyError, match=r"the name of several; give 0 \(Cardigan\) and 1"):
        Logit("CARDIGAN").check(model)


def test_sums_differences_and_multiples(model):
    pair = Channel("relu", 0) - 0.5 * Channel("conv1", 1)
    mixed = 2 * (pair + Logit("light")) / 4 - Neuron("conv", 0, 0, 1)
    one, two, three, four = 0.1875, -0.125, 0.75, 0.5
    assert read(model, IMAGE, pair).item() == pytest.approx(one - 0.5 * two)
    assert read(model, IMAGE, mixed).item() == pytest.approx((one - 0.5 * two + three) / 2 - four)
    assert read(model, IMAGE, -Channel("relu", 0)).item() == pytest.approx(-one)
    assert pair.keys == [("relu", 0), ("conv1", 0)]
    assert (pair + Channel("relu", 1)).keys == pair.keys
    assert str(pair.check(model)) == "channel 0 of relu - 0.5 x channel 1 of conv1"
    assert str(mixed.check(model)).endswith("+ 0.5 x score of Light - neuron 0 at (y 0, x 1) of conv")
    assert str(-Channel("relu", 0)) == "- channel 0 of relu"
    assert pair == Channel("relu", 0) - 0.5 * Channel("conv1", 1)


@pytest.mark.parametrize(
    "make, error, words",
    [
        (lambda: Channel("conv", 0) + 1, TypeError, "expected a unit to add, got int 1"),
        (lambda: Channel("conv", 0) * "two", TypeError, "factor: expected a finite number, got str"),
        (lambda: Channel("conv", 0) * 0, ValueError, "other than 0"),
        (lambda: Channel("conv", 0) / 0, ValueError, "other than 0"),
        (lambda: float("nan") * Channel("conv", 0), ValueError, "finite number"),
    ],
)
def test_what_cannot_be_combined_is_a_sentence(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_a_combination_checks_each_of_its_terms(model):
    with pytest.raises(IndexError, match="channel: expected a whole number from 0 to 1"):
        read(model, IMAGE, Channel("conv", 0) + Channel("relu", 2))
    with pytest.raises(ValueError, match="at least one"):
        Combination(()).check(model)
