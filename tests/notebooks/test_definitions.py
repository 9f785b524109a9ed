"""What a notebook defines before the student's eyes is what the library computes."""

import copy
import json
import math
from pathlib import Path

import torch
from torch import nn

from lecturelib import models
from lecturelib.architecture.graph.trace import trace
from lecturelib.attention.causal_language_model import CausalLanguageModel, perplexity
from lecturelib.attention.decoding import greedy
from lecturelib.attention.implicit import implicit_attention
from lecturelib.attention.interventions import permuted_attention
from lecturelib.attention.kernel_regression import nadaraya_watson, noisy_curve
from lecturelib.attention.masks import masked_softmax, padding_mask
from lecturelib.attention.multihead import (
    MultiHeadAttention,
    positional_encoding,
    scaled_dot_product_attention,
)
from lecturelib.attention.next_token import continued, next_token_distribution
from lecturelib.attention.scores import Cosine, make_score
from lecturelib.attention.seq2seq import Seq2Seq
from lecturelib.attention.soft_hard_local import hard, local, reinforce_gradient, soft
from lecturelib.attention.tokenizer import END, LONGEST, START
from lecturelib.attention.transformer import EncoderLayer, Transformer
from lecturelib.attention.vision_transformer import attention_rollout
from lecturelib.confounds.adversarial import pgd
from lecturelib.gradients.backprop import backprop
from lecturelib.gradients.grad_cam import grad_cam
from lecturelib.gradients.integrated_gradients import integrated_gradients
from lecturelib.gradients.saliency import saliency_map
from lecturelib.gradients.smooth_grad import smooth_grad
from lecturelib.network.hooks import recording
from lecturelib.network.receptive_field import receptive_field
from lecturelib.network.relu_rules import RULES, relu_back
from lecturelib.network.units import Channel, Logit, Probability, read
from lecturelib.optimization.ascent import maximize
from lecturelib.optimization.deep_dream import iter_deep_dream
from lecturelib.optimization.inversion import activations_of, invert
from lecturelib.optimization.regularizers import l2, total_variation
from lecturelib.parameters.occlusion import occlusion_map

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def shown_definitions(name, **imported):
    space = {"torch": torch, "nn": nn, "read": read, "recording": recording, **imported}
    for cell in json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]:
        if "definition" in cell["metadata"].get("tags", []):
            exec("".join(cell["source"]), space)  # the course's own cell
    return space


def lenet_and_image():
    return models.load("lenet"), torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def test_shapes_parameters_and_fields_as_shown_equal_the_librarys():
    shown = shown_definitions("01_architecture")
    lenet, image = lenet_and_image()
    nodes = [node for node in trace(lenet).nodes if node.is_module and node.kind != "normalize"]
    assert shown["record_shapes"](lenet, image) == [(node.name, node.kind, node.output) for node in nodes]
    assert not any(layer._forward_hooks for layer in lenet.modules())
    for layer in (nn.Conv2d(3, 8, (5, 3)), nn.Conv2d(2, 4, 3, bias=False)):
        by_hand = shown["convolution_parameters"](
            layer.kernel_size, layer.in_channels, layer.out_channels, layer.bias is not None
        )
        assert by_hand == sum(parameter.numel() for parameter in layer.parameters())
    assert shown["linear_parameters"](9, 4) == 40 and shown["linear_parameters"](9, 4, bias=False) == 36
    field = receptive_field(lenet, "pool2")
    assert shown["field_by_hand"]([(5, 1), (2, 2), (5, 1), (2, 2)]) == (field.size[0], field.jump[0])


def test_occlusion_as_shown_equals_the_librarys():
    shown = shown_definitions("04_parameters")["occlusion_map_by_loop"]
    lenet, image = lenet_and_image()
    by_loop = shown(lenet, image, Probability("3"), patch_size=8, stride=4)
    torch.testing.assert_close(by_loop, occlusion_map(lenet, image, Probability("3"), 8, 4).values)


