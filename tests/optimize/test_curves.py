from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rouxing.optimize.curves import CurveTable, DemandCurves

SHARES = np.array([0.0, 0.25, 0.5, 1.0])


def test_expected_min_of_a_uniform_demand_by_hand() -> None:
    curves = DemandCurves(np.array([0.0, 1.0]), np.array([[0.0, 10.0]]))
    # E[min(D, y)] of a uniform demand on 0 .. 10 is y - y^2 / 20.
    for level, expected in ((0.0, 0.0), (4.0, 3.2), (10.0, 5.0), (25.0, 5.0)):
        assert curves.expected_min(np.array([float(level)]))[0] == pytest.approx(expected)
    assert curves.exceedance(np.array([4.0]))[0] == pytest.approx(0.6)


def test_a_lump_of_chance_jumps_in_the_exceedance_and_bends_the_expectation() -> None:
    curves = DemandCurves(SHARES, np.array([[2.0, 2.0, 6.0, 6.0]]))
    # A quarter of the demand is 2, a quarter lies evenly between 2 and 6, half of it is 6.
    assert curves.exceedance(np.array([[1.9, 2.0, 4.0, 5.999, 6.0]]))[0] == pytest.approx(
        [1, 0.75, 0.625, 0.5, 0], abs=1e-3
    )
    levels = np.array([[1.0, 2.0, 4.0, 6.0, 9.0]])
    assert curves.expected_min(levels)[0] == pytest.approx([1.0, 2.0, 0.5 + 0.25 * 3.5 + 0.5 * 4, 4.5, 4.5])


@settings(deadline=None, max_examples=100)
@given(
    units=st.lists(st.integers(0, 10**12), min_size=4, max_size=4),
    level=st.integers(0, 2 * 10**12),
)
def test_expected_min_is_the_integral_of_the_quantiles_cut_at_the_level(units: list[int], level: int) -> None:
    quantiles = np.sort(np.array(units, dtype=float))
    curves = DemandCurves(SHARES, quantiles[None, :])
    grid = (np.arange(40_000) + 0.5) / 40_000
    expected = np.minimum(np.interp(grid, SHARES, quantiles), level).mean()
    got = curves.expected_min(np.array([float(level)]))[0]
    assert got == pytest.approx(expected, rel=1e-4, abs=1e-4)
    share = (np.interp(grid, SHARES, quantiles) > level).mean()
    assert curves.exceedance(np.array([float(level)]))[0] == pytest.approx(share, abs=1e-3)


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 2**32 - 1))
def test_quantile_and_expected_min_are_each_others_inverse(seed: int) -> None:
    random = np.random.default_rng(seed)
    units = np.cumsum(random.gamma(1.0, 3.0, (20, 4)), axis=1)
    table = CurveTable.of(DemandCurves(SHARES, units))
    share, everyone = random.random(20), slice(0, 20)
    level, reached, slope = table.quantile(share, everyone)
    assert table.expected_min(level, everyone) == pytest.approx(reached)
    assert table.exceedance(level, everyone) == pytest.approx(1 - share)
    assert (slope >= 0).all()
    some = np.array([3, 17, 4])
    assert table.expected_min(level[some], some) == pytest.approx(reached[some])


def test_no_cells_and_no_levels() -> None:
    none = DemandCurves(SHARES, np.zeros((0, 4)))
    assert none.expected_min(np.zeros(0)).shape == (0,)
    one = DemandCurves(SHARES, np.ones((1, 4)))
    assert one.expected_min(np.zeros((1, 0))).shape == (1, 0)
