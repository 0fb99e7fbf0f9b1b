"""Load by hand: upper quantile of the total, the mean a capacity allows, claims curves, neighbours, smoothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rouxing.optimize.checks import RefusedInputError
from rouxing.redistribute.claims import claim_curves, rest_of_claims
from rouxing.redistribute.load import ForecastLoads, forecast_loads, mean_limit, slot_day_limit, upper_load
from rouxing.redistribute.neighbours import Neighbours

POSITIVE = st.floats(0, 1e5)


def one(mean: float, upper: float, dispersion: float) -> ForecastLoads:
    return forecast_loads(np.array([mean]), np.array([upper]), np.array([dispersion]), "p90")


def test_the_distance_from_the_mean_grows_as_the_standard_deviation() -> None:
    forecast = one(100.0, 120.0, 0.0)
    assert upper_load(np.array([100.0, 64.0, 0.0]), forecast).tolist() == [120.0, 80.0, 0.0]
    # 400 + k sqrt(400 + 0.03 x 400^2) with k = 20 / sqrt(100 + 0.03 x 100^2).
    wider = upper_load(np.array([400.0]), one(100.0, 120.0, 0.03))
    assert wider.item() == pytest.approx(400 + np.sqrt(400 + 4800))


def test_a_load_nobody_expects_is_spread_like_a_poisson_number() -> None:
    assert upper_load(np.array([25.0]), one(0.0, 0.0, 0.0)).item() == pytest.approx(25 + 1.2815515655 * 5)


@settings(deadline=None)
@given(mean=POSITIVE, spread=st.floats(0, 5), dispersion=st.floats(0, 3), capacity=POSITIVE)
def test_the_mean_limit_just_keeps_the_capacity(mean: float, spread: float, dispersion: float, capacity: float) -> None:
    forecast = one(mean, mean + spread * np.sqrt(mean + dispersion * mean**2), dispersion)
    limit = mean_limit(np.array([capacity]), forecast)
    assert upper_load(limit, forecast).item() == pytest.approx(capacity, rel=1e-6, abs=1e-6)


def test_the_fullest_half_hour_limits_the_day() -> None:
    day = np.full(3, 100.0), np.full(3, 60.0)
    # The half hour of 10 takes 12, a fifth more: 60 to come may be 72, the day 112. Nobody expected: no limit.
    limits = slot_day_limit(np.array([12.0, 30.0, 0.0]), np.array([10.0, 20.0, 0.0]), np.zeros(3), day)
    assert limits.tolist() == pytest.approx([112.0, 130.0, np.inf])
    # Where the rate itself may be 0.3 x 0.6745 higher one day in four, 12 pickups bear a mean of 9.98.
    unsure = slot_day_limit(np.full(3, 12.0), np.full(3, 10.0), np.full(3, 0.09), day)
    assert unsure[0] == pytest.approx(100 + 60 * (12 / (10 * (1 + 0.3 * 0.6744898)) - 1))


def test_nonsense_is_refused_by_name() -> None:
    with pytest.raises(RefusedInputError, match="forecast_mean"):
        one(np.nan, 1.0, 0.0)
    with pytest.raises(RefusedInputError, match="p50 is no upper quantile"):
        forecast_loads(np.ones(1), np.ones(1), np.ones(1), "p50")


@settings(deadline=None)
@given(issued=st.integers(0, 500), rest=POSITIVE, dispersion=st.floats(1e-6, 5))
def test_a_claims_curve_has_the_mean_it_is_made_of(issued: int, rest: float, dispersion: float) -> None:
    curves = claim_curves(np.array([float(issued)]), np.array([rest]), np.array([dispersion]))
    assert (np.diff(curves.units) >= 0).all()
    assert curves.expected_min(np.array([1e12])).item() == pytest.approx(issued + rest, rel=1e-9, abs=1e-6)
    assert curves.expected_min(np.array([float(issued)])).item() == pytest.approx(issued)


def test_a_sold_out_day_never_lowers_what_was_wanted() -> None:
    wanted, gone = np.array([30.0, 30.0]), np.array([0.5, 0.5])
    rest, dispersion = rest_of_claims(wanted, np.array([4.0, 4.0]), np.array([False, True]), gone, 0.2)
    assert rest.tolist() == pytest.approx([6.75, 15.0])
    assert dispersion.tolist() == pytest.approx([1 / 9, 1 / 9])


def test_neighbours_share_whom_a_store_turns_away_and_take_no_more_than_they_have_room_for() -> None:
    group = np.array([0, 0, 0, 1])
    share = np.array([0.5, 0.25, 0.25, 1.0])
    near = Neighbours(group, share, 0.4, np.array([9.0, 9.0, 0.5, 9.0]))
    # S0 sends 10: half each to the others, of which 0.4 x 5 = 2 try; the third has room for half a pickup.
    assert near.spill(np.array([10.0, 0.0, 0.0, 0.0])).tolist() == pytest.approx([0.0, 2.0, 0.5, 0.0])
    # Alone in its district, customers stay away.
    assert near.spill(np.array([0.0, 0.0, 0.0, 7.0])).tolist() == [0.0] * 4
