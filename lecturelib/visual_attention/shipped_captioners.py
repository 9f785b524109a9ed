"""The trained captioners of data/: one encoder, and on it a network with soft and one with hard attention."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from lecturelib import assets
from lecturelib.checks import check_choice
from lecturelib.visual_attention.caption_grammar import LONGEST, encode_captions
from lecturelib.visual_attention.cell_encoder import CellEncoder
from lecturelib.visual_attention.show_attend_tell import (
    KINDS,
    CaptionAttention,
    Captioned,
    Kind,
    ShowAttendTell,
    write,
)

FILE = "captions"


@dataclass(frozen=True, eq=False)
class Captioner:
    """An encoder and the network that writes captions on its cells.

    >>> captioner = load_captioner("soft")
    >>> captioner.model.kind, captioner.cells(torch.zeros(1, 3, 64, 64)).shape
    ('soft', torch.Size([1, 64, 72]))
    """

    encoder: CellEncoder
    model: ShowAttendTell

    @torch.no_grad()
    def cells(self, images: Tensor) -> Tensor:
        """Annotation vectors (B, 64, 72) of pictures (B, 3, 64, 64) in [0, 1]; raises as `CellEncoder` does."""
        return self.encoder(images)

    def write(
        self, images: Tensor, longest: int = LONGEST, generator: torch.Generator | None = None
    ) -> list[Captioned]:
        """Captions of pictures (B, 3, 64, 64), with the attention weights of every word; see `write`."""
        return write(self.model, self.cells(images), longest, generator)

    @torch.no_grad()
    def attend(
        self, images: Tensor, captions: list[str], generator: torch.Generator | None = None
    ) -> tuple[Tensor, CaptionAttention]:
        """Word scores (B, T, V) and attention for captions that are given, one a picture (teacher forcing)."""
        return self.model(self.cells(images), encode_captions(captions), generator)


def load_captioner(kind: Kind = "soft") -> Captioner:
    """The shipped captioner with "soft" or "hard" attention, in eval mode, no parameter asking for gradients.

    Raises `ValueError` for another kind, `assets.AssetMissing` where its file is not there.

    >>> found = load_captioner("hard").write(torch.zeros(1, 3, 64, 64))
    >>> found[0].weights.shape[1]
    64
    """
    check_choice("kind", kind, KINDS)
    tensors = assets.shipped_tensors(FILE)

    def part(name: str) -> dict[str, Tensor]:
        return {
            key.removeprefix(f"{name}/"): value
            for key, value in tensors.items()
            if key.startswith(f"{name}/")
        }

    # normal tensors also where the caller is in inference mode: the captioner is shared
    with torch.inference_mode(False), torch.random.fork_rng(devices=[]):
        encoder, model = CellEncoder(), ShowAttendTell(kind)
        encoder.load_state_dict(part("encoder"))
        model.load_state_dict(part(kind))
    return Captioner(encoder.eval().requires_grad_(False), model.eval().requires_grad_(False))


@lru_cache(maxsize=2)
def shared_captioner(kind: Kind) -> Captioner:
    """The same, loaded once: it is shared, so nobody may change it.

    >>> shared_captioner("soft") is shared_captioner("soft")
    True
    """
    return load_captioner(kind)


def caption_log() -> dict:
    """How the captioners were trained: settings, CPU seconds, curves and measures of every seed.

    >>> sorted(caption_log()["runs"])[0]
    'hard_0'
    """
    return json.loads(assets.data_path(f"{FILE}.json").read_text(encoding="utf-8"))
