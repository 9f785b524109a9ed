"""C26 in small: the class entropy of top pictures, of units and of random directions, is reported either way."""

from lecturelib.parameters.claims_units import c26_units_or_directions


def test_units_and_directions_are_both_far_from_chance():
    found = c26_units_or_directions(layers=("relu2",), count=400, directions=32)
    numbers = found["numbers"]
    assert found["holds"] is None and found["note"].startswith("relu2: ")
    assert numbers["relu2_units"] > 32
    assert 0 < numbers["relu2_units_bits"] < numbers["random_pictures_bits"] - 0.3
    assert 0 < numbers["relu2_directions_bits"] < numbers["random_pictures_bits"] - 0.3
    assert found == c26_units_or_directions(layers=("relu2",), count=400, directions=32)
