"""Letters that repeat, induction scores and ablation: by loops, and on heads set by hand."""

import pytest
import torch

from lecturelib.attention import induction
from lecturelib.attention.causal_language_model import CausalLanguageModel
from lecturelib.attention.induction_plots import heads_picture, watch_heads
from lecturelib.attention.induction_run import EVERY, by_name, train_induction
from lecturelib.attention.tokenizer import SPECIAL, START


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("period", [1, 5, 8, 24])
def test_letters_repeat(period):
    tokens = induction.repeated(7, period, 24, generator())
    assert tokens.shape == (7, 25) and (tokens[:, 0] == START).all()
    assert (tokens[:, 1:] >= len(SPECIAL)).all() and (tokens < induction.VOCABULARY).all()
    for t in range(1 + period, 25):
        assert torch.equal(tokens[:, t], tokens[:, t - period])
    once = induction.repeated(7, period, 24, generator(), distinct=True)[:, 1 : period + 1]
    assert all(len(set(row)) == period for row in once.tolist())


def test_pieces_are_copies_of_what_stands_before():
    tokens, known = induction.pieces(50, generator=generator())
    for row, mask in zip(tokens.tolist(), known.tolist(), strict=True):
        text = row[1:]
        assert not any(mask[: induction.FIRST + 2])
        for t in range(induction.FIRST, len(text)):
            if mask[t + 1]:  # the pair of letters that ends here occurs before
                pairs = [tuple(text[k : k + 2]) for k in range(t - 1)]
                assert tuple(text[t - 1 : t + 1]) in pairs
    assert 0.4 < known[:, 11:].float().mean() < 0.95


def test_targets_by_loops():
    tokens = induction.repeated(3, 4, 11, generator(1))
    for shift in (0, 1):
        found = induction.targets(tokens, shift)
        for b, row in enumerate(tokens.tolist()):
            for t in range(len(row)):
                places = {s + shift for s in range(t) if row[s] == row[t] and row[s] != START}
                assert {k for k, yes in enumerate(found[b, t].tolist()) if yes} == places


class OneHead(CausalLanguageModel):
    """Weights that were set by hand, to see whether the score reads the right ones."""

    def __init__(self, weights):
        super().__init__(induction.VOCABULARY, d=4, heads=2, layers=1, hidden=4)
        self.given = weights

    def forward(self, tokens, caches=None):
        return torch.zeros(*tokens.shape, induction.VOCABULARY), [self.given]


def test_scores_by_hand():
    a, b, c = 4, 5, 6
    tokens = torch.tensor([[START, a, b, c, a, b]])  # copies: of a (1) at 4, of b (2) at 5
    weights = torch.zeros(1, 2, 6, 6)
    weights[0, 0, 4, 2], weights[0, 0, 5, 3] = 0.9, 0.5  # what came after: b at 2, c at 3
    weights[0, 1, 4, 1], weights[0, 1, 5, 4] = 0.6, 1.0  # the copy itself; the token before
    model = OneHead(weights)
    torch.testing.assert_close(induction.induction_scores(model, tokens), torch.tensor([[0.7, 0.0]]))
    torch.testing.assert_close(induction.induction_scores(model, tokens, 0), torch.tensor([[0.0, 0.3]]))
    with pytest.raises(ValueError, match="at least one token that occurs twice"):
        induction.induction_scores(model, torch.tensor([[START, a, b, c]]))


def test_copying_counts_what_can_be_known():
    class Says(CausalLanguageModel):
        def forward(self, tokens, caches=None):  # right everywhere but at one place
            scores = torch.nn.functional.one_hot(
                whole[:, 1 : tokens.shape[1] + 1], induction.VOCABULARY
            ).float()
            scores[:, 9] = 0
            return scores, []

    whole = induction.repeated(4, 6, 12, generator(), distinct=True)
    model = Says(induction.VOCABULARY, d=4, heads=2, layers=1, hidden=4)
    # letters 8 to 12 can be known; the tenth is wrong
    assert induction.copying(model, whole, 6) == pytest.approx(4 / 5)


def test_an_ablated_head_adds_nothing():
    torch.manual_seed(0)
    model = induction.build(2).double().eval()
    tokens = induction.repeated(2, 5, 12, generator())
    ablated = induction.without_heads(model, [(1, 0)])
    gathered = []
    for one in (model, ablated):
        attention = one.layers[1].attention
        handle = attention.out.register_forward_hook(
            lambda module, given, out: gathered.append((given[0], out))
        )
        one(tokens)
        handle.remove()
    (before, whole), (after, rest) = gathered
    torch.testing.assert_close(before, after)  # what the heads read is the same
    own = before[..., :32] @ model.layers[1].attention.out.weight[:, :32].T
    torch.testing.assert_close(rest, whole - own)
    assert not torch.equal(model(tokens)[0], ablated(tokens)[0])
    torch.testing.assert_close(induction.without_heads(model, [])(tokens)[0], model(tokens)[0])
    for wrong in ((2, 0), (0, 2), (-1, 0)):
        with pytest.raises(IndexError, match="layer, head: expected a layer from 0 to 1"):
            induction.without_heads(model, [wrong])


@pytest.mark.parametrize("seed", range(induction.SEEDS))
def test_the_shipped_models_copy_with_two_layers_only(seed):
    tokens = induction.repeated(50, 7, generator=generator(3), distinct=True)
    two, one = induction.load(2, seed), induction.load(1, seed)
    assert induction.copying(two, tokens, 7) > 0.95 and induction.copying(one, tokens, 7) < 0.6
    assert induction.induction_scores(two, tokens)[1].min() > 0.7
    assert induction.induction_scores(one, tokens).max() < 0.4


def test_a_run_goes_on_where_it_was_left():
    whole, parts = train_induction(steps=12, seed=1), train_induction(steps=12, seed=1)
    for _ in whole:
        pass
    for _ in range(5):
        next(parts)
    for _ in parts:
        pass
    assert whole.history["loss"].tolist() == parts.history["loss"].tolist()
    assert whole.history.steps("layer 2 head 1").tolist() == [EVERY]
    shown = []
    run = train_induction(1, steps=12)
    assert len(list(watch_heads(run, lambda picture, line: shown.append(picture)))) == 12
    assert "step 12 of 12" in shown[-1].alt and "layer 1 head 2" in shown[-1].alt
    assert by_name(run.last.scores).keys() == {"layer 1 head 1", "layer 1 head 2"}
    with pytest.raises(ValueError, match="at least one step"):
        heads_picture(train_induction(steps=2))
    with pytest.raises(TypeError, match="run: expected a run"):
        watch_heads([])


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: induction.repeated(1, 27, 30, distinct=True), ValueError, "period: expected"),
        (lambda: induction.repeated(0, 3), ValueError, "count: expected"),
        (lambda: induction.pieces(1, 11), ValueError, "length: expected"),
        (lambda: induction.load(3), ValueError, "layers: expected"),
        (lambda: induction.load(2, 9), ValueError, "seed: expected"),
        (lambda: induction.induction_scores(induction.build(), [1]), TypeError, "tokens: expected"),
        (lambda: train_induction(steps=0), ValueError, "steps: expected"),
    ],
)
def test_bad_input(call, error, words):
    with pytest.raises(error, match=words):
        call()
