"""Show, attend and tell: weights sum to one, the equations by hand, the regularizer, REINFORCE against enumeration."""

import itertools
import math

import pytest
import torch

from lecturelib.visual_attention.caption_grammar import encode_captions
from lecturelib.visual_attention.caption_scenes import caption_scenes
from lecturelib.visual_attention.caption_training import MovingBaseline, iter_captioner, reinforce_loss
from lecturelib.visual_attention.cell_encoder import (
    CELLS,
    CONTENT,
    CellEncoder,
    WordDetector,
    folded,
    word_labels,
)
from lecturelib.visual_attention.show_attend_tell import (
    ShowAttendTell,
    caption_loss,
    doubly_stochastic_penalty,
    entropy,
    log_likelihood,
    write,
)


def tiny(kind, seed=0, double=True):
    torch.manual_seed(seed)
    model = ShowAttendTell(kind, vocabulary=5, cell_size=3, hidden=4, embedding=3, attention=3)
    return model.double() if double else model


@pytest.mark.parametrize("kind", ["soft", "hard"])
def test_weights_sum_to_one_and_come_second(kind):
    torch.manual_seed(0)
    captions = encode_captions([text for scene in caption_scenes(4) for text in scene.captions()[:1]])
    model = ShowAttendTell(kind)
    scores, attended = model(torch.rand(len(captions), CELLS, 72), captions, torch.Generator().manual_seed(0))
    count, steps = captions.shape
    assert scores.shape == (count, steps - 1, 32)
    assert attended.weights.shape == (count, steps - 1, CELLS)
    assert torch.allclose(attended.weights.sum(-1), torch.ones(count, steps - 1), atol=1e-5)
    if kind == "hard":
        picked = attended.weights.gather(2, attended.drawn[..., None])[..., 0]
        assert torch.allclose(picked.log(), attended.log_drawn, atol=1e-5)


def test_one_step_by_the_equations():
    model, cells = tiny("soft"), torch.rand(1, 6, 3, dtype=torch.double)
    _, attended = model(cells, torch.tensor([[1, 3]]))
    h, c = (part.tanh() for part in model.begin(cells.mean(1)).chunk(2, 1))
    w = model.score
    word = model.embedding(torch.tensor([1]))
    q = torch.cat([h, word], 1)
    e = (torch.tanh(q @ w.query.weight.T + w.query.bias + cells[0] @ w.key.weight.T) @ w.v.weight.T)[:, 0]
    alpha = e.exp() / e.exp().sum()
    assert torch.allclose(attended.weights[0, 0], alpha)
    z = torch.sigmoid(model.gate(h)) * (alpha[:, None] * cells[0]).sum(0)
    hidden, _ = model.lstm(torch.cat([word, z], 1), (h, c))
    scores, _ = model(cells, torch.tensor([[1, 3]]))
    assert torch.allclose(scores[0], model.out(torch.cat([word, hidden, z], 1)))


def test_hard_attention_on_one_cell_is_soft_attention_on_it():
    soft, hard = tiny("soft"), tiny("hard")
    hard.load_state_dict(soft.state_dict())
    cells, captions = torch.rand(2, 1, 3, dtype=torch.double), torch.tensor([[1, 3, 2], [1, 4, 2]])
    assert torch.allclose(soft(cells, captions)[0], hard(cells, captions, torch.Generator())[0])


