"""What both kinds of translators promise, on tiny ones: causality, padding, weights that are shares."""

import pytest
import torch

from lecturelib.attention.scores import SCORES
from lecturelib.attention.seq2seq import Seq2Seq
from lecturelib.checks import UnknownName

KINDS = ["transformer", "fixed", *SCORES]
VOCABULARY = 30


@pytest.mark.parametrize("kind", KINDS)
def test_a_later_word_changes_nothing_before_it(kind, tiny, sentences):
    model, (source, target) = tiny(kind), sentences
    changed = target.clone()
    changed[:, 4] = (changed[:, 4] - 3) % (VOCABULARY - 4) + 4
    first, second = model(source, target)[0], model(source, changed)[0]
    assert torch.equal(first[:, :4], second[:, :4]) and not torch.equal(first[:, 4:], second[:, 4:])


@pytest.mark.parametrize("kind", KINDS)
def test_the_padding_of_a_batch_changes_nothing(kind, tiny, sentences):
    model, (source, target) = tiny(kind), sentences
    together, alone = model(source, target)[0][1], model(source[1:2, :4], target[1:2])[0][0]
    assert torch.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_are_shares_and_none_falls_on_padding(kind, tiny, sentences):
    model, (source, target) = tiny(kind), sentences
    weights = model(source, target)[1]
    if kind == "fixed":
        assert weights is None
        return
    for one in weights.cross if kind == "transformer" else [weights]:
        assert torch.allclose(one.sum(-1), torch.ones(one.shape[:-1]))
        assert one[1, ..., 4:].eq(0).all() and one[0].gt(0).all()


def test_one_step_by_hand():
    torch.manual_seed(0)
    model = Seq2Seq(12, "dot", embedding=3, encoder=2, decoder=4, dropout=0.0).eval().double()
    source, mask = torch.tensor([[5, 6, 7]]), torch.ones(1, 1, 3, dtype=torch.bool)
    memory, (hidden, cell, whole) = model.encode(source)
    word = model.embed(torch.tensor([[8]]))[:, 0]
    alpha = (hidden @ model.score.project(memory[0]).T).softmax(-1)
    context = alpha @ memory[0]
    state = model.decoder(torch.cat([word, context], 1), (hidden, cell))
    output, weights, after = model.step(word, (hidden, cell, whole), memory, mask)
    torch.testing.assert_close(weights, alpha)
    torch.testing.assert_close(after[0], state[0])
    torch.testing.assert_close(output, model.out(torch.cat([state[0], context, word], 1)))
    with pytest.raises(UnknownName, match="score"):
        Seq2Seq(12, "best")
