"""Tiny translators, far from symmetric, so that a mistake shows."""

import pytest
import torch

from lecturelib.attention.seq2seq import Seq2Seq
from lecturelib.attention.transformer import Transformer

VOCABULARY = 30


@pytest.fixture
def tiny():
    """tiny(kind) gives a translator in eval mode: "transformer", "fixed" or the name of a score."""

    def made(kind: str = "transformer"):
        torch.manual_seed(0)
        if kind == "transformer":
            model = Transformer(VOCABULARY, d=16, heads=2, layers=2, hidden=32)
        else:
            score = None if kind == "fixed" else kind
            model = Seq2Seq(VOCABULARY, score, embedding=12, encoder=10, decoder=14)
        for parameter in model.parameters():
            parameter.data.mul_(2.0)
        return model.eval()

    return made


@pytest.fixture
def sentences():
    """(source (3, 7), target (3, 6)) of token ids; the second source has three tokens of padding."""
    generator = torch.Generator().manual_seed(1)
    source = torch.randint(4, VOCABULARY, (3, 7), generator=generator)
    source[1, 4:] = 0
    return source, torch.randint(4, VOCABULARY, (3, 6), generator=generator)
