"""The stock decision of a day on a chain small enough to follow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from rouxing.allocate.stock import StockParameters
from rouxing.optimize.checks import RefusedInputError
from rouxing.plan.day_stock import DayStock, decide_stock
from tests.plan.small_chain import CELLS, DAY, SKUS, STORES, TODAY, days, frames


def decided(world: dict[str, pd.DataFrame] | None = None, **changes: Any) -> DayStock:
    parameters = StockParameters(**changes.pop("parameters", {}))
    of = changes.pop("days", days())
    return decide_stock(TODAY, world or frames(), of, 2, parameters, 0.6, **changes)


def sent(stock: DayStock) -> dict[tuple[str, str], int]:
    return stock.transfers.set_index(["store_id", "sku_id"])["quantity_units"].to_dict()


def test_a_store_gets_what_it_needs_on_the_day_its_goods_arrive() -> None:
    stock = decided()
    # 60 units a day with a deviation of sqrt(60 + 6^2) = 9.8: the 75 % quantile lies near 60 + .67 x 9.8.
    assert sent(stock) == pytest.approx(dict.fromkeys(map(tuple, CELLS.to_numpy()), 66), abs=1)
    arrives = stock.transfers.groupby("store_id")["arrives_on"].first()
    assert arrives.tolist() == [DAY, DAY + pd.Timedelta(days=1)]


def test_what_sells_before_the_arrival_and_what_comes_by_then_count() -> None:
    coming = pd.DataFrame(
        {"store_id": "S2", "sku_id": ["K1", "K2"], "in_transit_units": 20.0,
         "arrives_on": [DAY + pd.Timedelta(days=1), DAY + pd.Timedelta(days=2)]}
    )  # fmt: skip
    counts = frames()["counts"]
    held = pd.DataFrame({"location_id": "S2", "sku_id": SKUS, "on_hand_units": 65, "locked_units": 0})
    world = frames(in_transit=coming, counts=pd.concat([counts, held]))
    plain, told = sent(decided()), sent(decided(world))
    # 65 on hand sell down to 5 today; the 20 of K1 are there tomorrow, those of K2 come too late.
    assert told["S2", "K1"] == plain["S2", "K1"] - 5 - 20
    assert told["S2", "K2"] == plain["S2", "K2"] - 5


def test_two_covered_days_are_not_two_quantiles() -> None:
    one, two = sent(decided()), sent(decided(parameters={"covered_days": 2}))
    assert 120 < two["S1", "K1"] < 2 * one["S1", "K1"]


def test_goods_for_all_planned_days_go_to_stores_that_a_transfer_reaches_on_the_first() -> None:
    """S1 is served today, for today and tomorrow; S2's goods come tomorrow, the last planned day."""
    plain, two = sent(decided()), sent(decided(parameters={"covered_days": 2}))
    through = sent(decided(through_planned=True))
    assert through["S1", "K1"] == two["S1", "K1"]
    assert through["S2", "K1"] == plain["S2", "K1"]
    caps = [decided(**how).transfers["life_cap_units"].to_numpy() for how in ({}, {"through_planned": True})]
    np.testing.assert_allclose(*caps, rtol=0.05)


def test_goods_that_keep_one_day_are_capped_at_its_upper_quantile() -> None:
    short = frames()["skus"].assign(shelf_life_days=1, margin_fen=100_000)
    line = decided(frames(skus=short), parameters={"covered_days": 2}).transfers.iloc[0]
    assert line["reason"] == "shelf_life"
    # p95 of a day of 60 units with a deviation of 9.8.
    assert line["life_cap_units"] == pytest.approx(60 + 1.645 * 9.8, abs=2.5)


def test_goods_that_keep_longer_than_the_forecast_sell_on_at_its_pace() -> None:
    """S2 has a day of forecast less behind the arrival of its goods; both sell 60 units a day."""
    caps = decided(frames(skus=frames()["skus"].assign(shelf_life_days=20))).transfers.groupby("store_id")
    first, second = caps["life_cap_units"].first()
    assert first == pytest.approx(second, rel=1e-6)
    assert 20 * 60 < first < 20 * (60 + 1.645 * 9.8)


def test_a_closed_store_gets_nothing_while_it_is_closed() -> None:
    closed = pd.DataFrame({"store_id": ["S1"], "kind": ["closed"], "value": [1.0], "last_date": [DAY]})
    stock = decided(frames(overrides=closed))
    assert set(stock.transfers["store_id"]) == {"S2"}
    assert set(stock.allocation.shortages["reason"]) == {"override"}
    over = closed.assign(last_date=DAY - pd.Timedelta(days=1))
    assert sent(decided(frames(overrides=over))) == sent(decided())


