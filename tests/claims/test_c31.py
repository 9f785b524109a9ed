"""C31: AlexNet's first kernels are more oriented and smoother than noise and than an untrained copy's."""

from lecturelib.parameters.claims_units import c31_kernels


def test_trained_kernels_are_oriented_and_smooth():
    found = c31_kernels()
    numbers = found["numbers"]
    assert found["holds"] is True
    for other in ("untrained", "noise"):
        assert numbers["trained_orientation"] > 3 * numbers[f"{other}_orientation"]
        assert numbers["trained_high_frequency"] < 0.6 * numbers[f"{other}_high_frequency"]
