"""Letters to copy and to reverse: the tasks by hand, runs that repeat and go on."""

import math

import pytest
import torch

from lecturelib.attention.tokenizer import END, START
from lecturelib.attention.toy_tasks import (
    PROBE,
    VOCABULARY,
    ToyRun,
    accuracy_by_length,
    answer,
    build,
    decode,
    encode,
    on_target,
    sequences,
    train_toy,
)


def test_what_is_read_and_what_is_to_be_written():
    source, target, wanted = sequences(5, 4, "reverse", torch.Generator().manual_seed(0))
    assert torch.equal(wanted[:, :-1], source[:, :-1].flip(1)) and source[:, -1].eq(END).all()
    assert (
        torch.equal(target[:, 1:], wanted[:, :-1])
        and target[:, 0].eq(START).all()
        and wanted[:, -1].eq(END).all()
    )
    source, _, wanted = sequences(5, 4, "copy", torch.Generator().manual_seed(0))
    assert torch.equal(source, wanted)
    assert decode(answer(encode("bad"), "reverse")[0]) == "dab" and decode([END, *encode("a")[0]]) == ".a"
    letters = sequences(2000, 5, "copy", torch.Generator().manual_seed(1))[0][:, :-1]
    assert letters.min() == 4 and letters.max() == VOCABULARY - 1
    assert letters.flatten().bincount(minlength=VOCABULARY)[4:].float().std() < 60  # of 625 each


class Knows(torch.nn.Module):
    """Reverses perfectly up to six letters, and writes the first letter of the source beyond."""

    def forward(self, source, target):
        letters = source[:, :-1]
        right = letters.flip(1) if letters.shape[1] <= 6 else letters[:, :1].expand_as(letters)
        return torch.nn.functional.one_hot(torch.cat([right, source[:, -1:]], 1), VOCABULARY).float(), None


def test_accuracy_by_length_is_the_share_of_letters_without_the_end_sign():
    found = accuracy_by_length(Knows(), "reverse", [3, 6, 12], count=500)
    assert found[:2] == [1.0, 1.0]
    # beyond six it is right at the last place, and by chance in one of sixteen elsewhere
    assert math.isclose(found[2], (1 + 11 / 16) / 12, abs_tol=0.02)


def test_a_run_learns_repeats_and_goes_on():
    run = train_toy(steps=40)
    first = [next(run) for _ in range(15)]
    rest = list(run)
    assert [step.step for step in first + rest] == list(range(1, 41)) and run.step == 40
    assert rest[-1].loss < 0.7 * first[0].loss
    again = list(train_toy(steps=40))
    assert [step.loss for step in again] == [step.loss for step in first + rest]
    assert torch.equal(again[-1].weights, rest[-1].weights) and torch.equal(rest[-1].weights, run.attention())
    assert run.history["loss"][-1] == rest[-1].loss and len(run.history["on_target"]) == 40


@pytest.mark.parametrize("kind", ["transformer", "additive", "dot", "fixed"])
def test_every_kind_yields_its_attention_weights(kind):
    step = next(train_toy("copy", kind, steps=2))
    if kind == "fixed":
        assert step.weights is None
        return
    assert step.weights.shape == (len(PROBE) + 1, len(PROBE) + 1)
    assert torch.allclose(step.weights.sum(1), torch.ones(len(PROBE) + 1)) and not step.weights.requires_grad


def test_attention_on_the_right_letter_by_hand():
    weights = torch.tensor([[0.1, 0.7, 0.2], [0.6, 0.4, 0.0], [0.0, 0.0, 1.0]])  # two letters and the end
    assert math.isclose(on_target(weights, "reverse"), (0.7 + 0.6) / 2, rel_tol=1e-6)
    assert math.isclose(on_target(weights, "copy"), (0.1 + 0.4) / 2, rel_tol=1e-6)


def test_sizes_are_comparable():
    count = {
        kind: sum(p.numel() for p in build(kind).parameters())
        for kind in ("additive", "fixed", "transformer")
    }
    assert abs(count["fixed"] / count["additive"] - 1) < 0.02 and count["transformer"] < count["additive"]
    assert torch.equal(build(seed=3).embedding.weight, build(seed=3).embedding.weight)


def test_bad_input_is_a_sentence():
    with pytest.raises(ValueError, match="task: expected 'copy' or 'reverse', got 'sort'"):
        train_toy("sort")
    with pytest.raises(KeyError, match="kind: expected a known kind of network, got gru"):
        train_toy(kind="gru")
    with pytest.raises(
        ValueError, match=r"lengths: expected \(shortest, longest\) from 1 to 60, got \(5, 4\)"
    ):
        train_toy(lengths=(5, 4))
    with pytest.raises(ValueError, match="steps: expected a whole number from 1 up, got 0"):
        train_toy(steps=0)
    with pytest.raises(ValueError, match="word: expected letters from a to p, got 'z'"):
        train_toy(probe="abz")
    with pytest.raises(ValueError, match="word: expected at most 60 letters, got 61"):
        train_toy(probe="a" * 61)
    with pytest.raises(ValueError, match="count: expected a whole number from 1 up, got 0"):
        sequences(0, 3)
    assert isinstance(train_toy(), ToyRun)
