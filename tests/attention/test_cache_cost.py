"""Multiply-adds of decoding: counted from the sizes, and by torch while it runs."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from lecturelib.attention.cache_cost import continuation_cost, step_cost
from lecturelib.attention.causal_language_model import CausalLanguageModel
from lecturelib.attention.next_token import continued
from lecturelib.attention.tokenizer import START

MODEL = CausalLanguageModel(40, d=24, heads=3, layers=2, hidden=36).eval()


def counted(run):
    with FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops() // 2  # torch counts a multiplication and an addition as two


@pytest.mark.parametrize("length", [1, 2, 9])
@torch.no_grad()
def test_a_step_is_what_torch_counts(length):
    tokens = torch.full((1, length), 5)
    assert counted(lambda: MODEL(tokens)) == step_cost(MODEL, length, length)
    caches = MODEL.new_caches()
    MODEL(tokens, caches)
    assert counted(lambda: MODEL(torch.tensor([[7]]), caches)) == step_cost(MODEL, 1, length + 1)


@pytest.mark.parametrize("cached", [True, False])
def test_a_continuation_is_the_sum_of_its_steps(cached):
    model = CausalLanguageModel(40, d=24, heads=3, layers=2, hidden=36).eval()
    model.embedding.weight.data[2] = -5.0 * model.embedding.weight.data[2].sign()
    found = []
    total = counted(lambda: found.append(continued(model, [5, 6], longest=6, cached=cached)))
    assert total == continuation_cost(model, given=3, written=len(found[0].ids), cached=cached)
    assert START == 1 and found[0].computed >= 3 + len(found[0].ids) - 1


def test_bad_input():
    with pytest.raises(ValueError, match="new: expected"):
        step_cost(MODEL, 4, 3)
    with pytest.raises(TypeError, match="CausalLanguageModel"):
        step_cost(torch.nn.Linear(2, 2), 1, 1)
    with pytest.raises(ValueError, match="written: expected"):
        continuation_cost(MODEL, 3, 0)
