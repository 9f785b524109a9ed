"""Controls of a scene that a student builds: one object at a time is edited, and all of them are remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from lecturelib.checks import complaint, described
from lecturelib.visual_attention.caption_grammar import COLORS, SHAPES, SIZES
from lecturelib.visual_attention.caption_scenes import DIAMETERS, SceneObject
from lecturelib.widgets import Choice, Control, Pointer, Toggle

Slot = tuple[bool, str, str, str, float, float]  # in the scene, size, color, shape, x and y
NUMBERS = (1, 2, 3)


@dataclass(frozen=True)
class HeldChoice(Choice):
    """A choice that takes the value of the object being edited, where `held` says so."""

    held: Any = None

    def clip(self, value: Any) -> Any:
        return super().clip(value if self.held is None else self.held)


@dataclass(frozen=True)
class HeldToggle(Toggle):
    """A toggle of the same kind."""

    held: bool | None = None

    def clip(self, value: Any) -> Any:
        return super().clip(value if self.held is None else self.held)


@dataclass(frozen=True)
class HeldPointer(Pointer):
    """A place of the same kind."""

    held: tuple[float, float] | None = None

    def clip(self, value: Any) -> Any:
        return super().clip(value if self.held is None else self.held)


@dataclass(frozen=True)
class SceneSlots(Control):
    """Everything about three objects, and which of them the other controls show; it has no widget of its own.

    Its value: (number of the object being edited, slot, slot, slot).
    """

    value: tuple
    held: tuple | None = None
    name: str = "slots"

    def check(self, value: Any) -> tuple:
        expected = "the number of an object and three of (in the scene, size, color, shape, x, y)"
        if not isinstance(value, tuple | list) or len(value) != 4 or value[0] not in NUMBERS:
            raise ValueError(complaint("slots", expected, described(value)))
        slots = []
        for slot in value[1:]:
            if not isinstance(slot, tuple | list) or len(slot) != 6:
                raise ValueError(complaint("slots", expected, described(slot)))
            there, size, color, shape, x, y = slot
            if size not in SIZES or color not in COLORS or shape not in SHAPES:
                raise ValueError(complaint("slots", expected, described(slot)))
            slots.append((bool(there), size, color, shape, *(min(max(float(u), 0.0), 1.0) for u in (x, y))))
        return (int(value[0]), *slots)

    def clip(self, value: Any) -> tuple:
        return super().clip(value if self.held is None else self.held)

    def values(self) -> tuple:
        return (self.value,)

    def says(self, value: Any) -> str:
        return f"{sum(slot[0] for slot in value[1:])} objects"


def scene_controls(slots: Sequence[Slot]) -> list[Control]:
    """The controls of a scene with these objects; the first is edited at the start."""
    there, size, color, shape, x, y = slots[0]
    return [
        Choice("object", NUMBERS, label="edit object"),
        HeldToggle("there", there, label="it is in the scene"),
        HeldChoice("color", COLORS, color),
        HeldChoice("shape", SHAPES, shape),
        HeldChoice("size", SIZES, size),
        HeldPointer("x", "y", (x, y), panel=0, label="the object that is edited"),
        SceneSlots((1, *slots)),
    ]


def refreshed(state: dict, base: dict[str, Control]) -> dict[str, Control]:
    """Keeps slots and visible controls in step: a newly chosen object is shown, a changed control is remembered."""
    edited, *slots = state["slots"]
    chosen = state["object"]
    if chosen != edited:
        there, size, color, shape, x, y = slots[chosen - 1]
        held = {"there": there, "color": color, "shape": shape, "size": size, "x, y": (x, y)}
        held["slots"] = (chosen, *slots)
    else:
        slots[chosen - 1] = tuple(state[name] for name in ("there", "size", "color", "shape", "x", "y"))
        held = {"slots": (chosen, *slots)}
    return {name: replace(cast(Any, control), held=held.get(name)) for name, control in base.items()}


def preset(slots: Sequence[Slot], **others: Any) -> dict:
    """A prepared scene: all that the controls would hold if it had been built by hand."""
    there, size, color, shape, x, y = slots[0]
    own = {"object": 1, "there": there, "size": size, "color": color, "shape": shape, "x": x, "y": y}
    return own | {"slots": (1, *slots)} | others


def objects_of(state: dict) -> list[SceneObject]:
    """The objects of a state that are in the scene, moved inside the picture where they would leave it."""
    found = []
    for there, size, color, shape, x, y in state["slots"][1:]:
        r = sum(DIAMETERS[size]) / 4
        if there:
            found.append(SceneObject(size, color, shape, *(min(max(u, r), 1 - r) for u in (x, y))))
    return found
