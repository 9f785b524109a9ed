"""A scene of your own: add, move and recolor objects, and both captioners answer."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations

import torch
from torch import Tensor

from lecturelib.checks import UnknownName
from lecturelib.images import fit, load_image
from lecturelib.show import Picture, pixels_of
from lecturelib.show.sheet import Sheet
from lecturelib.visual_attention.caption_grammar import GROUNDS, parse_caption
from lecturelib.visual_attention.caption_metrics import PARTS, holds, matched
from lecturelib.visual_attention.caption_plots import framed, lit, word_chips
from lecturelib.visual_attention.caption_rendering import SIDE, draw_objects, ground
from lecturelib.visual_attention.caption_scenes import CaptionScene, SceneObject, overlap
from lecturelib.visual_attention.explore.caption_scene_controls import (
    Slot,
    objects_of,
    preset,
    refreshed,
    scene_controls,
)
from lecturelib.visual_attention.shipped_captioners import shared_captioner
from lecturelib.visual_attention.show_attend_tell import KINDS, Captioned
from lecturelib.widgets import Choice, Control, Explorable, Slider, Toggle, Upload

LARGE, MAP, GAP = 320, 208, 20
WORDS = 24  # words that the slider reaches
START: tuple[Slot, ...] = (
    (True, "large", "red", "ball", 0.27, 0.55),
    (True, "small", "blue", "cube", 0.74, 0.5),
    (False, "small", "yellow", "cone", 0.5, 0.85),
)


def own_scene_explorer() -> Explorable:
    """Build a scene: choose an object, move it by mouse or arrow keys, recolor it, take it out; captions follow."""
    held = scene_controls(START)
    base = {control.name: control for control in held if control.name != "object"}
    controls: list[Control] = [
        *held,
        Choice("ground", GROUNDS),
        Upload("own", label="own photo as ground"),
        Toggle("use_own", True, label="use own photo"),
        Slider("word", 1, WORDS, value=4, label="show the map of word"),
    ]
    alone = (True, "large", "purple", "star", 0.5, 0.5)
    away = (False, "small", "blue", "cube", 0.75, 0.5)
    presets = {
        "above and below": preset(
            (
                (True, "large", "green", "cone", 0.5, 0.75),
                (True, "small", "white", "ring", 0.5, 0.2),
                START[2],
            )
        ),
        "three objects": preset((*START[:2], (True, "small", "yellow", "cone", 0.3, 0.12)), ground="brick"),
        "a color and a shape never seen together": preset((alone, away, START[2]), ground="wood"),
        "diagonal: neither left nor above": preset(
            (
                (True, "large", "red", "ball", 0.27, 0.27),
                (True, "small", "blue", "cube", 0.73, 0.73),
                START[2],
            )
        ),
        "objects that overlap": preset(
            ((True, "large", "red", "ball", 0.42, 0.5), (True, "large", "blue", "cube", 0.58, 0.5), START[2])
        ),
        "nothing there": preset(tuple((False, *slot[1:]) for slot in START)),
    }
    return Explorable(_render, controls, "A scene of your own", presets, lambda state: refreshed(state, base))


@lru_cache(maxsize=16)
def _background(name: str, side: int) -> Tensor:
    bare = CaptionScene((SceneObject("small", "red", "ball", 0.5, 0.5),), name, (0.2, 0.3, 0.4), unseen=True)
    return ground(bare, side)


@lru_cache(maxsize=4)
def _own(content: bytes, side: int) -> Tensor:
    return fit(load_image(content), side)[0]


@torch.no_grad()
def _render(state: dict) -> Picture:
    objects = objects_of(state)
    own = state["own"] if state["use_own"] else None

    def drawn(side: int) -> Tensor:
        back = _background(state["ground"], side) if own is None else _own(own, side)
        return draw_objects(objects, back)

    large, small = drawn(LARGE), drawn(SIDE)
    sheet, said = Sheet(), []
    numbers = [k + 1 for k, slot in enumerate(state["slots"][1:]) if slot[0]]
    pixels = pixels_of(large[0])
    if state["object"] in numbers:
        pixels = framed(pixels, objects[numbers.index(state["object"])].box)
    sheet.put(pixels, 0, 0, "your scene: drag, or arrow keys")
    left, top = LARGE + GAP, 0
    for kind in KINDS:
        found = shared_captioner(kind).write(small)[0]
        at = min(state["word"], len(found.words)) - 1
        sheet.put(lit(large, found.weights[at]), top, left, f"{kind}: “{found.words[at]}”", MAP)
        beside = left + MAP + GAP
        below = sheet.put(word_chips(found.words, at, 330), top, beside, f"{kind} attention writes")
        for line in _verdict(found, objects, state["ground"] if own is None else ""):
            below = sheet.words(line, below + 2, beside, room=330)
            said.append(line)
        said.append(f"{kind}: “{found.text}”")
        top += MAP + 36
    words, things = _warning(objects), ", ".join(str(one.thing) for one in objects) or "nothing"
    return sheet.picture(
        f"A scene of {len(objects)} objects: {things}. {'. '.join(said)}.",
        f"{words} The networks see 64 x 64 pixels; brightness is the attention of the chosen word.".strip(),
        chosen=(0,),
    )


def _warning(objects: list[SceneObject]) -> str:
    """A sentence about a scene that is unlike all that were trained on."""
    if not objects:
        return "The scene is empty: no training scene was. Add an object."
    if any(overlap(a, b) for a, b in combinations(objects, 2)):
        return "Objects overlap: in no training scene did they. Move one."
    if any(a.thing[1:] == b.thing[1:] for a, b in combinations(objects, 2)):
        return "Two objects have the same color and shape: a caption cannot tell them apart."
    return ""


def _verdict(found: Captioned, objects: list[SceneObject], name: str) -> list[str]:
    """Which facts of a caption are true of the scene, in one or two lines."""
    try:
        parsed = parse_caption(found.text)
    except (ValueError, UnknownName):
        return ["no sentence of the grammar"]
    pairs, wrong = matched(parsed.things, objects), []
    for number, thing in enumerate(parsed.things):
        one = pairs.get(number)
        if one is None:
            wrong.append(f"no {thing.color} {thing.shape} is there")
        else:
            wrong += [f"{word} (it is {getattr(one, part)})" for part, word in zip(PARTS, thing, strict=True)
                      if getattr(one, part) != word]  # fmt: skip
    for first, relation, second in parsed.relations:
        a, b = (pairs.get(parsed.things.index(thing)) for thing in (first, second))
        if a is None or b is None or a is b or not holds(relation, a, b):
            wrong.append(relation)
    if name and parsed.ground != name:
        wrong.append(f"{parsed.ground} (it is {name})")
    missing = len(objects) - len(pairs)
    if missing > 0:
        wrong.append(f"{missing} left out")
    return [f"wrong: {'; '.join(wrong)}"] if wrong else ["every fact is true"]
