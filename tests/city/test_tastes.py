"""What customers take moves with weekday, season, fashion and novelty; nothing else."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from rouxing.city.tastes import LAUNCHES, sku_cumulative
from rouxing.city.world import CityParameters, build_world

WORLD = build_world(CityParameters(stores=10, days=120, seed=7, business_date=date(2026, 6, 18)))


def shares(day: date) -> np.ndarray:
    return np.diff(sku_cumulative(WORLD, day), axis=1, prepend=0.0)


def test_shares_add_up_and_a_day_stands_by_itself() -> None:
    day = date(2026, 5, 20)
    assert np.allclose(sku_cumulative(WORLD, day)[:, -1], 1.0)
    np.testing.assert_array_equal(shares(day), shares(day))
    cold_in_stores_without_room = shares(day)[np.ix_(WORLD.stores.cold_ml == 0, WORLD.skus.is_cold)]
    assert (cold_in_stores_without_room == 0).all()


def test_fresh_goods_gain_at_the_weekend() -> None:
    milk, toothpaste, sells = 16, 11, WORLD.stores.cold_ml > 0
    over = [shares(day)[sells, milk] / shares(day)[sells, toothpaste] for day in (date(2026, 5, 23), date(2026, 5, 20))]
    assert (over[0] > 1.4 * over[1]).all()


def test_a_new_sku_is_not_sold_before_its_launch_and_most_in_its_first_days() -> None:
    for sku, before in LAUNCHES.items():
        launch = WORLD.parameters.business_date - timedelta(days=before)
        assert (shares(launch - timedelta(days=1))[:, sku] == 0).all()
        assert (shares(launch)[:, sku] > shares(launch + timedelta(days=28))[:, sku]).all()
