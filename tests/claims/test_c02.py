"""C2: recordings group by microphone; corrected with known pairs they group by speaker."""

import pytest

from lecturelib.confounds.claims import c2_microphones
from lecturelib.lesson import numbers

pytestmark = pytest.mark.claims


def check(found):
    for where in ("bands", "map"):
        assert found[f"{where}_by_microphone_after"] < found[f"{where}_by_microphone_before"] - 0.2
        assert found[f"{where}_by_speaker_after"] > found[f"{where}_by_speaker_before"] + 0.2
    assert (
        found["diagnosis_exchanged_microphones_before"]
        < 0.2
        < 0.7
        < found["diagnosis_exchanged_microphones_after"]
    )


def test_with_other_seeds():
    found = c2_microphones(seeds=3)
    assert found["holds"], found
    check(found["numbers"])


def test_as_measured_in_full():
    check(numbers("C2"))