def test_gradients_as_shown_equal_the_librarys():
    shown = shown_definitions("05_gradients")
    lenet, image = lenet_and_image()
    unit = Logit("3")
    torch.testing.assert_close(shown["gradient_in_pixels"](lenet, image, unit), backprop(lenet, image, unit))
    torch.testing.assert_close(
        shown["saliency_by_hand"](lenet, image, unit), saliency_map(lenet, image, unit)
    )
    torch.testing.assert_close(
        shown["integrated_gradients_by_loop"](lenet, image, unit, steps=12),
        integrated_gradients(lenet, image, unit, steps=12).attribution,
        atol=1e-5,
        rtol=1e-4,
    )


def test_the_slope_as_shown_is_the_librarys_gradient_along_a_direction():
    shown = shown_definitions("05_gradients")["slope_along"]
    lenet, image = lenet_and_image()
    lenet, image = copy.deepcopy(lenet).double(), 0.1 + 0.8 * image.double()
    way = torch.randn(image.shape, dtype=torch.double, generator=torch.Generator().manual_seed(1))
    slope = (backprop(lenet, image, Logit("3")) * way).sum().item()
    assert math.isclose(shown(lenet, image, Logit("3"), way), slope, rel_tol=1e-5)


def test_smooth_grad_as_shown_is_the_librarys_without_noise_and_near_it_with():
    shown = shown_definitions("05_gradients")["smooth_grad_by_loop"]
    lenet, image = lenet_and_image()
    image = 0.4 + 0.2 * image  # far from black and white, where the shown loop cuts the noise off
    plain = backprop(lenet, image, Logit("3"))
    torch.testing.assert_close(shown(lenet, image, Logit("3"), noise=0.0, samples=2), plain)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        by_loop = shown(lenet, image, Logit("3"), samples=200).flatten()
    library = smooth_grad(lenet, image, Logit("3"), samples=200).flatten()
    assert torch.corrcoef(torch.stack([by_loop, library]))[0, 1] > 0.95


def test_relu_rules_as_shown_equal_the_librarys():
    relu_with = shown_definitions("05_gradients")["relu_with"]
    a = torch.randn(50, generator=torch.Generator().manual_seed(0)).requires_grad_(True)
    g = torch.randn(50, generator=torch.Generator().manual_seed(1))
    for rule in RULES:
        (back,) = torch.autograd.grad(relu_with(rule)(a), a, g)
        torch.testing.assert_close(back, relu_back(rule, g, a.detach()))


def test_grad_cam_as_shown_equals_the_librarys():
    shown = shown_definitions("05_gradients")["grad_cam_by_hand"]
    lenet, image = lenet_and_image()
    features = nn.Sequential(*lenet.features[:5])
    head = nn.Sequential(lenet.features[5], nn.Flatten(), lenet.classifier)
    by_hand = shown(features, head, lenet.normalize(image), 3)
    torch.testing.assert_close(by_hand, grad_cam(lenet, image, Logit(3), "relu2"))


def test_gradient_ascent_as_shown_equals_the_librarys():
    shown = shown_definitions("06_optimization")["gradient_ascent"]
    lenet, image = lenet_and_image()
    for unit, lam in ((Logit("3"), 0.0), (Channel("conv2", 4), 50.0)):
        form = {
            "parametrization": "pixels",
            "transforms": (),
            "regularizers": [l2(lam)],
            "learning_rate": 0.02,
        }
        library = maximize(lenet, unit, image, steps=12, **form).image
        torch.testing.assert_close(shown(lenet, unit, image, lam, steps=12), library, atol=1e-4, rtol=0)


def test_a_dream_as_shown_equals_the_librarys():
    shown = shown_definitions("06_optimization")["dream_one_octave"]
    lenet, image = lenet_and_image()
    image = 0.3 + 0.4 * image
    *_, library = iter_deep_dream(lenet, "relu2", image, octaves=1, steps=4, step_size=0.012, jitter=0)
    torch.testing.assert_close(shown(lenet, "relu2", image, steps=4), library.image, atol=1e-4, rtol=0)


