"""Greedy and beam search on tiny translators: equal to whole passes, best by brute force, compared by value."""

import math

import pytest
import torch

from lecturelib.attention.decoding import Decoder, beam_search, greedy, length_normalized
from lecturelib.attention.scores import SCORES
from lecturelib.attention.seq2seq import Seq2Seq
from lecturelib.attention.tokenizer import END, START

KINDS = ["transformer", "fixed", *SCORES]
VOCABULARY = 30


@pytest.mark.parametrize("kind", KINDS)
def test_decoding_step_by_step_equals_the_whole_pass(kind, tiny, sentences):
    model, (source, target) = tiny(kind), sentences
    with torch.no_grad():
        whole = model(source, target)[0].log_softmax(-1)
        decoder = Decoder(model, source)
        for t in range(target.shape[1]):
            log_p, _ = decoder.step(target[:, t])
            assert torch.allclose(log_p, whole[:, t], atol=1e-5), t


@pytest.mark.parametrize("kind", ["transformer", "fixed", "additive"])
def test_a_beam_of_one_is_greedy_and_a_wide_one_finds_the_best(kind, tiny, sentences):
    model, (source, _) = tiny(kind), sentences
    one = source[:1]
    plain = greedy(model, one, longest=5)
    narrow = beam_search(model, one, width=1, longest=5, length_penalty=0.0)
    assert narrow.ids[0] == plain.ids[0]
    assert math.isclose(narrow.log_probability[0], plain.log_probability[0], rel_tol=1e-4)
    wide = beam_search(model, one, width=VOCABULARY**2, longest=2, length_penalty=0.0)
    pairs = [[a, b] for a in range(VOCABULARY) for b in range(VOCABULARY) if a != END]
    with torch.no_grad():  # every sentence of two tokens, by brute force
        target = torch.tensor([[START, a] for a, _ in pairs])
        log_p = model(one.expand(len(pairs), -1), target)[0].log_softmax(-1)
    totals = [log_p[k, 0, a].item() + log_p[k, 1, b].item() for k, (a, b) in enumerate(pairs)]
    finished = [(log_p[0, 0, END].item(), [END])]
    finished += [(total, pair) for total, pair in zip(totals, pairs, strict=True) if pair[1] == END]
    assert wide.ids[0] == max(finished)[1]
    assert math.isclose(wide.log_probability[0], max(finished)[0], rel_tol=1e-4)


def test_greedy_gives_the_weights_of_every_written_token(tiny, sentences):
    model, (source, _) = tiny("transformer"), sentences
    found = greedy(model, source, longest=4)
    for ids, weights in zip(found.ids, found.weights, strict=True):
        assert weights.shape == (2, 2, len(ids), 7)  # layers, heads, T, S


def log_p_of(model, source, ids):
    """The log-probability of a sentence of ids by one pass of the whole network."""
    with torch.no_grad():
        log_p = model(source, torch.tensor([[START, *ids[:-1]]]))[0][0].log_softmax(-1)
    return sum(log_p[t, token].item() for t, token in enumerate(ids))


def test_length_normalization_by_value():
    # ((5 + length) / 6)^0.6 of Wu et al. 2016, length counted with END
    assert length_normalized(-3.0, 1, 0.6) == -3.0
    assert math.isclose(length_normalized(-3.0, 7, 0.6), -3.0 / 2**0.6, rel_tol=1e-12)
    assert length_normalized(-3.0, 13, 0.0) == -3.0 and length_normalized(-3.0, 13, 1.0) == -1.0


class Scripted(Seq2Seq):
    """A translator whose log-probabilities are a table: those of the next token, by the last token."""

    def __init__(self, table):
        super().__init__(len(table), None, embedding=4, encoder=2, decoder=4)
        self.table = torch.as_tensor(table)

    def encode(self, source):
        state = torch.zeros(len(source), 1)
        return state, (state, state, state)

    def embed(self, tokens):
        return tokens[..., None].float()

    def step(self, word, state, memory, mask):
        self.last = word[:, 0].long()
        return word, None, state


def test_the_length_penalty_decides_between_a_short_and_a_long_sentence(monkeypatch):
    # after START: END with p = 0.5, or token 4 with 0.4; after 4: END surely. The long one is less likely, and wins as
    # soon as the penalty of its length, 2, outweighs that.
    p = torch.full((5, 5), 1e-9)
    p[START, END], p[START, 4], p[4, END] = 0.5, 0.4, 1.0
    model = Scripted(p)
    source = torch.tensor([[4, END]])

    def log_p(self, tokens):
        self.position += 1
        return self.model.table[tokens].log(), None

    monkeypatch.setattr(Decoder, "step", log_p)
    short, long = math.log(0.5), math.log(0.4)
    # equal where short / (6/6)^a = long / (7/6)^a
    turn = math.log(long / short) / math.log(7 / 6)
    assert math.isclose(turn, 1.8105, abs_tol=1e-4)
    before = beam_search(model, source, width=2, length_penalty=turn - 0.01)
    after = beam_search(model, source, width=2, length_penalty=turn + 0.01)
    assert before.ids[0] == [END] and after.ids[0] == [4, END]
    assert math.isclose(before.log_probability[0], short, rel_tol=1e-6)
    assert math.isclose(after.log_probability[0], long, rel_tol=1e-6)


