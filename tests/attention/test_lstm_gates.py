"""The gates of an LSTM against PyTorch's own states."""

import pytest
import torch
from torch import nn

from lecturelib.attention.lstm_gates import lstm_gates


@pytest.mark.parametrize("backward", [False, True])
def test_gates_lead_to_the_states_that_pytorch_computes(backward):
    torch.manual_seed(0)
    lstm, x = nn.LSTM(4, 3, bidirectional=True, batch_first=True), torch.randn(6, 4)
    states, (_, cells) = lstm(x[None])
    found = lstm_gates(lstm, x, backward)
    own = states[0, :, 3:] if backward else states[0, :, :3]
    assert torch.allclose(found["hidden"], own, atol=1e-6)
    assert torch.allclose(found["cell"][0 if backward else -1], cells[1 if backward else 0, 0], atol=1e-6)
    for name in ("input", "forget", "output"):
        assert found[name].gt(0).all() and found[name].lt(1).all()
    with pytest.raises(ValueError, match=r"x: expected shape \(S, 4\), got \(6, 5\)"):
        lstm_gates(lstm, torch.randn(6, 5))
    with pytest.raises(ValueError, match="backward: expected False for an LSTM of one direction"):
        lstm_gates(nn.LSTM(4, 3), x, backward=True)


def test_an_lstm_without_biases():
    torch.manual_seed(0)
    lstm, x = nn.LSTM(4, 3, bias=False, batch_first=True), torch.randn(6, 4)
    torch.testing.assert_close(lstm_gates(lstm, x)["hidden"], lstm(x[None])[0][0])
