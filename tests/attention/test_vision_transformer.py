"""The Vision Transformer: patches and rollout by hand, cost by PyTorch's counter, and the shipped accuracies again."""

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from lecturelib import datasets
from lecturelib.attention.explore import vision_transformer_explorer
from lecturelib.attention.explore.vision_transformer import HEADS, untrained, weights_map
from lecturelib.attention.vision_transformer import (
    KINDS,
    VisionTransformer,
    attention_rollout,
    build,
    image_multiply_adds,
    load,
    patches,
    training_log,
)


def test_rollout_of_two_layers_and_two_heads_by_hand():
    first = torch.tensor([[[[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.5, 0.5]]]])  # (1, 2 heads, 2, 2)
    second = torch.tensor([[[[0.2, 0.8], [1.0, 0.0]], [[0.6, 0.4], [1.0, 0.0]]]])
    # means over heads [[.5, .5], [.5, .5]] and [[.4, .6], [1, 0]]; half of the identity is added to half of each
    one, two = np.array([[0.75, 0.25], [0.25, 0.75]]), np.array([[0.7, 0.3], [0.5, 0.5]])
    by_hand = two @ one  # [[.6, .4], [.5, .5]]
    np.testing.assert_allclose(attention_rollout([first, second])[0].numpy(), by_hand, rtol=1e-6)
    np.testing.assert_allclose(by_hand, [[0.6, 0.4], [0.5, 0.5]], rtol=1e-12)
    plain = attention_rollout([first, second], residual=0)[0]
    torch.testing.assert_close(plain, second.mean(1)[0] @ first.mean(1)[0])
    torch.testing.assert_close(attention_rollout([first, second], residual=1)[0], torch.eye(2))


def test_rows_of_the_rollout_sum_to_one():
    weights = [
        torch.rand(3, 4, 6, 6, generator=torch.Generator().manual_seed(k)).softmax(-1) for k in (0, 1, 2)
    ]
    torch.testing.assert_close(attention_rollout(weights).sum(-1), torch.ones(3, 6))


@pytest.mark.parametrize("weights", [[], [torch.zeros(2, 3, 3)], [torch.zeros(1, 2, 3, 4)]])
def test_what_cannot_be_rolled_out_is_said(weights):
    with pytest.raises(ValueError, match="at least one tensor of shape"):
        attention_rollout(weights)


def test_patches_are_squares_row_by_row():
    images = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    cut = patches(images)
    assert cut.shape == (2, 49, 16)
    torch.testing.assert_close(cut[1, 9].view(4, 4), images[1, 0, 4:8, 8:12])  # row 1, column 2
    with pytest.raises(ValueError, match="multiples of 5"):
        patches(images, 5)


def test_a_matrix_on_patches_is_a_convolution_with_that_stride():
    model, images = untrained(), torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    convolved = torch.nn.functional.conv2d(
        images, model.embed.weight.view(-1, 1, 4, 4), model.embed.bias, stride=4
    )
    torch.testing.assert_close(model.embed(patches(images)), convolved.flatten(2).transpose(1, 2))


def test_without_positions_the_order_of_the_patches_does_not_matter():
    torch.manual_seed(0)
    model = VisionTransformer().eval()
    image = torch.rand(1, 1, 28, 28)
    blocks = image.unfold(2, 4, 4).unfold(3, 4, 4).reshape(49, 4, 4)
    mixed = blocks[torch.randperm(49)].view(7, 7, 4, 4).permute(0, 2, 1, 3).reshape(1, 1, 28, 28)
    with torch.no_grad():
        with_order = (model(image)[0] - model(mixed)[0]).abs().max()
        model.position.zero_()
        without = (model(image)[0] - model(mixed)[0]).abs().max()
    assert without < 1e-5 < 1e-3 < with_order


@pytest.mark.parametrize("kind", KINDS)
def test_multiply_adds_are_those_that_pytorch_counts(kind):
    model = build(kind).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(1, 1, 28, 28))
    assert image_multiply_adds(model) == counter.get_total_flops() / 2


def test_the_two_cost_the_same_within_two_percent():
    ours, twin = (image_multiply_adds(build(kind)) for kind in KINDS)
    assert abs(ours / twin - 1) < 0.02


@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_accuracy_is_measured_again(kind):
    images, labels = datasets.clothes("test")
    with torch.inference_mode():
        guesses = torch.cat([load(kind)(part)[0].argmax(1) for part in images.split(250)])
    found = (guesses == labels).float().mean().item()
    assert found == pytest.approx(training_log()[f"{kind}_accuracy_on_2000_test_images"], abs=0.0016)


def test_the_explorable_shows_the_models_weights():
    images, labels = datasets.clothes("test")
    with torch.inference_mode():
        weights = load()(images[labels == 7][:1])[1]  # the first sneaker
    rolled = attention_rollout(weights)[0, 0]
    values, cls = weights_map(weights, "rollout", "mean", 0)
    torch.testing.assert_close(values.flatten(), rolled[1:])
    assert cls == pytest.approx(rolled[0].item())
    shown = vision_transformer_explorer().picture()
    assert f"{rolled[0]:.0%} from [CLS]" in shown.caption
    for head in HEADS:
        values, cls = weights_map(weights, "2", head, 10)
        assert float(values.sum()) + cls == pytest.approx(1, abs=1e-5)
