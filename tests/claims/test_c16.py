"""C16 in small: no order without positions; the work of a pass as torch counts it."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from lecturelib.attention.claims import c16_order, c16_work, multiply_adds, without_order
from lecturelib.attention.seq2seq import Seq2Seq
from lecturelib.attention.toy_tasks import accuracy_by_length, train_toy
from lecturelib.attention.transformer import Transformer

pytestmark = pytest.mark.claims


def test_without_positions_reversing_stays_a_guess():
    right = {}
    for positions in (True, False):
        run = train_toy("reverse", steps=160, lengths=(3, 3), positions=positions)
        assert sum(1 for _ in run) == 160
        right[positions] = accuracy_by_length(run.model, "reverse", [3], 300)[0]
    letters = torch.tensor([[4, 5, 6]])
    assert without_order(letters) == pytest.approx((1 / 3 + 1 / 2 + 1) / 3)
    assert right[True] > 0.9 and right[False] < without_order(letters) + 0.1


def test_without_order_by_hand():
    assert without_order(torch.tensor([[4, 4, 4]])) == 1.0
    assert without_order(torch.tensor([[4, 5, 5]])) == pytest.approx((2 / 3 + 1 + 1) / 3)


@pytest.mark.oracle
def test_multiply_adds_of_the_transformer_are_torchs():
    model = Transformer(50, d=16, heads=2, layers=2, hidden=24).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.full((1, 7), 5), torch.full((1, 5), 5))
    assert multiply_adds(model, 7, 5) == counter.get_total_flops() // 2


def test_multiply_adds_of_the_recurrent_one_by_hand():
    sizes = {"embedding": 3, "encoder": 4, "decoder": 5}
    plain, attending = Seq2Seq(50, None, **sizes), Seq2Seq(50, "additive", **sizes)
    # encoder, both ways: 4 gates of 4 from 3 + 4; beginning: 8 to 5; decoder: 4 gates of 5 from 3 + 8 + 5
    fixed = 7 * 2 * 4 * 4 * 7 + 8 * 5 + 6 * 4 * 5 * 16 + 6 * (5 + 8 + 3) * 3 + 6 * 3 * 50
    assert multiply_adds(plain, 7, 6) == fixed
    # additive: queries 5 to 128, keys 8 to 128, 128 to 1 for each pair, and the mean of 8 numbers
    assert multiply_adds(attending, 7, 6) == fixed + 6 * 5 * 128 + 7 * 8 * 128 + 42 * 128 + 42 * 8
    with pytest.raises(TypeError, match="Transformer or a Seq2Seq"):
        multiply_adds(type("Other", (torch.nn.Module,), {"embedding": torch.nn.Embedding(3, 4)})(), 3, 3)


def test_the_claims_as_dicts():
    found = c16_order(steps=2, seeds=1)
    assert found["claim"] == "C16" and found["holds"] is False  # two steps teach nothing
    assert 0.35 < found["numbers"]["best_without_order"] < 0.5
    with pytest.raises(ValueError, match="seeds"):
        c16_order(seeds=0)


def test_the_shipped_curves_are_compared_at_equal_size():
    found = c16_work()
    numbers = found["numbers"]
    for key in ("parameters", "million_multiply_adds_a_pair"):
        assert abs(numbers[f"transformer_{key}"] / numbers[f"attention_{key}"] - 1) < 0.05
    assert min(numbers["transformer_chrF"], numbers["attention_chrF"]) > 45
    if "work_to_reach_it_as_a_share" in numbers:
        assert found["holds"] is (numbers["work_to_reach_it_as_a_share"] < 1)
    else:  # it never came so far
        assert found["holds"] is False and numbers["transformer_chrF"] < numbers["attention_chrF"]
