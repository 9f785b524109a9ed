"""Scenes to be captioned: one to three objects on a photo texture, and where each of them is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import torch

from lecturelib.checks import check_choice, check_number, check_whole, complaint, described
from lecturelib.visual_attention.caption_grammar import (
    COLORS,
    GROUNDS,
    MOST,
    SHAPES,
    SIZES,
    Facts,
    ParsedCaption,
    Relation,
    Thing,
    captions_of,
)

SPLITS = ("train", "test", "held_out")
HELD_OUT = ("purple", "star")  # a color and a shape that no scene of the splits train and test shows together
DIAMETERS = {"small": (0.17, 0.21), "large": (0.30, 0.36)}  # shares of the picture's side
COUNTS = (0.25, 0.5, 0.25)  # how often a scene has one, two, three objects
CLEAR = 1.5  # the centers of two objects are this many times farther apart in one direction than in the other
GAP = 0.02  # least distance between two objects


@dataclass(frozen=True)
class SceneObject:
    """An object: what it is, its center (x from the left, y from the top) and diameter as shares of the side.

    Raises `ValueError` for unknown words, or an object that leaves the picture.

    >>> SceneObject("small", "red", "ball", 0.5, 0.5).thing
    Thing(size='small', color='red', shape='ball')
    """

    size: str
    color: str
    shape: str
    x: float
    y: float
    diameter: float = 0.0  # 0: the middle of its size

    def __post_init__(self):
        for name, known in (("size", SIZES), ("color", COLORS), ("shape", SHAPES)):
            check_choice(name, getattr(self, name), known)
        if not self.diameter:
            object.__setattr__(self, "diameter", sum(DIAMETERS[self.size]) / 2)
        check_number("diameter", self.diameter, above=0, most=1)
        for name in ("x", "y"):
            check_number(name, getattr(self, name), least=self.diameter / 2, most=1 - self.diameter / 2)

    @property
    def thing(self) -> Thing:
        """What a caption says of it."""
        return Thing(self.size, self.color, self.shape)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(top, left, bottom, right) as shares of the side."""
        r = self.diameter / 2
        return self.y - r, self.x - r, self.y + r, self.x + r


@dataclass(frozen=True)
class CaptionScene:
    """A scene: objects, ground, which crop of its photo (`place`: down, across, size, each from 0 to 1), and light.

    `unseen`: the crop comes from the part of the photo that no training scene shows. Raises `ValueError` for an empty
    scene, more than three objects, objects that overlap, or two that a caption cannot tell apart.

    >>> CaptionScene((SceneObject("small", "red", "ball", 0.5, 0.5),), "grass").facts().ground
    'grass'
    """

    objects: tuple[SceneObject, ...]
    ground: str
    place: tuple[float, float, float] = (0.5, 0.5, 0.5)
    light: float = 1.0
    unseen: bool = False

    def __post_init__(self):
        check_choice("ground", self.ground, GROUNDS)
        check_number("light", self.light, above=0, most=2)
        for share in self.place:
            check_number("place", share, least=0, most=1)
        if not self.objects:
            hint = "add an object"
            raise ValueError(complaint("objects", "at least one", "an empty scene", hint))
        if len(self.objects) > MOST:
            raise ValueError(complaint("objects", f"at most {MOST}", len(self.objects)))
        for a, b in combinations(self.objects, 2):
            if a.thing[1:] == b.thing[1:]:
                expected = "objects that differ in color or shape"
                raise ValueError(complaint("objects", expected, f"two that are {a.color} and a {a.shape}"))
            if overlap(a, b):
                raise ValueError(
                    complaint(
                        "objects", "objects that do not overlap", f"{a.thing} over {b.thing}", "move one"
                    )
                )

    def facts(self) -> Facts:
        """All that is true here: things, every clear relation ("left of", "above") between them, ground."""
        relations = [relation(a, b) for a, b in combinations(self.objects, 2)]
        kept = frozenset(one for one in relations if one is not None)
        return Facts(frozenset(one.thing for one in self.objects), kept, self.ground)

    def captions(self) -> list[str]:
        """Every true caption that names all objects: each phrasing, subject and order.

        `ValueError` where none of the objects stands in a clear relation to all others.
        """
        facts, found = self.facts(), []
        for subject in sorted(facts.things):
            own = frozenset(one for one in facts.relations if subject in (one[0], one[2]))
            if len(own) == len(facts.things) - 1:
                found += captions_of(Facts(facts.things, own, facts.ground))
        if not found:
            expected = "an object clearly left of, right of, above or below each other one"
            raise ValueError(complaint("objects", expected, "none", "move one"))
        return sorted(set(found))

    def place_of(self, parsed: ParsedCaption) -> tuple[int | None, ...]:
        """For each word of a caption the number of its object in this scene; None for words about none of them.

        A ground word gets None as well: its place is all that the objects leave free.
        """
        numbers = {one.thing: k for k, one in enumerate(self.objects)}
        things = [numbers.get(thing) for thing in parsed.things]
        return tuple(None if a is None or a < 0 else things[a] for a in parsed.about)


