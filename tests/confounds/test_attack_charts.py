"""Every claim on attacks becomes a picture that says its verdict, and one that is unknown a sentence."""

import pytest

from lecturelib.checks import UnknownName
from lecturelib.confounds.attack_charts import ATTACK_CHARTS, attack_chart
from lecturelib.lesson.claims import claim


@pytest.mark.parametrize("name", ATTACK_CHARTS)
def test_a_chart_says_the_verdict_that_was_measured(name):
    chart, measured = attack_chart(name), str(claim(name.removesuffix(", parts"))).splitlines()[0]
    assert len(chart.alt) > 60 and chart.caption.endswith(".")
    if name in ("C3", "C5", "C12"):
        assert ("does not hold" in chart.caption) == ("does not hold" in measured)


def test_another_claim_is_a_sentence():
    with pytest.raises(UnknownName, match="name: expected a known claim"):
        attack_chart("C99")
