"""C27 in small: every step is judged against the one before it, and a single thing is changed in it."""

import pytest

from lecturelib.lesson.claims import margin, numbers
from lecturelib.optimization.claims import c27_regularizer_comparison
from lecturelib.optimization.regularizer_comparison import REGULARIZATIONS
from lecturelib.optimization.shipped_frames import frames

pytestmark = pytest.mark.claims


NAMES = list(REGULARIZATIONS)


def helping(fine: dict[str, list[float]], value: dict[str, list[float]]) -> list[bool]:
    """The claim's own inequality for each step, over units: less fine detail, or a larger value when moved."""
    found = []
    for before, name in zip(NAMES, NAMES[1:], strict=False):
        lower = [a - b for a, b in zip(fine[before], fine[name], strict=True)]
        higher = [b - a for a, b in zip(value[before], value[name], strict=True)]
        found.append(max(margin(lower), margin(higher)) > 0)
    return found


def test_each_step_lowers_the_high_frequencies_or_raises_the_value():
    """On the units that are shipped (three channels and a class, 96 steps), and in full from the file."""
    shown = {name: [f for f in frames("regularizer_comparison") if f.settings["regularization"] == name]
             for name in NAMES}  # fmt: skip
    best = [max(shown[name][k].numbers["moved"] for name in NAMES) for k in range(len(shown["none"]))]
    fine = {name: [f.numbers["fine"] for f in found] for name, found in shown.items()}
    value = {
        name: [f.numbers["moved"] / top for f, top in zip(found, best, strict=True)]
        for name, found in shown.items()
    }
    assert helping(fine, value)[:4] == [True] * 4
    pairs = zip(value["blur"], value["Fourier"], strict=True)
    assert all(higher > lower for lower, higher in pairs), "by very unequal amounts: no margin for four units"
    full = numbers("C27")
    assert all(max(full[f"{name}_margin_lower"], full[f"{name}_margin_higher"]) > 0 for name in NAMES[1:])


def test_a_few_steps_of_one_channel():
    """Fourier starts slowly: after 16 steps its value has not come up to the blur's, and the result says so."""
    found = c27_regularizer_comparison(layers=("conv3",), units=1, steps=16)
    small = found["numbers"]
    assert found["claim"] == "C27" and small["channels"] == 1
    fine = {name: [small[f"{name}_high_frequency"]] for name in NAMES}
    value = {name: [small[f"{name}_under_jitter"]] for name in NAMES}
    helped = helping(fine, value)
    assert helped[:4] == [True] * 4, "L2, total variation, jitter and scale, blur"
    assert small["steps_that_help"] == sum(helped) and found["holds"] is all(helped)


def test_each_step_changes_one_thing():
    """A learning rate counts with the parametrization: it is in the units of the parameters."""
    steps = list(REGULARIZATIONS.values())
    for before, now in zip(steps, steps[1:], strict=False):
        penalties, earlier = now.get("regularizers", ()), before.get("regularizers", ())
        kept = sum(one in penalties for one in earlier)
        exchanged = max(len(penalties), len(earlier)) - kept
        moved = now["transforms"] != before["transforms"]
        form = now["parametrization"] != before["parametrization"]
        assert form or now["learning_rate"] == before["learning_rate"]
        # Fourier stands in place of the blur: the means against high frequencies is exchanged, and nothing else
        assert exchanged + moved == 1 and (not form or len(penalties) == kept)


def test_the_lesson_tells_what_was_measured_in_full():
    full = numbers("C27")
    value = {name: full[f"{name}_under_jitter"] for name in REGULARIZATIONS}
    fine = {name: full[f"{name}_high_frequency"] for name in REGULARIZATIONS}
    assert full["channels"] == 9 and full["steps_that_help"] == 5
    assert abs(value["Fourier"] - value["jitter and scale"]) < 0.01, "the highest values"
    assert value["blur"] < 0.75 * value["jitter and scale"], "the blur costs value"
    assert fine["blur"] < 0.4 * fine["Fourier"] and fine["Fourier"] < fine["jitter and scale"]


def test_it_wants_a_channel():
    with pytest.raises(ValueError, match="units"):
        c27_regularizer_comparison(units=0)
