"""The smoothed line is pandas' exponentially weighted mean, to the last digit that matters."""

import numpy as np
import pandas as pd
import pytest

from lecturelib.training.smooth import smooth

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("weight", [0.0, 0.3, 0.9, 0.99, 0.999])
def test_the_same_as_ewm_adjusted(weight):
    values = np.random.default_rng(3).normal(size=500).cumsum()
    theirs = pd.Series(values).ewm(alpha=1 - weight, adjust=True).mean()
    np.testing.assert_allclose(smooth(values, weight), theirs, rtol=1e-9)


@pytest.mark.parametrize("weight", [0.5, 0.95])
def test_the_same_with_gaps(weight):
    generator = np.random.default_rng(4)
    values = generator.normal(size=200)
    values[generator.random(200) < 0.3] = np.nan
    theirs = pd.Series(values).ewm(alpha=1 - weight, adjust=True, ignore_na=False).mean()
    np.testing.assert_allclose(smooth(values, weight), theirs, rtol=1e-9)
