"""Stock position by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from rouxing.allocate.grid import grid_of
from rouxing.allocate.position import (
    Holdings,
    arrival_dates,
    free_room,
    holdings_now,
    stock_at_arrival,
    units_by_day,
)
from rouxing.optimize.checks import RefusedInputError

TODAY = date(2026, 6, 18)
DAY = pd.Timestamp(TODAY)
STORES = pd.DataFrame(
    {"store_id": ["S2", "S1"], "lead_time_days": [1, 0], "ambient_volume_ml": [50, 1000], "cold_volume_ml": [500, 0]}
)
SKUS = pd.DataFrame({"sku_id": ["K1", "K2"], "volume_ml": [10, 20], "storage_class": ["ambient", "cold"]})
COUNTS = pd.DataFrame(
    {"location_id": ["S1", "S2", "DC"], "sku_id": "K1", "on_hand_units": [30, 6, 99], "locked_units": [5, 0, 0]}
)
LEAD = np.array([0, 1])  # of S1, S2
NOTHING = np.zeros((2, 2))


def coming(*days: tuple[int, float]) -> pd.DataFrame:
    """Units of K1 on their way to S2 and the day, from today, that can first sell them."""
    return pd.DataFrame(
        {
            "store_id": "S2",
            "sku_id": "K1",
            "in_transit_units": [units for _, units in days],
            "arrives_on": [DAY + pd.Timedelta(days=day) for day, _ in days],
        }
    )


def holdings(*days: tuple[int, float]) -> Holdings:
    return holdings_now(grid_of(STORES, SKUS), COUNTS, coming(*days), TODAY)


def of_milk_in_s2(units: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array([[0.0, 0.0], [units, 0.0]])


def test_every_store_and_sku_has_a_position_and_what_was_not_counted_is_none() -> None:
    now = holdings((0, 4.0))
    assert now.available.tolist() == [[25, 0], [6, 0]]
    assert now.on_hand.tolist() == [[30, 0], [6, 0]]
    assert now.in_transit.tolist() == [[0, 0], [4, 0]]


def test_goods_count_from_the_day_of_their_expected_arrival() -> None:
    now = holdings((-3, 1.0), (0, 2.0), (1, 4.0), (2, 8.0))
    asked = of_milk_in_s2(7.0)
    # Arrives tomorrow: 6 on hand and what is overdue or due today sell today, tomorrow's are there, later ones are not.
    assert stock_at_arrival(now, [asked], LEAD)[1, 0] == 6 + 1 + 2 - 7 + 4
    # Today's demand cannot eat what comes tomorrow.
    assert stock_at_arrival(now, [of_milk_in_s2(99.0)], LEAD)[1, 0] == 4
    # Two covered days: what comes within them is there too.
    assert stock_at_arrival(now, [asked], LEAD, covered_days=2)[1, 0] == 6 + 1 + 2 - 7 + 4 + 8
    # S1 has its transfer this morning: nothing has sold.
    assert stock_at_arrival(now, [np.full((2, 2), 9.0)], LEAD)[0, 0] == 25


def test_free_room_counts_what_is_there_and_coming_whenever_it_comes() -> None:
    room = free_room(STORES, SKUS, holdings((5, 4.0))).set_index("store_id")
    assert room.loc["S1", "ambient_free_ml"] == 1000 - 300
    assert room.loc["S2", "ambient_free_ml"] == 50 - 100
    assert room.loc["S1", "cold_free_ml"] == 0


def test_a_day_can_sell_only_what_has_arrived_by_then_and_later_sales_are_made_up() -> None:
    now, asked = holdings((1, 4.0)), of_milk_in_s2(5.0)
    today, tomorrow, after = units_by_day(now, of_milk_in_s2(12.0), LEAD, [asked] * 3)
    assert today[1, 0] == 6
    assert tomorrow[1, 0] == 6 - 5 + 4 + 12
    assert after[1, 0] == tomorrow[1, 0]  # what tomorrow sells, tomorrow's plan makes up
    assert units_by_day(now, of_milk_in_s2(12.0), LEAD, [asked] * 3, made_up=0.4)[2][1, 0] == tomorrow[1, 0] - 0.6 * 5
    at_once = units_by_day(now, of_milk_in_s2(12.0), np.array([0, 0]), [asked] * 2)
    assert [day[1, 0] for day in at_once] == [18, 22]


def test_arrival_dates_follow_the_lead_time() -> None:
    assert arrival_dates(STORES, TODAY)["arrives_on"].tolist() == [DAY + pd.Timedelta(days=1), DAY]


def test_units_that_come_on_no_day_or_are_no_number_are_refused_by_name() -> None:
    grid = grid_of(STORES, SKUS)
    with pytest.raises(RefusedInputError, match=r"in_transit\.arrives_on"):
        holdings_now(grid, COUNTS, coming((0, 1.0)).assign(arrives_on=pd.NaT), TODAY)
    with pytest.raises(RefusedInputError, match=r"in_transit\.in_transit_units"):
        holdings_now(grid, COUNTS, coming((0, np.nan)), TODAY)
    with pytest.raises(RefusedInputError, match=r"counts\.on_hand_units"):
        holdings_now(grid, COUNTS.assign(on_hand_units=np.nan), coming((0, 1.0)), TODAY)
