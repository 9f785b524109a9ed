"""C11 in small: what one network makes for a class, another one recognizes; more so with robust transforms."""

import pytest

from lecturelib import lesson
from lecturelib.optimization.claims import c11_class_images

pytestmark = pytest.mark.claims


def test_another_network_sees_the_class():
    found = c11_class_images(count=2, steps=20, size=128)
    numbers = found["numbers"]
    assert found["claim"] == "C11"
    assert numbers["robust_judged_top5"] > 10 * numbers["chance"]
    assert numbers["robust_judge_confidence"] > numbers["plain_judge_confidence"]
    assert min(numbers["robust_maker_confidence"], numbers["plain_maker_confidence"]) > 0.9


def test_the_lesson_tells_what_was_measured_in_full():
    full = lesson.numbers("C11")
    assert full["robust_judged_top5"] > 10 * full["chance"] and full["margin_robust_over_plain"] > 0
    assert full["robust_judge_confidence"] > full["plain_judge_confidence"]


def test_it_wants_a_class():
    with pytest.raises(ValueError, match="count"):
        c11_class_images(count=0)
