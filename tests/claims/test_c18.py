"""C18 in small: local attention beside its convolutional twin, on some of the test images."""

import pytest

from lecturelib.attention.claims_vision import c18_local_attention

pytestmark = pytest.mark.claims


def test_fewer_parameters_and_nearly_the_same_accuracy():
    found = c18_local_attention(count=500)
    numbers = found["numbers"]
    assert found["claim"] == "C18"
    assert 2 * numbers["attention_parameters"] < numbers["convolution_parameters"]
    assert min(numbers["attention_accuracy"], numbers["convolution_accuracy"]) > 0.7
    assert abs(numbers["points_lost"]) < 5  # 500 images tell no more
    assert found["holds"] is (numbers["points_lost"] <= 2)


def test_bad_input():
    with pytest.raises(ValueError, match="count"):
        c18_local_attention(count=0)