def test_a_price_of_pickups_raises_the_worth_of_the_goods_they_ask_for() -> None:
    dear = pd.DataFrame({"store_id": ["S1", "S2"], "business_date": TODAY, "price_fen": [2000.0, 9e9]})
    plain, priced = sent(decided()), sent(decided(store_prices=dear))
    assert priced["S1", "K1"] > plain["S1", "K1"]
    # The goods of S2 come tomorrow; a price of today says nothing of them.
    assert priced["S2", "K1"] == plain["S2", "K1"]
    with pytest.raises(RefusedInputError, match=r"store_prices\.price_fen"):
        decided(store_prices=dear.assign(price_fen=np.nan))


def test_the_worth_is_the_part_that_goes_into_a_pickup() -> None:
    # A pickup asks for 1 unit in all; of 60 units of a SKU 50 go into pickups: 300 + 480 x 50 / 60 = 700 against 100.
    dear = pd.DataFrame({"store_id": ["S1"], "business_date": [TODAY], "price_fen": [480.0]})
    worth = frames()["skus"].assign(margin_fen=700)
    assert sent(decided(store_prices=dear))["S1", "K1"] == sent(decided(frames(skus=worth)))["S1", "K1"]


def test_pickups_draw_on_what_has_arrived_and_is_not_kept_for_others() -> None:
    stock = decided()
    there = sent(stock)["S1", "K1"]
    pickups = stock.pickups.set_index(["store_id", "business_date"])["stock_pickups"]
    assert pickups["S1", DAY] == (there - 10) / 0.5
    assert pickups["S2", DAY] == 0  # its goods come tomorrow
    assert pickups["S2", DAY + pd.Timedelta(days=1)] == (sent(stock)["S2", "K1"] - 10) / 0.5
    # What today sells is made up by tomorrow's transfer.
    assert pickups["S1", DAY + pd.Timedelta(days=1)] == pickups["S1", DAY]


def test_tomorrow_counts_on_no_goods_that_the_centre_does_not_have() -> None:
    first, second = DAY, DAY + pd.Timedelta(days=1)
    wanted = sum(sent(decided()).values()) // 2
    # The centre has what is wanted of each SKU and 12 more; S1 alone sells today, 60 units that could be made up.
    counts = frames()["counts"].assign(on_hand_units=wanted + 12)
    pickups = decided(frames(counts=counts)).pickups.set_index(["store_id", "business_date"])["stock_pickups"]
    assert pickups["S1", second] == pytest.approx(pickups["S1", first] - (60 - 12) / 0.5)


def test_goods_of_exchange_coupons_are_told_everywhere_and_kept_where_scarce() -> None:
    exchanges = pd.DataFrame({"store_id": STORES, "sku_id": "K2", "date": DAY, "units": 4.0})
    split = frames()["split"]
    split = split.assign(exchange_units_per_pickup=np.where(split["sku_id"] == "K2", 0.04, 0.0))
    lines = decided(frames(exchanges=exchanges, split=split)).reservations.set_index(
        ["store_id", "sku_id", "business_date"]
    )
    assert len(lines.xs("K2", level="sku_id")) == 2 * 2
    held = lines.loc["S1", "K2", DAY]
    assert held["cover_share"] > 0.7
    assert held["priority_units"] == 0
    scarce = frames()["counts"].assign(location_id="S1", on_hand_units=20)
    short = decided(frames(exchanges=exchanges.iloc[:1], counts=scarce, split=split)).reservations
    held = short.set_index(["store_id", "sku_id", "business_date"]).loc["S1", "K2", DAY]
    # Poisson(4) stays within 7 on nine days of ten.
    assert (held["priority_units"], held["walk_in_units"], held["open_units"]) == (7, 10, 3)


def test_the_order_of_rows_does_not_matter() -> None:
    world = frames(counts=frames()["counts"].assign(on_hand_units=90))
    shuffled = {name: frame.sample(frac=1, random_state=3) for name, frame in world.items()}
    first, second = decided(world), decided(shuffled, days=days().sample(frac=1, random_state=5))
    pd.testing.assert_frame_equal(first.transfers, second.transfers)
    pd.testing.assert_frame_equal(first.reservations, second.reservations)
    pd.testing.assert_frame_equal(first.pickups, second.pickups)


def test_a_chain_without_a_forecast_sends_nothing() -> None:
    stock = decided(days=days().iloc[:0])
    assert stock.transfers.empty
    assert stock.pickups["stock_pickups"].tolist() == [0, 0, 0, 0]
    assert stock.warnings["subject"].tolist() == STORES


def test_a_store_whose_goods_arrive_after_the_last_forecast_day_gets_none_and_a_warning() -> None:
    stock = decided(days=days(ahead=1))
    assert set(stock.transfers["store_id"]) == {"S1"}
    assert stock.warnings.to_dict("records") == [
        {"subject": "S2", "business_date": DAY + pd.Timedelta(days=1), "missing": "forecast_at_arrival",
         "default_used": 0.0}
    ]  # fmt: skip
