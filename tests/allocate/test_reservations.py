"""Whose the units of a day are, by hand and at random."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rouxing.allocate.grid import grid_of
from rouxing.allocate.reservations import Rates, Reserved, pickups_served, rates_on, reserve
from rouxing.optimize.checks import FloatArray, RefusedInputError

SEEDS = st.integers(0, 2**32 - 1)


def rates(per_pickup: list[float], by_coupon: list[float] | None = None, walk_in: list[float] | None = None) -> Rates:
    """One store; variance = mean, the rate known exactly."""
    count = len(per_pickup)

    def row(values: list[float] | None, usual: float) -> FloatArray:
        return np.array([values or [usual] * count])

    return Rates(row(per_pickup, 0), row(by_coupon, 0), row(walk_in, 0), np.ones((1, count)), np.zeros((1, count)))


def divided(there: list[float], of: Rates, exchanges: list[float], orders: float = 10.0) -> Reserved:
    return reserve(
        np.array([there]), of, np.array([orders]), np.zeros(1), np.array([exchanges]), 0.9, priority_quantile=0.9
    )


def test_scarce_goods_are_kept_for_walk_ins_first_and_then_for_coupon_holders() -> None:
    # 10 orders ask for 5 units of each, walk-ins for 3: 8 in all.
    milk = rates([0.5, 0.5], [0.1, 0.1], [3.0, 3.0])
    reserved = divided([6.0, 60.0], milk, [1.0, 1.0])
    # 6 do not last the day; Poisson(1) stays within 2 on nine days of ten.
    assert reserved.walk_in.tolist() == [[3, 3]]
    assert reserved.priority.tolist() == [[2, 0]]
    assert reserved.open_units.tolist() == [[1, 57]]
    assert reserved.is_told.tolist() == [[True, True]]
    # With 4 there, the holders get the one that walk-ins leave.
    assert divided([4.0, 60.0], milk, [1.0, 1.0]).priority[0, 0] == 1


def test_the_chance_to_last_is_that_of_the_days_units() -> None:
    # Mean 8, variance 8: a gamma of shape 8 is below 8 with a chance of .5470.
    assert divided([8.0], rates([0.5], walk_in=[3.0]), [0.0]).cover[0, 0] == pytest.approx(0.5470, abs=1e-4)
    assert divided([0.0], rates([0.0]), [0.0]).cover[0, 0] == 1
    assert not divided([0.0], rates([0.0]), [0.0]).is_told.any()


@pytest.mark.parametrize(
    ("units", "pickups"),
    [
        ([190.0], 95),
        ([20.0], 10),
        # Three SKUs are asked for alike; two of them are 60 % of a pickup, and the second covers 12.
        ([24.0, 4.0, 90.0], 12),
        ([0.0, 500.0, 500.0], 250),
        ([0.0, 0.0, 500.0], 0),
    ],
)
def test_pickups_served_are_those_most_skus_can_cover(units: list[float], pickups: float) -> None:
    of = rates([2.0] * len(units))
    assert pickups_served(divided(units, of, [0.0] * len(units)), of, np.ones(1), 0.6).tolist() == [pickups]


def test_orders_that_nobody_fetches_take_units_too() -> None:
    of = rates([2.0])
    assert pickups_served(divided([190.0], of, [0.0]), of, np.array([0.5]), 0.6).tolist() == [47.5]


def test_without_rates_a_pickup_is_one_unit() -> None:
    of = rates([0.0, 0.0])
    assert pickups_served(divided([3.0, 4.0], of, [0.0, 0.0]), of, np.ones(1), 0.6).tolist() == [7]


def test_other_pickups_do_not_draw_on_what_is_kept() -> None:
    of = rates([1.0], [0.5])
    reserved = divided([8.0], of, [4.0])
    assert (reserved.priority[0, 0], reserved.open_units[0, 0]) == (7, 1)
    # A pickup takes half a unit without a coupon: one open unit serves two of them.
    assert pickups_served(reserved, of, np.ones(1), 0.6).tolist() == [2]


@settings(deadline=None, max_examples=60)
@given(seed=SEEDS)
def test_the_parts_add_up_to_what_is_there_and_none_is_below_zero(seed: int) -> None:
    random = np.random.default_rng(seed)
    shape = (3, 4)
    per_pickup = random.choice([0.0, 0.01, 0.5, 3.0], shape)
    of = Rates(
        per_pickup,
        per_pickup * random.uniform(0, 1, shape),
        random.choice([0.0, 2.0, 50.0], shape),
        random.choice([0.0, 1.0, 9.0], shape),
        random.uniform(0, 1, shape),
    )
    there = random.choice([0.0, 0.5, 7.0, 1e6], shape)
    exchanges = random.choice([0.0, 0.2, 30.0], shape)
    reserved = reserve(there, of, random.uniform(0, 200, 3), random.uniform(0, 1, 3), exchanges, 0.9, 0.9)
    total = reserved.priority + reserved.walk_in + reserved.open_units
    np.testing.assert_allclose(total, there, rtol=1e-12)
    for part in (reserved.priority, reserved.walk_in, reserved.open_units, reserved.cover):
        assert (part >= 0).all()
    assert (reserved.cover <= 1).all()
    assert (reserved.priority[~reserved.is_told] == 0).all()
    share = random.uniform(0.3, 1.0)
    served = pickups_served(reserved, of, np.ones(3), share)[:, None]
    # At the limit SKUs with that share of what is asked for still have the units, beyond it they do not.
    needed = served * of.per_pickup * (1 - 1e-9)
    fits = (needed <= reserved.open_units + reserved.priority) & (
        served * (of.per_pickup - of.by_coupon) * (1 - 1e-9) <= reserved.open_units
    )
    asked = of.per_pickup.sum(axis=1)
    assert ((of.per_pickup * fits).sum(axis=1) >= share * asked * (1 - 1e-9)).all()


def test_rates_that_are_no_numbers_are_refused_by_name() -> None:
    split = pd.DataFrame(
        {
            "store_id": ["S1"], "sku_id": ["K1"], "units_per_pickup": [np.nan], "exchange_units_per_pickup": [0.0],
            "walk_in_units_per_day": [0.0], "units_dispersion": [1.0], "rate_error": [0.0],
        }
    )  # fmt: skip
    grid = grid_of(split, split)
    with pytest.raises(RefusedInputError, match=r"split\.units_per_pickup"):
        rates_on(grid, split)
    assert rates_on(grid, split.assign(units_per_pickup=0.5)).per_pickup.tolist() == [[0.5]]
