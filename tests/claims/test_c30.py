"""C30 in small: the gradients of a translator and its attention point at the same words."""

import pytest
import torch

from lecturelib.attention.claims import c30_implicit, correlation

pytestmark = pytest.mark.claims


def test_gradients_agree_with_attention():
    found = c30_implicit(sentences=12)
    numbers = found["numbers"]
    assert found["claim"] == "C30" and numbers["sentences"] == 12
    assert numbers["margin_over_exchanged"] > 0.1
    assert numbers["correlation"] > numbers["correlation_without_attention"] + 0.05


def test_correlation_by_hand():
    a = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert correlation(a, 2 * a + 1) == pytest.approx(1.0) and correlation(a, -a) == pytest.approx(-1.0)
    assert correlation(a, torch.ones(2, 2)) == 0.0


def test_bad_input():
    with pytest.raises(ValueError, match="sentences"):
        c30_implicit(sentences=1)
