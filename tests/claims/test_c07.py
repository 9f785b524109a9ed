"""C7 in small: nearest neighbors share the class more often in code space than in pixel space."""

from lecturelib.parameters.claims_units import c7_codes


def test_codes_know_the_class_better_than_pixels():
    found = c7_codes(count=500)
    assert found["holds"] is True
    numbers = found["numbers"]
    assert numbers["clothes_code_euclidean"] > numbers["clothes_pixels_euclidean"] + 0.05
    assert numbers["clothes_code_cosine"] > numbers["clothes_pixels_cosine"] + 0.05
