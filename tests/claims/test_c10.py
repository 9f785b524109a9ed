"""C10 in small: under random weights guided backprop hardly changes, plain gradients do."""

import pytest

from lecturelib.gradients.claims import c10_sanity

pytestmark = pytest.mark.claims


@pytest.mark.parametrize("network", ["textures_net", "alexnet"])
def test_guided_backprop_keeps_what_plain_gradients_lose(network):
    found = c10_sanity(networks=(network,), pictures=3, seeds=1)
    numbers = found["numbers"]
    assert found["claim"] == "C10"
    for depth in range(1, 7):
        plain, guided = (numbers[f"{network}_{name}_depth_{depth}"] for name in ("plain", "guided"))
        assert guided > plain + 0.1
    assert numbers[f"{network}_guided_depth_6"] > 0.5 > numbers[f"{network}_plain_depth_3"]
    assert numbers[f"{network}_guided_depth_8"] < numbers[f"{network}_guided_depth_1"] - 0.3


def test_it_wants_some_pictures():
    with pytest.raises(ValueError, match="pictures: expected a whole number from 2"):
        c10_sanity(pictures=1)