def test_reinforce_against_enumeration():
    """Three cells, two words, nine paths: the exact gradient of E[log p(y | s)] by summing over all of them."""
    model, captions = tiny("hard"), torch.tensor([[1, 3, 4]])
    cells = torch.rand(1, 3, 3, dtype=torch.double) * 3
    parameters = list(model.parameters())

    def path(places):
        state, log_s, log_y = model.start(cells), 0.0, 0.0
        for t, place in enumerate(places):
            hidden, memory = state
            word = model.embedding(captions[:, t])
            p = model.score(torch.cat([hidden, word], 1)[:, None], cells)[0, 0].log_softmax(-1)
            z = model.gate(hidden).sigmoid() * cells[:, place]
            state = model.lstm(torch.cat([word, z], 1), (hidden, memory))
            score = model.out(torch.cat([word, state[0], z], 1)).log_softmax(-1)
            log_s, log_y = log_s + p[place], log_y + score[0, captions[0, t + 1]]
        return log_s, log_y

    expected = sum(
        log_s.exp() * log_y
        for log_s, log_y in (path(places) for places in itertools.product(range(3), repeat=2))
    )
    exact = torch.cat([g.flatten() for g in torch.autograd.grad(expected, parameters)])
    assert exact.norm() > 1e-3

    n, generator = 8000, torch.Generator().manual_seed(1)
    many, wide = cells.expand(50, -1, -1), captions.expand(50, -1)
    found = {}
    for name, baseline in (("none", 0.0), ("moving", torch.tensor([-3.2, -1.6], dtype=torch.double))):
        singles = []
        for _ in range(n // 50):
            loss, _ = reinforce_loss(*model(many, wide, generator), wide, baseline)
            grads = torch.autograd.grad(-loss * 2, parameters)  # the loss is a mean over 2 words
            singles.append(torch.cat([g.flatten() for g in grads]))
        found[name] = torch.stack(singles)
        error = found[name].std(0) / len(singles) ** 0.5
        gap = (found[name].mean(0) - exact).abs()
        assert bool((gap < 4.5 * error + 1e-6).all()), name  # unbiased within the standard error
        assert found[name].mean(0) @ exact / (found[name].mean(0).norm() * exact.norm()) > 0.95
    attention = [name.startswith("score") for name, p in model.named_parameters() for _ in range(p.numel())]
    variance = {name: values.var(0)[torch.tensor(attention)].sum() for name, values in found.items()}
    assert variance["moving"] < 0.5 * variance["none"]  # the baseline leaves the mean and lowers the variance


def test_log_likelihood_and_loss_leave_padding_out():
    captions = encode_captions(["a small red ball on grass", "on grass there is a small red ball"])
    scores = torch.randn(2, captions.shape[1] - 1, 32, generator=torch.Generator().manual_seed(0))
    log_p = log_likelihood(scores, captions)
    assert bool((log_p[0, 7:] == 0).all()) and bool((log_p[0, :7] < 0).all())
    assert torch.allclose(caption_loss(scores, captions), -log_p.sum() / (captions[:, 1:] != 0).sum())


def test_doubly_stochastic_penalty():
    captions = torch.tensor([[1, 3, 2]])
    one_cell = torch.tensor([[[1.0, 0, 0, 0], [1.0, 0, 0, 0]]])
    assert doubly_stochastic_penalty(one_cell, captions).item() == pytest.approx((3**2 + 3) / 4)
    padded = torch.cat([one_cell, torch.full((1, 1, 4), 0.25)], 1)
    again = doubly_stochastic_penalty(padded, torch.tensor([[1, 3, 2, 0]]))
    assert again.item() == pytest.approx(3.0)  # a step of padding does not count


def test_entropy_by_hand():
    assert entropy(torch.full((64,), 1 / 64)).item() == pytest.approx(4.1589, abs=1e-4)
    assert entropy(torch.tensor([1.0, 0.0])).item() == 0


def test_written_weights_sum_to_one_and_alone_or_in_a_batch_are_the_same():
    torch.manual_seed(0)
    model, cells = ShowAttendTell("soft"), torch.rand(3, CELLS, 72)
    found = write(model, cells)
    for k, one in enumerate(found):
        assert one.weights.shape == (len(one.words), CELLS)
        assert torch.allclose(one.weights.sum(1), torch.ones(len(one.words)), atol=1e-5)
        assert write(model, cells[k : k + 1])[0].words == one.words
    assert model.training and all(p.requires_grad for p in model.parameters())


@pytest.mark.parametrize("kind", ["soft", "hard"])
def test_training_learns_comes_back_by_seed_and_goes_on_where_it_stopped(kind):
    texts = [["a small red ball on wood"], ["a large blue cube on grass"]]
    torch.manual_seed(0)
    cells = torch.rand(2, 4, 6)

    def run():
        torch.manual_seed(3)
        model = ShowAttendTell(kind, cell_size=6, hidden=16, embedding=8, attention=8)
        return iter_captioner(model, cells, texts, 40, 8, 0.02, seed=5)

    whole, again = run(), run()
    losses = [step.loss for step in whole]
    assert losses[-1] < 0.5 * losses[0]
    for _ in range(15):
        next(again)
    third = run()
    third.restore(again.state())
    assert [step.loss for step in third] == losses[15:]


def test_moving_baseline():
    baseline = MovingBaseline(decay=0.9)
    assert baseline.of(2).tolist() == [0, 0]
    baseline.update(torch.tensor([[-4.0, -2.0], [-2.0, 0.0]]), torch.tensor([[1.0, 1.0], [1.0, 0.0]]))
    assert baseline.of(2).tolist() == [-3, -2]
    baseline.update(torch.tensor([[-2.0]]), torch.ones(1, 1))
    assert baseline.of(2).tolist() == pytest.approx([-2.9, -2])  # a position without a word keeps its average


def test_encoder_cells_and_their_places():
    torch.manual_seed(0)
    encoder = CellEncoder().eval()
    cells = encoder(torch.rand(2, 3, 64, 64))
    assert cells.shape == (2, 64, 72)
    rows, columns = cells[0, :, 64].view(8, 8), cells[0, :, 65].view(8, 8)  # 3 sin(pi/2 u), u from -1 to 1
    assert torch.equal(rows, rows[:, :1].expand(8, 8)) and torch.equal(columns, columns[:1].expand(8, 8))
    assert rows[0, 0].item() == pytest.approx(3 * math.sin(-0.875 * math.pi / 2)) == -columns[0, -1].item()
    assert len({tuple(place) for place in cells[0, :, 64:].tolist()}) == 64
    image = torch.rand(1, 3, 64, 64)
    other = image.clone()
    other[..., 40:, :] = 0  # farther than half a receptive field (11 pixels) from the first two rows of cells
    assert torch.equal(encoder(image)[0, :16], encoder(other)[0, :16])


def test_the_receptive_field_of_a_cell_is_centered_on_it():
    image = torch.rand(1, 3, 64, 64, requires_grad=True)
    torch.manual_seed(0)
    net = CellEncoder().double().eval()
    for layer in net.features:
        if isinstance(layer, torch.nn.Conv2d):  # no ReLU is off: every pixel that can count does
            torch.nn.init.uniform_(layer.weight, 0.1, 1.0)
            torch.nn.init.constant_(layer.bias, 10.0)
    cells = net(image.double())
    for row, column in ((3, 3), (4, 2)):
        (grad,) = torch.autograd.grad(cells[0, row * 8 + column, :64].sum(), image, retain_graph=True)
        seen = (grad[0].abs().sum(0) > 0).nonzero()
        low, high = seen.amin(0), seen.amax(0)
        assert (high - low + 1).tolist() == [22, 22]
        assert ((low + high + 1) / 2).tolist() == [row * 8 + 4.0, column * 8 + 4.0]


def test_folding_and_word_labels():
    torch.manual_seed(0)
    net = CellEncoder(batch_norm=True).train()
    net(torch.rand(8, 3, 64, 64))
    images = torch.rand(2, 3, 64, 64)
    assert torch.allclose(folded(net)(images), net.eval()(images), atol=1e-5)
    scenes = caption_scenes(20)
    labels = word_labels(scenes)
    for row, scene in zip(labels, scenes, strict=True):
        said = {CONTENT[k] for k in row.nonzero().flatten().tolist()}
        assert said == set(scene.captions()[0].split()) & set(CONTENT)
    assert WordDetector(net)(images).shape == labels[:2].shape


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda m: ShowAttendTell("local"), ValueError, "kind: expected 'soft' or 'hard'"),
        (lambda m: m(torch.rand(1, 4, 2), torch.tensor([[1, 2]])), ValueError, "cells: expected shape"),
        (lambda m: m(torch.ones(1, 4, 3).long(), torch.tensor([[1, 2]])), TypeError, "cells: expected floats"),
        (lambda m: m(torch.rand(1, 4, 3), torch.rand(1, 2)), TypeError, "captions: expected token ids"),
        (lambda m: m(torch.rand(1, 4, 3), torch.tensor([[1]])), ValueError, "at least START and one word"),
        (lambda m: m(torch.rand(1, 4, 3), torch.tensor([[1, 5]])), ValueError, "token ids from 0 to 4"),
        (lambda m: write(m, torch.rand(1, 4, 3), longest=0), ValueError, "longest"),
        (lambda m: iter_captioner(m, torch.rand(2, 4, 3), [["on"]]), ValueError, "a list of captions for each of 2"),
        (lambda m: iter_captioner(m, torch.rand(1, 4, 3), [["pink"]]), KeyError, "pink"),
        (lambda m: iter_captioner(m, torch.rand(1, 4, 3), [["on"]], 0), ValueError, "steps"),
        (lambda m: iter_captioner(m, torch.rand(1, 4, 3), [["on"]], expected_share=2), ValueError, "expected_share"),
        (lambda m: CellEncoder()(torch.zeros(1, 3, 32, 32)), ValueError, "images.fit"),
        (
            lambda m: reinforce_loss(*m(torch.rand(1, 4, 3), torch.tensor([[1, 2]])), torch.tensor([[1, 2]])),
            ValueError,
            "hard attention",
        ),
    ],
)  # fmt: skip
def test_bad_input(call, error, words):
    with pytest.raises(error, match=words):
        call(tiny("soft", double=False))
