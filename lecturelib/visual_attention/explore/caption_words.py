"""The caption word by word with its attention map, soft beside hard."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from lecturelib.show import Picture, pixels_of
from lecturelib.show.sheet import Sheet
from lecturelib.visual_attention.caption_grammar import LONGEST, parse_caption
from lecturelib.visual_attention.caption_metrics import cell_shares
from lecturelib.visual_attention.caption_plots import framed, lit, word_chips
from lecturelib.visual_attention.caption_rendering import object_masks, render_scene
from lecturelib.visual_attention.caption_scenes import CaptionScene, caption_scenes, described_scene
from lecturelib.visual_attention.shipped_captioners import shared_captioner
from lecturelib.visual_attention.show_attend_tell import KINDS, Captioned, Kind, entropy
from lecturelib.widgets import Choice, Control, Explorable, Slider, Toggle

SHOWN, SIDE, GAP = 20, 300, 22
SETS = {"test scenes": "test", "purple stars, never seen": "held_out"}
READ = {"own": "each writes its own caption", "given": "both read the true caption"}


def caption_word_explorer() -> Explorable:
    """Step through a caption: where soft attention lies at each word, and what hard attention draws with which chance.

    Scenes of the test split, or with the color and shape that training never showed together.
    """

    def refresh(state: dict) -> dict[str, Control]:
        longest = max(len(one.words) for one in _both(state).values())
        return {"word": _word_control(longest)}

    controls: list[Control] = [
        Choice("scenes", tuple(SETS)),
        Slider("scene", 1, SHOWN, value=2),
        Choice("captions", tuple(READ), labels=tuple(READ.values())),
        _word_control(LONGEST),
        Toggle("smooth", False, label="smooth between the cells"),
        Toggle("truth", True, label="frame the object that the word is about"),
    ]
    presets: dict[str, dict] = {
        "a relation: left, right, above or below": {"captions": "given", "scene": 2, "word": 10},
        "a combination never seen": {"scenes": "purple stars, never seen"},
        "drawn as in the paper": {"smooth": True},
    }
    return Explorable(_render, controls, "A caption, word by word", presets, refresh)


def _word_control(longest: int) -> Slider:
    return Slider("word", 1, longest, value=min(4, longest), label="word")


@lru_cache(maxsize=2)
def _scenes(name: str) -> list[CaptionScene]:
    return caption_scenes(SHOWN, SETS[name], seed=0)


@lru_cache(maxsize=40)
def _large(name: str, number: int) -> Tensor:
    return render_scene(_scenes(name)[number - 1], SIDE)


@lru_cache(maxsize=160)
def _captioned(name: str, number: int, kind: Kind, given: bool) -> Captioned:
    """What a captioner writes, or how it attends while it reads the true caption."""
    scene, captioner = _scenes(name)[number - 1], shared_captioner(kind)
    image = render_scene(scene)
    if not given:
        return captioner.write(image)[0]
    text = scene.captions()[0]
    scores, attended = captioner.attend(image, [text])
    words = [*text.split(), "(end)"]
    return Captioned(text, words, attended.weights[0], torch.zeros(len(words)))


def _both(state: dict) -> dict[Kind, Captioned]:
    given = state["captions"] == "given"
    return {kind: _captioned(state["scenes"], state["scene"], kind, given) for kind in KINDS}


def _render(state: dict) -> Picture:
    scene = _scenes(state["scenes"])[state["scene"] - 1]
    image = _large(state["scenes"], state["scene"])
    sheet, said = Sheet(), []
    sheet.put(pixels_of(image[0]), 0, 0, "the scene, at a higher resolution")
    below = SIDE + 24
    for k, (kind, found) in enumerate(_both(state).items()):
        at = min(state["word"], len(found.words)) - 1
        left = (k + 1) * (SIDE + GAP)
        map_, words = _map(state, image, scene, found, at)
        sheet.put(map_, 0, left, f"{kind} attention: “{found.words[at]}”")
        sheet.words(words, SIDE + 28, left, room=SIDE)
        said.append(f"{kind}, at “{found.words[at]}”: {words}")
        below = max(below, SIDE + 54)
    for kind, found in _both(state).items():
        if state["captions"] == "given" and kind == "hard":
            continue
        title = (
            "the true caption, read by both" if state["captions"] == "given" else f"{kind} attention writes"
        )
        at = min(state["word"], len(found.words)) - 1
        below = sheet.put(word_chips(found.words, at, 3 * SIDE + 2 * GAP), below + 6, 0, title)
    return sheet.picture(
        f"{described_scene(scene)} {'. '.join(said)}.",
        "Brightness: the 64 weights of the word, the largest at full light. The networks see 64 x 64 pixels.",
    )


def _map(
    state: dict, image: Tensor, scene: CaptionScene, found: Captioned, at: int
) -> tuple[np.ndarray, str]:
    """The lit picture of a word, and what there is to say about it."""
    alpha = found.weights[at]
    pixels = lit(image, alpha, state["smooth"])
    spread = f"largest weight {alpha.max():.2f}, entropy {entropy(alpha):.2f}"
    try:
        number = scene.place_of(parse_caption(found.text))[at] if at < len(found.words) - 1 else None
    except (ValueError, KeyError):  # a caption that is no sentence of the grammar
        number = None
    if number is None:
        return pixels, spread
    if state["truth"]:
        pixels = framed(pixels, scene.objects[number].box)
    covered = cell_shares(object_masks(scene))[number]
    return pixels, f"{alpha @ covered:.0%} on the object, {covered.mean():.0%} of the picture"