def scripted(monkeypatch, *rows):
    """A translator of these tables {(last token, next token): probability}, one for each row of the batch."""
    tables = torch.full((len(rows), 7, 7), 1e-9)
    for table, row in zip(tables, rows, strict=True):
        for places, p in row.items():
            table[places] = p

    def log_p(self, tokens):
        self.position += 1
        each = torch.arange(len(tokens)) if len(rows) > 1 else torch.zeros(len(tokens), dtype=torch.long)
        return tables[each, tokens].log(), None

    monkeypatch.setattr(Decoder, "step", log_p)
    return Scripted(tables[0])


def test_the_log_probability_of_a_sentence_that_ended_waits_for_the_others(monkeypatch):
    short, long = {(START, END): 0.6}, {(START, 4): 0.7, (4, 5): 0.9, (5, END): 0.5}
    found = greedy(scripted(monkeypatch, short, long), torch.tensor([[4, END], [5, END]]))
    assert found.ids == [[END], [4, 5, END]]
    assert found.log_probability == pytest.approx([math.log(0.6), math.log(0.7 * 0.9 * 0.5)], rel=1e-6)


def test_the_longest_sentence_may_have_one_token(monkeypatch):
    model = scripted(monkeypatch, {(START, 4): 0.7, (4, END): 0.9})
    source = torch.tensor([[4, END]])
    assert greedy(model, source, longest=1).ids == [[4]]
    assert beam_search(model, source, width=1, longest=1).ids == [[4]]


def test_a_search_goes_on_while_a_beginning_can_overtake_the_last_of_the_finished(monkeypatch):
    # After two tokens 0.5, 0.27 and 0.03 are finished; (5, 6) has 0.12, less than the second and more than the third.
    first = {(START, END): 0.5, (START, 4): 0.3, (START, 5): 0.15}
    second = {(4, END): 0.9, (4, 6): 0.05, (5, END): 0.2, (5, 6): 0.8, (6, END): 1.0}
    found = beam_search(
        scripted(monkeypatch, first | second), torch.tensor([[4, END]]), width=3, length_penalty=0.0
    )
    assert found.ids == [[END], [4, END], [5, 6, END]]
    assert found.log_probability == pytest.approx([math.log(p) for p in (0.5, 0.27, 0.12)], rel=1e-6)


@pytest.mark.parametrize("penalty", [0.0, 0.6, 1.0, 2.0])
@pytest.mark.parametrize("kind", ["transformer", "fixed", "additive"])
def test_sentences_are_ordered_by_length_normalized_log_probability(kind, penalty, tiny, sentences):
    model, source = tiny(kind), sentences[0][:1]
    found = beam_search(model, source, width=6, longest=8, length_penalty=penalty)
    values = []
    for ids, log_p in zip(found.ids, found.log_probability, strict=True):
        assert math.isclose(log_p, log_p_of(model, source, ids), rel_tol=1e-4)
        values.append(log_p / ((5 + len(ids)) / 6) ** penalty)
    assert values == sorted(values, reverse=True)


def test_double_precision_is_kept(tiny, sentences):
    model, source = tiny("transformer").double(), sentences[0][:1]
    for found in (greedy(model, source, longest=5), beam_search(model, source, width=3, longest=5)):
        assert found.weights[0].dtype == torch.float64
        exact = log_p_of(model, source, found.ids[0])
        assert math.isclose(found.log_probability[0], exact, rel_tol=1e-12)  # float32 would be 1e-8 off


def test_selecting_rows_keeps_their_states(tiny, sentences):
    for kind in ("transformer", "additive"):
        model, (source, target) = tiny(kind), sentences
        with torch.no_grad():
            decoder, plain = Decoder(model, source), Decoder(model, source)
            for each in (decoder, plain):
                each.step(target[:, 0])
            decoder.select(torch.tensor([2, 0, 0]))
            mixed = decoder.step(target[[2, 0, 0], 1])[0]
            assert torch.allclose(mixed, plain.step(target[:, 1])[0][[2, 0, 0]], atol=1e-5)


def test_bad_input_is_a_sentence(tiny):
    model = tiny("transformer")
    with pytest.raises(ValueError, match="source: expected one sentence"):
        beam_search(model, torch.ones(2, 3, dtype=torch.long))
    with pytest.raises(ValueError, match="width: expected a whole number from 1 up, got 0"):
        beam_search(model, torch.ones(1, 3, dtype=torch.long), width=0)
    with pytest.raises(ValueError, match="length_penalty: expected a finite number at least 0, got -1"):
        beam_search(model, torch.ones(1, 3, dtype=torch.long), length_penalty=-1)
    with pytest.raises(ValueError, match=r"source: expected shape \(B, S\) of token ids, got \(3,\)"):
        greedy(model, torch.ones(3, dtype=torch.long))
    with pytest.raises(TypeError, match="model: expected a Transformer or a Seq2Seq, got Linear"):
        greedy(torch.nn.Linear(2, 2), torch.ones(1, 3, dtype=torch.long))
