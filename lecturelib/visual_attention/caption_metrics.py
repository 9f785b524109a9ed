"""How good a caption and its attention are: facts that are right, BLEU, mass on the true object, the pointing game."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, cast

import torch.nn.functional as F
from torch import Tensor

from lecturelib.attention.sentence_pairs import reference_columns
from lecturelib.checks import UnknownName, complaint
from lecturelib.visual_attention.caption_grammar import GROUND, Thing, parse_caption
from lecturelib.visual_attention.caption_rendering import object_masks
from lecturelib.visual_attention.caption_scenes import CaptionScene, SceneObject
from lecturelib.visual_attention.cell_encoder import GRID
from lecturelib.visual_attention.show_attend_tell import entropy

PARTS = ("size", "color", "shape")


@dataclass(frozen=True)
class FactScores:
    """Shares of what captions say that is true, and of scenes whose caption is right in everything.

    `grammatical`: captions that the grammar reads; one that it does not counts as all wrong. `count`: as many objects
    named as there are. `size`, `color`, `shape`: said of the object that is meant; `binding`: color and shape together;
    `relation` and `ground`: true; `all`: every fact true and no object left out.
    """

    grammatical: float
    count: float
    size: float
    color: float
    shape: float
    binding: float
    relation: float
    ground: float
    all: float


def facts_right(texts: Sequence[str], scenes: Sequence[CaptionScene]) -> FactScores:
    """How much of what captions say about their scenes is true.

    Each thing that a caption names is matched to an object of the scene so that most words fit; what is left over on
    either side counts as wrong. A relation is true where the centers of the matched objects lie so: "left of" means
    farther apart across than down, and to the left. Raises `ValueError` for another number of captions.

    >>> from lecturelib.visual_attention.caption_scenes import caption_scenes
    >>> scenes = caption_scenes(5)
    >>> facts_right([scene.captions()[0] for scene in scenes], scenes).all
    1.0
    """
    if len(texts) != len(scenes) or not scenes:
        raise ValueError(complaint("texts", f"a caption for each of {len(scenes)} scenes", len(texts)))
    right: dict[str, list[bool]] = {name: [] for name in FactScores.__dataclass_fields__}
    for text, scene in zip(texts, scenes, strict=True):
        _judge(text, scene, right)
    return FactScores(**{name: sum(found) / len(found) if found else 1.0 for name, found in right.items()})


def _judge(text: str, scene: CaptionScene, right: dict[str, list[bool]]) -> None:
    try:
        parsed = parse_caption(text)
    except (ValueError, UnknownName):
        for name in right:
            right[name] += [False] * (len(scene.objects) if name in (*PARTS, "binding") else 1)
        return
    pairs = matched(parsed.things, scene.objects)
    before = {name: len(found) for name, found in right.items()}
    right["grammatical"].append(True)
    right["count"].append(len(parsed.things) == len(scene.objects))
    for number in range(max(len(parsed.things), len(scene.objects))):
        one = pairs.get(number)
        for name in PARTS:
            right[name].append(one is not None and getattr(one, name) == getattr(parsed.things[number], name))
        right["binding"].append(right["color"][-1] and right["shape"][-1])
    for first, name, second in parsed.relations:
        a, b = (pairs.get(parsed.things.index(thing)) for thing in (first, second))
        right["relation"].append(a is not None and b is not None and a is not b and holds(name, a, b))
    right["ground"].append(parsed.ground == scene.ground)
    right["all"].append(all(all(found[before[name] :]) for name, found in right.items() if name != "all"))


def matched(things: Sequence[Thing], objects: Sequence[SceneObject]) -> dict[int, SceneObject]:
    """The object that each thing of a caption means: the assignment in which most words fit, shapes first.

    >>> ball = SceneObject("small", "red", "ball", 0.5, 0.5)
    >>> matched([Thing("large", "red", "ball")], [ball]) == {0: ball}
    True
    """

    def fit(assignment: Sequence[int]) -> float:
        score = 0.0
        for thing, k in zip(things, assignment, strict=True):
            if k >= 0:
                one = objects[k].thing
                score += (
                    0.5 * (one.size == thing.size)
                    + (one.color == thing.color)
                    + 1.1 * (one.shape == thing.shape)
                )
        return score

    options = [
        chosen
        for chosen in product(range(-1, len(objects)), repeat=len(things))
        if len({k for k in chosen if k >= 0}) == sum(k >= 0 for k in chosen)
    ]
    best = max(options, key=lambda chosen: (sum(k >= 0 for k in chosen), fit(chosen)))
    return {number: objects[k] for number, k in enumerate(best) if k >= 0}


def holds(relation: str, a: SceneObject, b: SceneObject) -> bool:
    """Whether a relation is true of two objects: they are farther apart in its direction than across it.

    >>> holds("above", SceneObject("small", "red", "ball", 0.5, 0.2), SceneObject("small", "blue", "cube", 0.6, 0.8))
    True
    """
    dx, dy = b.x - a.x, b.y - a.y
    along = {"left of": dx, "right of": -dx, "above": dy, "below": -dy}[relation]
    return along > 0 and along >= max(abs(dx), abs(dy))


def bleu(texts: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Corpus BLEU, 0 to 100, of captions against all true captions of each scene, by sacrebleu.

    Papineni et al. 2002: the geometric mean of the precisions of 1- to 4-grams, times a brevity penalty.

    >>> round(bleu(["a small red ball on wood"], [["a small red ball on wood", "on wood there is a small red ball"]]))
    100
    """
    import sacrebleu

    by_text = {f"{k}": list(own) for k, own in enumerate(references)}
    columns = reference_columns(list(by_text), by_text)
    return sacrebleu.corpus_bleu(list(texts), cast(Any, columns), tokenize="none", force=True).score


