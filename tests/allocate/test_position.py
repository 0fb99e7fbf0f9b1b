"""Stock position by hand."""

from datetime import date

import pandas as pd

from rouxing.allocate.position import arrival_dates, free_room, stock_at_arrival, stock_for_pickups, units_now

DAY = pd.Timestamp("2026-06-18")
NEXT = DAY + pd.Timedelta(days=1)
STORES = pd.DataFrame(
    {"store_id": ["S1", "S2"], "lead_time_days": [0, 1], "ambient_volume_ml": [1000, 50], "cold_volume_ml": [0, 500]}
)
SKUS = pd.DataFrame({"sku_id": ["K1", "K2"], "volume_ml": [10, 20], "storage_class": ["ambient", "cold"]})
COUNTS = pd.DataFrame(
    {"location_id": ["S1", "S2"], "sku_id": ["K1", "K1"], "on_hand_units": [30, 6], "locked_units": [5, 0]}
)
COMING = pd.DataFrame({"store_id": ["S2"], "sku_id": ["K1"], "in_transit_units": [4]})
NOW = units_now(STORES, SKUS, COUNTS, COMING)


def value(frame: pd.DataFrame, store: str, sku: str, column: str) -> float:
    return float(frame.set_index(["store_id", "sku_id"]).loc[(store, sku), column])


def test_every_store_and_sku_has_a_position_and_what_was_not_counted_is_none() -> None:
    assert len(NOW) == 4
    assert value(NOW, "S1", "K1", "available_units") == 25
    assert value(NOW, "S2", "K2", "on_hand_units") == 0


def test_stock_at_arrival_takes_off_the_days_before_and_never_goes_below_zero() -> None:
    arrivals = arrival_dates(STORES, date(2026, 6, 18))
    demand = pd.DataFrame(
        {
            "store_id": ["S1", "S2", "S2"],
            "sku_id": ["K1", "K1", "K1"],
            "date": [DAY, DAY, NEXT],
            "mean": [9.0, 7.0, 8.0],
        }
    )
    left = stock_at_arrival(NOW, demand, arrivals)
    assert value(left, "S1", "K1", "available_units") == 25  # arrives this morning: nothing has sold
    assert value(left, "S2", "K1", "available_units") == 6 + 4 - 7  # arrives tomorrow
    sold_out = stock_at_arrival(NOW, demand.assign(mean=99.0), arrivals)
    assert value(sold_out, "S2", "K1", "available_units") == 0


def test_free_room_counts_what_is_there_and_coming() -> None:
    room = free_room(STORES, SKUS, NOW).set_index("store_id")
    assert room.loc["S1", "ambient_free_ml"] == 1000 - 300
    assert room.loc["S2", "ambient_free_ml"] == 50 - 100
    assert room.loc["S1", "cold_free_ml"] == 0


def test_stock_for_pickups_runs_down_until_the_transfer_arrives_and_later_sales_are_made_up() -> None:
    days = pd.DataFrame(
        {"store_id": ["S2", "S2"], "business_date": [DAY, NEXT], "load_mean": [4.0, 4.0], "show_up_share": 1.0}
    )
    split = pd.DataFrame(
        {"store_id": ["S2"], "sku_id": ["K1"], "units_per_pickup": [1.0], "walk_in_units_per_day": [2.0]}
    )
    transfers = pd.DataFrame({"store_id": ["S2"], "sku_id": ["K1"], "quantity_units": [12], "arrives_on": [NEXT]})
    units = stock_for_pickups(NOW, transfers, arrival_dates(STORES, DAY.date()), days, split)
    left = units[units["sku_id"] == "K1"].set_index("business_date")["available_units"]
    assert left[DAY] == 10 - 2
    assert left[NEXT] == 10 + 12 - (4 + 2) - 2

    at_once = stock_for_pickups(NOW, transfers, arrival_dates(STORES.assign(lead_time_days=0), DAY.date()), days, split)
    refilled = at_once[at_once["sku_id"] == "K1"].set_index("business_date")["available_units"]
    assert refilled[NEXT] == 10 + 12 - 2


def test_a_pickup_needs_the_stock_of_the_orders_behind_it_and_later_days_get_back_what_was_not_fetched() -> None:
    days = pd.DataFrame(
        {"store_id": ["S2", "S2"], "business_date": [DAY, NEXT], "load_mean": [4.0, 4.0], "show_up_share": 0.8}
    )
    split = pd.DataFrame(
        {"store_id": ["S2"], "sku_id": ["K1"], "units_per_pickup": [1.0], "walk_in_units_per_day": [0.0]}
    )
    none = pd.DataFrame({"store_id": ["S2"], "sku_id": ["K1"], "quantity_units": [12], "arrives_on": [DAY]}).iloc[:0]
    late = arrival_dates(STORES.assign(lead_time_days=2), DAY.date())
    units = stock_for_pickups(NOW, none, late, days, split)
    milk = units[units["sku_id"] == "K1"].set_index("business_date")
    assert milk["units_per_pickup"].tolist() == [1.25, 1.25]
    assert milk["available_units"].tolist() == [10, 10 - 4]