def test_inversion_as_shown_equals_the_librarys():
    shown = shown_definitions("06_optimization")
    lenet, image = lenet_and_image()
    penalty = total_variation(1.0)(image).item()
    assert abs(shown["total_variation_by_hand"](image).item() - penalty) < 1e-6
    y, grey = activations_of(lenet, image, "conv2"), torch.full_like(image, 0.5)
    grey += 0.01 * torch.rand(image.shape, generator=torch.Generator().manual_seed(1))
    form = {"parametrization": "pixels", "regularizers": [total_variation(0.5)], "learning_rate": 0.05}
    library = invert(lenet, "conv2", y, grey, steps=10, **form).image
    by_hand = shown["invert_by_hand"](lenet, "conv2", y, grey, lam=0.5, steps=10)
    torch.testing.assert_close(by_hand, library, atol=1e-3, rtol=0)


def test_self_attention_heads_and_layer_as_shown_equal_the_librarys():
    shown = shown_definitions("07b_transformer", math=math, START=START, END=END)
    torch.manual_seed(2)
    x, memory, matrices = torch.randn(5, 8), torch.randn(7, 8), torch.randn(3, 8, 6)
    found = shown["attention_by_hand"](x, memory, *matrices)
    expected = scaled_dot_product_attention(x @ matrices[0], memory @ matrices[1], memory @ matrices[2])
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs)
    torch.testing.assert_close(
        shown["self_attention"](x, *matrices), shown["attention_by_hand"](x, x, *matrices)
    )
    library = MultiHeadAttention(8, 2)  # its biases begin at 0
    W = [linear.weight.T for linear in (library.query, library.key, library.value, library.out)]
    for mine, theirs in zip(
        shown["multi_head_by_hand"](x, memory, 2, *W), library(x[None], memory[None]), strict=True
    ):
        torch.testing.assert_close(mine, theirs[0])
    layer = EncoderLayer(8, 2, 16).eval()
    parts = layer.attention, layer.feed_forward, layer.norm1, layer.norm2
    for mine, theirs in zip(shown["encoder_layer_by_hand"](x[None], *parts), layer(x[None]), strict=True):
        torch.testing.assert_close(mine, theirs)


def test_positions_masks_decoding_and_smoothing_as_shown_equal_the_librarys():
    shown = shown_definitions("07b_transformer", math=math, START=START, END=END)
    torch.testing.assert_close(shown["positional_encoding_by_hand"](40, 12), positional_encoding(40, 12))
    scores, mask = torch.randn(6, 5), torch.rand(6, 5, generator=torch.Generator().manual_seed(0)) < 0.6
    mask[2] = False
    torch.testing.assert_close(shown["masked_softmax_by_hand"](scores, mask), masked_softmax(scores, mask))
    torch.manual_seed(3)
    model = Transformer(30, d=16, heads=2, layers=2, hidden=32).eval()
    source = torch.tensor([[7, 9, 11, END]])
    assert shown["greedy_by_hand"](model, source, 12) == greedy(model, source, 12).ids[0]
    wanted = torch.tensor([4, 0, 2, 2, 1, 3])
    smoothed = nn.functional.cross_entropy(scores, wanted, label_smoothing=0.1)
    torch.testing.assert_close(shown["smoothed_loss_by_hand"](scores, wanted), smoothed)
    weights = [torch.rand(1, 3, 5, 5).softmax(-1) for _ in range(2)]
    rolled = shown["rollout_by_hand"]([layer[0] for layer in weights])
    torch.testing.assert_close(rolled, attention_rollout(weights)[0])
    ranked = (
        torch.tensor([[1.0, 2, 3, 4, 5], [1, 2, 3, 4, 5]]),
        torch.tensor([[5.0, 6, 7, 8, 9], [5, 4, 3, 2, 1]]),
    )
    assert abs(shown["rank_correlation"](*ranked)) < 1e-6  # 1 and -1
    rates = [shown["learning_rate"](step, 100, 20) for step in range(100)]
    assert max(rates) == rates[19] == rates[20] == 2e-3 and rates[-1] < 1e-5


