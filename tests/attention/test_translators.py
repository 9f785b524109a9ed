"""Translators on tiny sizes: causality, filling, cached decoding, beams, and the scores by hand."""

import math

import pytest
import torch
from torch.nn import functional as F

from lecturelib.attention.decoding import Decoder, beam_search, greedy
from lecturelib.attention.scores import SCORES, Additive, Cosine, make_score
from lecturelib.attention.seq2seq import Seq2Seq
from lecturelib.attention.tokenizer import END, START
from lecturelib.attention.transformer import Transformer

VOCABULARY = 30


def tiny(kind: str):
    torch.manual_seed(0)
    if kind == "transformer":
        model = Transformer(VOCABULARY, d=16, heads=2, layers=2, hidden=32)
    else:
        model = Seq2Seq(VOCABULARY, None if kind == "fixed" else kind, embedding=12, encoder=10, decoder=14)
    for parameter in model.parameters():  # far from symmetric, so that a mistake shows
        parameter.data.mul_(2.0)
    return model.eval()


KINDS = ["transformer", "fixed", *SCORES]


def sentences():
    torch.manual_seed(1)
    source = torch.randint(4, VOCABULARY, (3, 7))
    source[1, 4:] = 0
    return source, torch.randint(4, VOCABULARY, (3, 6))


@pytest.mark.parametrize("kind", KINDS)
def test_a_later_word_changes_nothing_before_it(kind):
    model, (source, target) = tiny(kind), sentences()
    changed = target.clone()
    changed[:, 4] = (changed[:, 4] - 3) % (VOCABULARY - 4) + 4
    first, second = model(source, target)[0], model(source, changed)[0]
    assert torch.equal(first[:, :4], second[:, :4]) and not torch.equal(first[:, 4:], second[:, 4:])


@pytest.mark.parametrize("kind", KINDS)
def test_the_filling_of_a_batch_changes_nothing(kind):
    model, (source, target) = tiny(kind), sentences()
    together, alone = model(source, target)[0][1], model(source[1:2, :4], target[1:2])[0][0]
    assert torch.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_are_shares_and_none_falls_on_the_filling(kind):
    model, (source, target) = tiny(kind), sentences()
    weights = model(source, target)[1]
    if kind == "fixed":
        assert weights is None
        return
    for one in weights.cross if kind == "transformer" else [weights]:
        assert torch.allclose(one.sum(-1), torch.ones(one.shape[:-1]))
        assert one[1, ..., 4:].eq(0).all() and one[0].gt(0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_decoding_step_by_step_equals_the_whole_pass(kind):
    model, (source, target) = tiny(kind), sentences()
    with torch.no_grad():
        whole = model(source, target)[0].log_softmax(-1)
        decoder = Decoder(model, source)
        for t in range(target.shape[1]):
            log_p, _ = decoder.step(target[:, t])
            assert torch.allclose(log_p, whole[:, t], atol=1e-5), t


@pytest.mark.parametrize("kind", ["transformer", "fixed", "additive"])
def test_a_beam_of_one_is_greedy_and_a_wide_one_finds_the_best(kind):
    model, (source, _) = tiny(kind), sentences()
    one = source[:1]
    plain = greedy(model, one, longest=5)
    narrow = beam_search(model, one, width=1, longest=5, length_penalty=0.0)
    assert narrow.ids[0] == plain.ids[0]
    assert math.isclose(narrow.log_probability[0], plain.log_probability[0], rel_tol=1e-4)
    wide = beam_search(model, one, width=VOCABULARY**2, longest=2, length_penalty=0.0)
    pairs = [[a, b] for a in range(VOCABULARY) for b in range(VOCABULARY) if a != END]
    with torch.no_grad():  # every sentence of two pieces, by brute force
        target = torch.tensor([[START, a] for a, _ in pairs])
        log_p = model(one.expand(len(pairs), -1), target)[0].log_softmax(-1)
    totals = [log_p[k, 0, a].item() + log_p[k, 1, b].item() for k, (a, b) in enumerate(pairs)]
    finished = [(log_p[0, 0, END].item(), [END])]
    finished += [(total, pair) for total, pair in zip(totals, pairs, strict=True) if pair[1] == END]
    assert wide.ids[0] == max(finished)[1]
    assert math.isclose(wide.log_probability[0], max(finished)[0], rel_tol=1e-4)


def test_greedy_gives_the_weights_of_every_written_piece():
    model, (source, _) = tiny("transformer"), sentences()
    found = greedy(model, source, longest=4)
    for ids, weights in zip(found.ids, found.weights, strict=True):
        assert weights.shape == (2, 2, len(ids), 7)  # layers, heads, T, S


def test_without_position_code_the_order_of_source_words_is_lost():
    torch.manual_seed(0)
    model = Transformer(VOCABULARY, d=16, heads=2, layers=1, hidden=32, positions=False).eval()
    source, target = torch.tensor([[5, 6, 7, 8]]), torch.tensor([[START, 9]])
    with torch.no_grad():
        first, second = model(source, target)[0], model(source.flip(1), target)[0]
    assert torch.allclose(first, second, atol=1e-5)


def test_scores_by_hand():
    query, keys = torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[3.0, 4.0], [0.0, -1.0]]])
    dot = torch.tensor([11.0, -2.0])
    assert torch.equal(make_score("dot", 2, 2)(query, keys)[0, 0], dot)
    assert torch.allclose(make_score("scaled dot", 2, 2)(query, keys)[0, 0], dot / math.sqrt(2))
    cosines = dot / torch.tensor([5 * math.sqrt(5), math.sqrt(5)])
    assert torch.allclose(Cosine(2, 2, strength=1.0)(query, keys)[0, 0], cosines)
    assert torch.allclose(Cosine(2, 2)(query, keys)[0, 0], 10 * cosines)
    general = make_score("general", 2, 2)
    general.w.weight.data = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    assert torch.equal(general(query, keys)[0, 0], torch.tensor([14.0, -2.0]))
    additive = Additive(2, 2, hidden=5)
    joined = torch.cat([query.expand(1, 2, 2), keys], -1)  # [s; h]
    w = torch.cat([additive.query.weight, additive.key.weight], 1)
    expected = F.linear(F.linear(joined, w, additive.query.bias).tanh(), additive.v.weight)[..., 0]
    assert torch.allclose(additive(query, keys)[0], expected)


@pytest.mark.parametrize("name", SCORES)
def test_scores_take_keys_of_another_width_and_name_what_is_wrong(name):
    score = make_score(name, 6, 4)
    assert score(torch.randn(2, 3, 6), torch.randn(2, 5, 4)).shape == (2, 3, 5)
    with pytest.raises(ValueError, match=r"keys: \(B, L, 4\) is needed"):
        score(torch.randn(2, 3, 6), torch.randn(2, 5, 6))


def test_bad_input_is_a_sentence():
    with pytest.raises(KeyError, match="choose one of additive"):
        make_score("best", 4, 4)
    model = tiny("transformer")
    with pytest.raises(ValueError, match="one sentence"):
        beam_search(model, torch.ones(2, 3, dtype=torch.long))
    with pytest.raises(ValueError, match="width"):
        beam_search(model, torch.ones(1, 3, dtype=torch.long), width=0)
    with pytest.raises(ValueError, match="numbers of pieces"):
        greedy(model, torch.ones(3, dtype=torch.long))
    with pytest.raises(TypeError, match="Transformer or a Seq2Seq"):
        greedy(torch.nn.Linear(2, 2), torch.ones(1, 3, dtype=torch.long))
