"""Expected excess of a gamma load over a level: the table against the exact function, and that against its integral."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import gamma

from rouxing.plan.gamma_excess import excess, over


@pytest.mark.parametrize(("mean", "variance", "level"), [(5.0, 9.0, 7.0), (0.4, 1.1, 0.0), (0.05, 0.2, 3.0)])
def test_the_excess_is_the_integral_of_the_tail(mean: float, variance: float, level: float) -> None:
    load = gamma(mean**2 / variance, scale=variance / mean)
    above, beyond = over(np.array([mean]), np.array([variance]), np.array([level]))
    assert above[0] == pytest.approx(load.sf(level))
    assert beyond[0] == pytest.approx(quad(load.sf, level, level + 200.0, limit=200)[0], rel=1e-6)


@given(
    mean=st.floats(1e-9, 1e6),
    shape=st.floats(1e-9, 1e7),
    height=st.one_of(st.just(0.0), st.floats(1e-9, 1e6)),
)
def test_the_table_tells_what_the_exact_function_tells(mean: float, shape: float, height: float) -> None:
    case = np.array([mean]), np.array([mean**2 / shape]), np.array([height * mean])
    assert excess(*case)[0] == pytest.approx(over(*case)[1][0], abs=2e-6 * mean)


def test_the_table_loses_little_of_what_is_left_far_out() -> None:
    shape, height = (grid.ravel() for grid in np.meshgrid(np.geomspace(0.01, 90, 60), np.geomspace(0.01, 50, 60)))
    mean = np.full(shape.size, 3.0)
    exact = over(mean, mean**2 / shape, height * mean)[1]
    there = exact > 1e-9
    assert np.allclose(excess(mean, mean**2 / shape, height * mean)[there], exact[there], rtol=1e-5, atol=0.0)