def relation(a: SceneObject, b: SceneObject) -> Relation | None:
    """The clear relation of two objects as "left of" or "above"; None where they lie diagonally.

    Clear: the centers are `CLEAR` times farther apart in one direction than in the other.

    >>> ball, cube = SceneObject("small", "red", "ball", 0.2, 0.5), SceneObject("small", "blue", "cube", 0.8, 0.5)
    >>> relation(cube, ball)[1]
    'left of'
    """
    dx, dy = b.x - a.x, b.y - a.y
    if max(abs(dx), abs(dy)) < CLEAR * min(abs(dx), abs(dy)):
        return None
    name, first_is_a = ("left of", dx > 0) if abs(dx) > abs(dy) else ("above", dy > 0)
    return (a.thing, name, b.thing) if first_is_a else (b.thing, name, a.thing)


def overlap(a: SceneObject, b: SceneObject) -> bool:
    """Whether two objects come nearer to each other than `GAP`.

    >>> overlap(SceneObject("small", "red", "ball", 0.5, 0.5), SceneObject("small", "blue", "ball", 0.55, 0.5))
    True
    """
    return math.hypot(a.x - b.x, a.y - b.y) < (a.diameter + b.diameter) / 2 + GAP


def caption_scenes(n: int, split: str = "train", seed: int = 0) -> list[CaptionScene]:
    """Random scenes in which every two objects stand in a clear relation.

    Splits: "train" and "test" never show the color and shape of `HELD_OUT` on one object, "held_out" always does, once.
    The two latter take their grounds from parts of the photos that no training scene shows. The same seed gives the
    same scenes. Raises `TypeError` or `ValueError` for n below 1, a negative seed or another split.

    >>> [scene.ground for scene in caption_scenes(3, seed=1)] == [scene.ground for scene in caption_scenes(3, seed=1)]
    True
    """
    check_whole("n", n, 1)
    check_whole("seed", seed)
    check_choice("split", split, SPLITS)
    generator = torch.Generator().manual_seed(len(SPLITS) * seed + SPLITS.index(split))
    block: list[float] = []

    def draw() -> float:
        if not block:
            block.extend(torch.rand(1024, generator=generator).tolist())
        return block.pop()

    return [_scene(split, draw) for _ in range(n)]


def _scene(split: str, draw: Callable[[], float]) -> CaptionScene:
    def one_of(options):
        return options[int(draw() * len(options))]

    u = draw()
    count = 1 if u < COUNTS[0] else 2 if u < COUNTS[0] + COUNTS[1] else 3
    while True:
        objects: list[SceneObject] = []
        while len(objects) < count:
            size, kind = one_of(SIZES), (one_of(COLORS), one_of(SHAPES))
            if split == "held_out" and not objects:
                kind = HELD_OUT
            elif kind == HELD_OUT:
                continue
            low, high = DIAMETERS[size]
            diameter = low + (high - low) * draw()
            x, y = (diameter / 2 + (1 - diameter) * draw() for _ in range(2))
            objects.append(SceneObject(size, *kind, x, y, diameter))
        clear = all(
            relation(a, b) and not overlap(a, b) and a.thing[1:] != b.thing[1:]
            for a, b in combinations(objects, 2)
        )
        if clear:
            break
    place = (draw(), draw(), draw())
    return CaptionScene(tuple(objects), one_of(GROUNDS), place, 0.8 + 0.35 * draw(), unseen=split != "train")


def described_scene(scene: CaptionScene) -> str:
    """A scene in words, for alt texts: each object with its place.

    >>> described_scene(CaptionScene((SceneObject("small", "red", "ball", 0.2, 0.5),), "grass"))
    'On grass: a small red ball at 20 % from the left and 50 % from the top.'
    """
    if not isinstance(scene, CaptionScene):
        raise TypeError(complaint("scene", "a CaptionScene", described(scene)))
    said = "; ".join(
        f"{one.thing} at {one.x:.0%} from the left and {one.y:.0%} from the top".replace("%", " %")
        for one in scene.objects
    )
    return f"On {scene.ground}: {said}."