def small_translator(score="additive"):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Seq2Seq(40, score, embedding=12, encoder=10, decoder=14)
    return model.eval().requires_grad_(False)


def attention_as_shown():
    names = {"START": START, "END": END, "LONGEST": LONGEST, "padding_mask": padding_mask}
    return shown_definitions("07a_attention", cosine_similarity=nn.functional.cosine_similarity, **names)


SENTENCE, WRITTEN = [7, 12, 31, 5, END], [9, 22, 4, END]


def test_attending_as_shown_equals_the_librarys():
    shown, generator = attention_as_shown(), torch.Generator().manual_seed(0)
    query, keys, values = (torch.randn(size, generator=generator) for size in ((6,), (5, 6), (5, 3)))
    context, weights = soft((2 * keys @ query)[None], values[None])
    by_hand = shown["attend"](query, keys, values, sharpness=2)
    torch.testing.assert_close(by_hand, (context[0], weights[0]))


def test_kernel_regression_as_shown_equals_the_librarys():
    shown, (x, y) = attention_as_shown()["kernel_regression"], noisy_curve(20, seed=3)
    for query in (-1.0, 2.2, 5.0):
        for width in (0.05, 0.5, 4.0):
            estimates, weights = nadaraya_watson(torch.tensor([query]), x, y, width)
            torch.testing.assert_close(shown(query, x, y, width), (estimates[0], weights[0]))


def test_implicit_attention_as_shown_equals_the_librarys():
    by_loop = attention_as_shown()["implicit_by_loop"]
    for model in (small_translator(), small_translator(None)):
        library = implicit_attention(model, SENTENCE, WRITTEN)
        torch.testing.assert_close(by_loop(model, SENTENCE, WRITTEN), library)
        assert not model.embedding._forward_hooks


def test_writing_and_contexts_as_shown_equal_the_librarys():
    shown, model = attention_as_shown(), small_translator()
    written, weights = shown["write_by_hand"](model, SENTENCE)
    library = greedy(model, torch.tensor([SENTENCE]))
    assert written == library.ids[0]
    torch.testing.assert_close(torch.cat(weights), library.weights[0])
    memory, (hidden, _, _) = model.encode(torch.tensor([SENTENCE]))
    alpha, context = shown["context_by_hand"](model.score, hidden[0], memory[0])
    torch.testing.assert_close(alpha, library.weights[0][0])
    torch.testing.assert_close(context, library.weights[0][0] @ memory[0])


def test_scores_as_shown_equal_the_librarys():
    shown, generator = attention_as_shown(), torch.Generator().manual_seed(0)
    s, h, wide = (torch.randn(size, generator=generator) for size in ((8,), (5, 8), (5, 12)))
    with torch.no_grad():
        own = make_score("additive", 8, 12)
        by_hand = shown["additive"](
            s, wide, torch.cat([own.query.weight, own.key.weight], 1), own.query.bias, own.v.weight[0]
        )
        torch.testing.assert_close(by_hand, own(s[None, None], wide[None])[0, 0])
        own = make_score("general", 8, 12)
        torch.testing.assert_close(
            shown["general"](s, wide, own.w.weight), own(s[None, None], wide[None])[0, 0]
        )
        for name in ("dot", "scaled_dot"):
            own = make_score(name.replace("_", " "), 8, 8)
            torch.testing.assert_close(shown[name](s, h), own(s[None, None], h[None])[0, 0])
        own = Cosine(8, 8, strength=3.0)
        torch.testing.assert_close(shown["cosine"](s, h, 3.0), own(s[None, None], h[None])[0, 0])


