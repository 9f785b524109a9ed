"""Hidden words, labels from the other language, and learning from few: by hand and by property."""

import json
import math

import pytest
import torch

from lecturelib import assets
from lecturelib.attention import pretraining
from lecturelib.attention.claims_few_labels import draw_labeled, mean_recall
from lecturelib.attention.pretraining import (
    Classifier,
    Encoder,
    guesses,
    hide,
    learn_from_labels,
    masked_word_loss,
)
from lecturelib.attention.sentence_pairs import pairs
from lecturelib.attention.tokenizer import END, PAD, batch, shipped_tokenizer

MASK = 40


def tiny():
    torch.manual_seed(0)
    return Encoder(MASK, d=16, heads=2, layers=2, hidden=32).eval()


def sentences():
    tokens = torch.randint(4, MASK, (3, 8), generator=torch.Generator().manual_seed(1))
    tokens[:, -1] = END
    tokens[1, 5:] = torch.tensor([END, PAD, PAD])
    return tokens


def test_what_is_hidden():
    tokens = torch.full((200, 50), 7)
    tokens[:, -1], tokens[:100, 40:] = END, PAD
    seen, chosen = hide(tokens, MASK, torch.Generator().manual_seed(0))
    assert not chosen[tokens == PAD].any() and not chosen[tokens == END].any()
    assert torch.equal(seen[~chosen], tokens[~chosen])
    words = ((tokens != PAD) & (tokens != END)).sum()
    assert math.isclose(chosen.sum() / words, 0.2, abs_tol=0.02)
    found = seen[chosen]
    assert math.isclose((found == MASK).float().mean(), 0.8, abs_tol=0.03)
    # one in ten stays; of those replaced by any token, one in 36 is the same by chance
    assert math.isclose((found == 7).float().mean(), 0.1, abs_tol=0.03)
    assert found.min() >= 4 and found.max() == MASK


def test_the_loss_is_that_of_the_hidden_tokens_alone():
    encoder, tokens = tiny(), sentences()
    loss, right = masked_word_loss(encoder, tokens, torch.Generator().manual_seed(3))
    seen, chosen = hide(tokens, MASK, torch.Generator().manual_seed(3))
    scores = encoder.words(encoder(seen)[0]).log_softmax(-1)
    by_hand = [-scores[b, t, tokens[b, t]].item() for b, t in chosen.nonzero().tolist()]
    assert len(by_hand) > 1 and math.isclose(loss.item(), sum(by_hand) / len(by_hand), rel_tol=1e-5)
    assert right == (scores.argmax(-1) == tokens)[chosen].float().mean().item()
    nothing = torch.tensor([[END, PAD]])
    assert masked_word_loss(encoder, nothing, torch.Generator())[0].item() == 0


def test_padding_changes_nothing_and_is_never_attended_to():
    model, tokens = Classifier(tiny(), 3).eval(), sentences()
    together, looks = model(tokens)
    alone, _ = model(tokens[1:2, :6])
    assert torch.allclose(together[1], alone[0], atol=1e-5)
    for weights in looks:
        assert weights.shape == (3, 2, 8, 8) and weights[1, ..., 6:].eq(0).all()


def test_labels_are_drawn_in_equal_shares():
    texts, labels = draw_labeled(50, seed=1)
    assert [labels.count(k) for k in range(3)] == [17, 17, 16] and len(texts) == 50
    assert draw_labeled(50, seed=1) == (texts, labels) != draw_labeled(50, seed=2)


def test_mean_recall_by_hand():
    guessed, answers = torch.tensor([0, 0, 1, 1, 2]), torch.tensor([0, 0, 0, 1, 1])
    assert mean_recall(guessed, answers) == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_the_shipped_encoder_fills_gaps_by_what_stands_around_them():
    encoder = pretraining.load()
    (found,) = guesses(encoder, "Tom is ___ than Mary.", 5)
    assert {"▁older", "▁taller", "▁better"} <= {
        token for token, _ in guesses(encoder, "Tom is ___ than Mary.", 8)[0]
    }
    assert (
        len(found) == 5 and found == sorted(found, key=lambda one: -one[1]) and sum(p for _, p in found) <= 1
    )
    assert len(guesses(encoder, "___ want to ___.")) == 2
    kept = json.loads(assets.data_path("masked_words.json").read_text())
    held_out = [
        shipped_tokenizer().encode(english) for english in dict.fromkeys(e for e, _ in pairs("valid"))
    ]
    with torch.no_grad():
        loss, _ = masked_word_loss(encoder, batch(held_out), torch.Generator().manual_seed(0))
    assert abs(loss.item() - kept["loss_on_hidden_tokens_of_400_sentences_in_nats"]) < 0.3  # 3 errors


def test_learning_repeats_and_leaves_chance_alone():
    texts, labels = draw_labeled(12, seed=0)
    state = torch.get_rng_state()
    first, second = (learn_from_labels(texts, labels, False, seed=2, steps=3) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), state) and not first.training
    assert torch.equal(first.classify.weight, second.classify.weight)
    other = learn_from_labels(texts, labels, True, seed=2, steps=3)
    shipped = pretraining.load().embedding.weight
    assert (
        (other.encoder.embedding.weight - shipped).abs().max()
        < 0.02
        < (first.encoder.embedding.weight - shipped).std()
    )


def test_bad_input_is_a_sentence():
    with pytest.raises(
        ValueError, match='sentence: expected a text with "___" where a word is to be guessed'
    ):
        guesses(tiny(), "no gap")
    with pytest.raises(ValueError, match="share: expected a finite number above 0 and below 1, got 1.0"):
        hide(sentences(), MASK, torch.Generator(), share=1.0)
    with pytest.raises(ValueError, match=r"tokens: expected shape .B, L. of token ids, L from 1 to 64"):
        tiny()(torch.ones(1, 65, dtype=torch.long))
    with pytest.raises(
        ValueError,
        match="expected equally many, at least one, got 2 sentences and 1 labels",
    ):
        learn_from_labels([[5, 2], [6, 2]], [0], False)
    with pytest.raises(ValueError, match="got 0 sentences and 0 labels"):
        learn_from_labels([], [], False)