def cell_shares(masks: Tensor, grid: int = GRID) -> Tensor:
    """The share of each cell that objects cover, (..., L), of masks (..., side, side).

    >>> import torch
    >>> cell_shares(torch.ones(1, 64, 64)).shape
    torch.Size([1, 64])
    """
    size = masks.shape[-1] // grid
    return F.avg_pool2d(masks.flatten(0, -3)[:, None], size)[:, 0].flatten(1).unflatten(0, masks.shape[:-2])


@dataclass(frozen=True)
class WordAttention:
    """Attention at one word that is about an object.

    `mass`: the share of α that lies on the object; `area`: the share of the picture that the object takes; `hit`: the
    center of the cell with the largest weight lies in the object's box (pointing game, Zhang et al. 2016); `entropy` of
    α in nats.
    """

    word: str
    part: str
    mass: float
    area: float
    hit: bool
    entropy: float

    @property
    def times(self) -> float:
        """How many times its share of the picture the object gets; 1 for weights that are equal everywhere."""
        return self.mass / self.area


def attention_on_objects(text: str, weights: Tensor, scene: CaptionScene) -> list[WordAttention]:
    """For each size, color and shape word of a caption that is about an object of the scene, where α lay.

    weights (T, L) with T at least the number of words, each row summing to one over the 8 x 8 cells. An object's mass
    is Σ_i α_i times the share of cell i that it covers. Raises `ValueError` for fewer rows, or as `parse_caption` does.

    >>> import torch
    >>> scene = CaptionScene((SceneObject("small", "red", "ball", 0.5, 0.5),), "wood")
    >>> found = attention_on_objects("a small red ball on wood", torch.full((6, 64), 1 / 64), scene)
    >>> [one.word for one in found], round(found[0].times, 3)
    (['small', 'red', 'ball'], 1.0)
    """
    parsed = parse_caption(text)
    if len(weights) < len(parsed.words) or weights.shape[1] != GRID * GRID:
        expected = f"at least {len(parsed.words)} rows of {GRID * GRID} weights"
        raise ValueError(complaint("weights", expected, tuple(weights.shape)))
    shares = cell_shares(object_masks(scene))
    found = []
    for t, (word, number) in enumerate(zip(parsed.words, scene.place_of(parsed), strict=True)):
        if number is None or word == "a":
            continue
        alpha, covered = weights[t], shares[number]
        top, left, bottom, right = scene.objects[number].box
        row, column = divmod(int(alpha.argmax()), GRID)
        y, x = (row + 0.5) / GRID, (column + 0.5) / GRID
        hit = top <= y <= bottom and left <= x <= right
        part = next(name for name in PARTS if getattr(scene.objects[number], name) == word)
        mass, area = (alpha @ covered).item(), covered.mean().item()
        found.append(WordAttention(word, part, mass, area, hit, entropy(alpha).item()))
    return found


def ground_share(text: str, weights: Tensor, scene: CaptionScene) -> tuple[float, float] | None:
    """The share of α on the bare ground at the ground's word, and the ground's share of the picture.

    >>> import torch
    >>> scene = CaptionScene((SceneObject("small", "red", "ball", 0.5, 0.5),), "wood")
    >>> mass, area = ground_share("a small red ball on wood", torch.full((6, 64), 1 / 64), scene)
    >>> abs(mass - area) < 1e-5
    True
    """
    about = parse_caption(text).about
    if GROUND not in about:
        return None
    free = 1 - cell_shares(object_masks(scene)).sum(0)
    return (weights[about.index(GROUND)] @ free).item(), free.mean().item()
