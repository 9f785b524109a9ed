"""C18: local attention beside its convolutional twin, on the test images."""

import pytest

from lecturelib.attention.claims_vision import c18_local_attention

pytestmark = pytest.mark.claims


def test_fewer_parameters_and_nearly_the_same_accuracy():
    found = c18_local_attention()
    numbers = found["numbers"]
    assert found["claim"] == "C18"
    assert 2 * numbers["attention_parameters"] < numbers["convolution_parameters"]
    assert min(numbers["attention_accuracy"], numbers["convolution_accuracy"]) > 0.7
    assert numbers["points_lost"] <= 2 and found["holds"] is True
    assert numbers["standard_error_of_points"] < 0.8


def test_bad_input():
    with pytest.raises(ValueError, match="count"):
        c18_local_attention(count=0)
