"""C11 in small: what one network paints for a class, another one recognises; more so with robust transforms."""

import pytest

from lecturelib.optimization.claims import c11_class_images

pytestmark = pytest.mark.claims


def test_another_network_sees_the_class():
    found = c11_class_images(count=2, steps=20, size=128)
    numbers = found["numbers"]
    assert found["claim"] == "C11"
    assert numbers["robust_judged_top5"] > 10 * numbers["chance"]
    assert numbers["robust_judge_confidence"] > 3 * numbers["plain_judge_confidence"]
    assert min(numbers["robust_maker_confidence"], numbers["plain_maker_confidence"]) > 0.9


def test_it_wants_a_class():
    with pytest.raises(ValueError, match="count"):
        c11_class_images(count=0)
