"""Glasses on a face: what a detector says of it, by the greys on the frame and by what the detector has learned."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from lecturelib.confounds.adversarial import pgd, random_noise
from lecturelib.confounds.face_glasses import (
    OTHERS,
    face_crops,
    face_detector,
    glasses_mask,
    shuffled_blocks,
)
from lecturelib.drawing import Bitmap, Box, Drawing, Label, Shape
from lecturelib.show import Picture, pixels_of
from lecturelib.widgets import Choice, Explorable, Slider

FACES, STEPS, SIDE, WIDTH, HEIGHT = 30, 14, 200, 860, 372
LEARNED = {
    "flat": "flat pictures (as the set comes)",
    "photos": "flat pictures and photos",
    "shuffled": "these and shuffled faces",
}
WORN = {"attack": "chosen by the gradient", "black": "black", "random": "random greys"}
SHAPES = {"frame": "a frame", "filled": "a frame with filled lenses"}


def glasses_explorer() -> Explorable:
    """A face without and with glasses before one of three detectors; the greys are an attack, black or random."""
    controls = [
        Slider("face", 1, FACES, value=1),
        Choice("worn", tuple(WORN), labels=tuple(WORN.values()), label="greys of the glasses"),
        Choice("shape", tuple(SHAPES), labels=tuple(SHAPES.values())),
        Choice(
            "others", tuple(OTHERS), "shuffled", labels=tuple(LEARNED.values()), label="learned as 'no face'"
        ),
        Slider("strength", 0.0, 1.0, 0.05, 1.0, label="largest change of a grey"),
    ]
    presets: dict[str, dict] = {
        "the set as it comes": {"others": "flat"},
        "black glasses": {"worn": "black"},
        "hardly visible": {"strength": 0.15},
    }
    return Explorable(_render, controls, "Glasses that hide a face", presets)


@lru_cache(maxsize=1)
def _faces() -> Tensor:
    crops, labels = face_crops("test")
    return crops[labels == 1][:FACES]


@lru_cache(maxsize=256)
def _with_glasses(number: int, worn: str, shape: str, others: str, strength: float) -> Tensor:
    face, mask = _faces()[number : number + 1], glasses_mask(shape == "filled")
    if worn == "attack":
        return pgd(
            face_detector(0, others), face, strength, STEPS, max(strength, 0.01) / 4, label="face", mask=mask
        )
    grey = torch.zeros_like(face)
    if worn == "random":
        grey = random_noise(torch.full_like(face, 0.5), 0.5, seed=number, uniform=True)
    return torch.where(mask, face + (grey - face).clamp(-strength, strength), face)


@torch.no_grad()
def _render(state: dict) -> Picture:
    number, others = state["face"] - 1, state["others"]
    face = _faces()[number : number + 1]
    dressed = _with_glasses(number, state["worn"], state["shape"], others, state["strength"])
    shown = {
        "without glasses": face,
        f"{SHAPES[state['shape']]}, {WORN[state['worn']]}": dressed,
        "the face, shuffled": shuffled_blocks(face, seed=5),
    }
    model = face_detector(0, others)
    shapes: list[Shape] = [
        Label(4, 16, f"The detector learned as 'no face': {LEARNED[others]}", 16, "start", bold=True)
    ]
    said = []
    for k, (title, image) in enumerate(shown.items()):
        left = 4 + k * (SIDE + 86)
        chance = model(image).softmax(1)[0, 1].item()
        found = chance > 0.5
        shapes.append(Label(left, 48, title, 14, "start"))
        shapes.append(Bitmap(left, 62, SIDE, SIDE, _pixels(image), hard=True))
        shapes.append(
            Label(left, 282, f"{'✓ face' if found else '✗ no face'}: {chance:.1%}", 18, "start", bold=True)
        )
        shapes.append(Box(left, 298, SIDE, 14, 0, fill="#eeeeee", stroke="none"))
        shapes.append(
            Box(
                left, 298, max(1, SIDE * chance), 14, 0, fill="#0072B2" if found else "#D55E00", stroke="none"
            )
        )
        said.append(f"{title}: {'a face' if found else 'no face'}, probability of a face {chance:.1%}")
    changed = (dressed - face).abs().flatten()
    share = (changed > 0).float().mean().item()
    words = f"{share:.0%} of the pixels changed, by {changed.max().item():.2f} at most."
    shapes.append(Label(4, 344, words, 14, "start", role="muted"))
    caption = f"{'; '.join(said)}. Learned as 'no face': {LEARNED[others]}."
    alt = f"Face {number + 1} of the test crops, with glasses, and shuffled. {caption}"
    return Picture(Drawing(WIDTH, HEIGHT, tuple(shapes), "Glasses", alt).svg(), alt, caption, WIDTH)


def _pixels(image: Tensor) -> np.ndarray:
    return pixels_of(image[0])