def test_hard_and_local_looks_as_shown_equal_the_librarys():
    shown, generator = attention_as_shown(), torch.Generator().manual_seed(0)
    scores, values = torch.randn(9, generator=generator), torch.randn(9, 4, generator=generator)
    for seed in range(5):
        first, second = (torch.Generator().manual_seed(seed) for _ in range(2))
        value, drawn, log_p = hard(scores[None], values[None], first)
        by_hand = shown["hard_by_hand"](scores, values, second)
        torch.testing.assert_close(by_hand, (value[0], int(drawn), log_p[0]))
    context, weights = local(scores[None], values[None], torch.tensor([5.3]), window=2)
    torch.testing.assert_close(
        shown["local_by_hand"](scores, values, torch.tensor(5.3), 2), (context[0], weights[0])
    )


def test_reinforce_as_shown_equals_the_librarys():
    by_hand = attention_as_shown()["reinforce_by_hand"]
    scores, rewards = torch.tensor([0.5, -1.0, 2.0, 0.0]), torch.tensor([1.0, 3.0, -2.0, 0.5])
    for seed in range(5):
        first, second = (torch.Generator().manual_seed(seed) for _ in range(2))
        library = reinforce_gradient(scores, lambda i: rewards[i], 1, first, baseline=0.7)[0]
        torch.testing.assert_close(by_hand(scores, lambda i: rewards[i], second, 0.7), library)


def test_permuted_weights_as_shown_equal_the_librarys():
    shown, model = attention_as_shown()["probabilities_with"], small_translator()
    model.score.v.weight *= 50  # weights far from flat, and outputs far from even
    model.out.weight *= 20
    library = permuted_attention(model, SENTENCE, WRITTEN, permutations=1, seed=3)
    length = len(SENTENCE)
    orders = torch.rand(len(WRITTEN), length, generator=torch.Generator().manual_seed(3)).argsort(-1)
    for t, order in enumerate(orders):  # the library's own permutations
        p = shown(model, SENTENCE, WRITTEN, t, torch.arange(length))
        q = shown(model, SENTENCE, WRITTEN, t, order)
        torch.testing.assert_close((p - q).abs().sum() / 2, library.total_variation[t, 0])
    assert library.total_variation.max() > 0.05


def test_the_attack_as_shown_is_the_librarys():
    lenet, image = lenet_and_image()
    shown = shown_definitions("03_confounds", net=lenet, cross_entropy=nn.functional.cross_entropy)
    found = shown["attack"](image, lenet.classes[3], epsilon=0.1, steps=5)
    other = pgd(lenet, image, 0.1, 5, target=lenet.classes[3])
    assert ((found - other).abs() > 1e-6).float().mean() < 0.01  # a sign of a gradient near 0 may turn


def causal_as_shown():
    return shown_definitions("07c_language_model", math=math, START=START, END=END)


def small_language_model():
    torch.manual_seed(0)
    return CausalLanguageModel(40, d=16, heads=2, layers=2, hidden=32).eval()


def test_probabilities_and_perplexity_as_shown_equal_the_librarys():
    shown, model = causal_as_shown(), small_language_model()
    log_p = shown["log_probability"](model, SENTENCE)
    scores = model(torch.tensor([[START, *SENTENCE[:-1]]]))[0][0].log_softmax(-1)
    torch.testing.assert_close(log_p, scores[torch.arange(len(SENTENCE)), SENTENCE].detach())
    assert math.isclose(shown["perplexity_of"](log_p), perplexity(model, [SENTENCE]), rel_tol=1e-4)


def test_cutting_as_shown_equals_the_librarys():
    shown = causal_as_shown()["cut"]
    scores = torch.randn(50, generator=torch.Generator().manual_seed(0)) * 2
    for given in (
        {},
        {"temperature": 0.3},
        {"top_k": 7},
        {"top_p": 0.6},
        {"temperature": 2.0, "top_k": 9, "top_p": 0.5},
    ):
        torch.testing.assert_close(shown(scores, **given), next_token_distribution(scores, **given))


def test_decoding_as_shown_equals_the_librarys():
    shown, model = causal_as_shown(), small_language_model()
    library = continued(model, SENTENCE[:-1], longest=12).ids
    assert shown["greedy_with_cache"](model, SENTENCE[:-1], 12) == library
    assert shown["greedy_without"](model, SENTENCE[:-1], 12) == library
