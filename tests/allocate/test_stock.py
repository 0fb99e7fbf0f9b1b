from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rouxing.allocate.stock import StockAllocation, StockParameters, allocate_stock
from rouxing.model.quantiles import QUANTILE_COLUMNS
from rouxing.optimize.checks import RefusedInputError

SEEDS = st.integers(0, 2**32 - 1)
# Demand spread evenly over 0 to 100 units, up to p95.
EVEN = dict(zip(QUANTILE_COLUMNS, (5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0), strict=True))


def one_store(**changes: Any) -> dict[str, pd.DataFrame]:
    """One store, one SKU: margin 300, holding 100 fen, so the wanted level is the 75 % quantile, 75 units."""
    values = {"on_hand": 25.0, "supply": 1000, "pack": 10, "storage": "ambient", "free_ml": 1_000_000, "life": 30}
    values |= {"minimum": 0, "closed": False} | changes
    return {
        "demand": pd.DataFrame([{"store_id": "S1", "sku_id": "K1", "mean": 50.0, **EVEN}]),
        "stock": pd.DataFrame([{"store_id": "S1", "sku_id": "K1", "available_units": values["on_hand"]}]),
        "dc_supply": pd.DataFrame([{"dc_id": "D1", "sku_id": "K1", "available_units": values["supply"]}]),
        "stores": pd.DataFrame(
            [
                {
                    "store_id": "S1",
                    "dc_id": "D1",
                    "lead_time_days": 1,
                    "ambient_free_ml": values["free_ml"] if values["storage"] == "ambient" else 0,
                    "cold_free_ml": values["free_ml"] if values["storage"] == "cold" else 0,
                    "is_closed": values["closed"],
                }
            ]
        ),
        "skus": pd.DataFrame(
            [
                {
                    "sku_id": "K1",
                    "storage_class": values["storage"],
                    "margin_fen": 300,
                    "holding_fen": 100,
                    "pack_units": values["pack"],
                    "shelf_life_days": values["life"],
                    "volume_ml": 200,
                    "minimum_units": values["minimum"],
                }
            ]
        ),
    }


def city(seed: int, stores: int, skus: int) -> dict[str, pd.DataFrame]:
    """A random small chain with the hard cases mixed in: no cold room, no supply, no demand, over-full stores."""
    random = np.random.default_rng(seed)
    store_ids, sku_ids = [f"S{i:02d}" for i in range(stores)], [f"K{i:02d}" for i in range(skus)]
    pairs = pd.DataFrame({"store_id": np.repeat(store_ids, skus), "sku_id": np.tile(sku_ids, stores)})
    middle = random.choice([0.0, 1.0, 8.0, 60.0, 2000.0], len(pairs))
    spread = np.cumsum(random.uniform(0, 0.5, (len(pairs), len(QUANTILE_COLUMNS))), axis=1)
    demand = pairs.assign(**{name: middle * spread[:, i] for i, name in enumerate(QUANTILE_COLUMNS)}, mean=middle)
    dcs = pd.DataFrame({"dc_id": np.repeat(["D0", "D1"], skus), "sku_id": np.tile(sku_ids, 2)})
    return {
        "demand": demand,
        "stock": pairs.assign(available_units=random.choice([0.0, 0.5, 5.0, 40.0], len(pairs))).sample(
            frac=0.8, random_state=1
        ),
        "dc_supply": dcs.assign(available_units=random.choice([0, 7, 100, 5000], len(dcs))),
        "stores": pd.DataFrame(
            {
                "store_id": store_ids,
                "dc_id": random.choice(["D0", "D1"], stores),
                "lead_time_days": 1,
                "ambient_free_ml": random.choice([-5.0, 0.0, 9000.0, 1e6, 1e12], stores),
                "cold_free_ml": random.choice([0.0, 9000.0, 1e6], stores),
                "is_closed": random.choice([False, False, False, True], stores),
            }
        ),
        "skus": pd.DataFrame(
            {
                "sku_id": sku_ids,
                "storage_class": random.choice(["ambient", "cold"], skus),
                "margin_fen": random.choice([0, 100, 2500], skus),
                "holding_fen": random.choice([0, 30, 400], skus),
                "pack_units": random.choice([1, 4, 12], skus),
                "shelf_life_days": random.choice([1, 3, 300], skus),
                "volume_ml": random.choice([1, 250, 3000], skus),
                "minimum_units": random.choice([0, 0, 3, 40], skus),
            }
        ),
    }


def only(allocation: StockAllocation) -> pd.Series:
    assert len(allocation.transfers) == 1
    return allocation.transfers.iloc[0]


def test_without_limits_a_store_gets_its_newsvendor_quantile() -> None:
    allocation = allocate_stock(**one_store())
    line = only(allocation)
    assert (line["quantity_units"], line["wanted_units"], line["reason"], line["price_fen"]) == (50, 50, "demand", 0)
    # 400 x (E[min(D, 75)] - E[min(D, 25)]) - 100 x 50 with E[min(D, y)] = y - y^2 / 200.
    assert allocation.value_fen == pytest.approx(5000)
    assert allocation.upper_bound_fen == pytest.approx(5000)
    assert allocation.shortages.empty


def test_the_centre_runs_out() -> None:
    allocation = allocate_stock(**one_store(supply=39))
    line = only(allocation)
    assert (line["quantity_units"], line["reason"]) == (30, "dc_supply")
    assert allocation.shortages.to_dict("records") == [
        {"store_id": "S1", "sku_id": "K1", "short_units": 20.0, "reason": "dc_supply"}
    ]


@pytest.mark.parametrize(("storage", "reason"), [("ambient", "ambient_volume"), ("cold", "cold_volume")])
def test_the_room_runs_out(storage: str, reason: str) -> None:
    line = only(allocate_stock(**one_store(storage=storage, free_ml=20 * 200)))
    assert (line["quantity_units"], line["reason"]) == (20, reason)
    assert line["price_fen"] > 0


def test_no_cold_goods_where_there_is_no_cold_room() -> None:
    allocation = allocate_stock(**one_store(storage="cold", free_ml=0))
    assert allocation.transfers.empty
    assert allocation.shortages["reason"].tolist() == ["cold_volume"]


def test_packs_round_the_wish() -> None:
    line = only(allocate_stock(**one_store(pack=40)))
    assert (line["quantity_units"], line["reason"]) == (40, "pack")


def test_what_spoils_before_it_sells_is_not_sent() -> None:
    # Two days are covered but the goods live one, half the mean, 25 units. p10 .. p90 span 80 units, a variance of
    # 974.2 = 50 + .3697 x 50^2; of 25 units it is 256.1. p95 lies 45 above the mean, so 45 x sqrt(256.1 / 974.2) = 23.1
    # above 25: 48.1 units, of which 25 are there.
    parameters = StockParameters(covered_days=2)
    line = only(allocate_stock(**one_store(life=1), parameters=parameters))
    assert (line["quantity_units"], line["reason"]) == (20, "shelf_life")
    assert line["life_cap_units"] == pytest.approx(23.07, abs=0.01)
    # The mean within shelf life may be told; then the days no longer matter.
    world = one_store(life=1)
    told = world | {"demand": world["demand"].assign(life_mean=25.0)}
    assert only(allocate_stock(**told))["life_cap_units"] == pytest.approx(23.07, abs=0.01)
    assert only(allocate_stock(**one_store(life=2), parameters=parameters))["reason"] == "demand"


def test_the_shelf_is_filled_to_its_minimum_even_where_nothing_would_be_sent() -> None:
    line = only(allocate_stock(**one_store(on_hand=80.0, minimum=93)))
    assert (line["quantity_units"], line["minimum_units"], line["wanted_units"]) == (20, 20, 0)
    assert (line["reason"], line["price_fen"]) == ("minimum", 0)
    # Above 80 units: 400 x (E[min(D, 100)] - E[min(D, 80)]) - 100 x 20 fen; the tail above p95 is no longer even.
    assert allocate_stock(**one_store(on_hand=80.0, minimum=93)).value_fen < 0


def test_a_minimum_below_what_is_wanted_changes_nothing() -> None:
    line = only(allocate_stock(**one_store(minimum=40)))
    assert (line["quantity_units"], line["minimum_units"], line["reason"]) == (50, 20, "demand")


@pytest.mark.parametrize(
    ("changes", "units"),
    [({"supply": 19}, 10), ({"free_ml": 10 * 200}, 10), ({"supply": 0}, 0), ({"life": 0}, 0)],
)
def test_the_minimum_goes_as_far_as_supply_room_and_shelf_life_allow(changes: dict[str, Any], units: int) -> None:
    transfers = allocate_stock(**one_store(on_hand=80.0, minimum=93, **changes)).transfers
    assert transfers["quantity_units"].sum() == transfers["minimum_units"].sum() == units


def test_a_scarce_minimum_goes_where_a_unit_is_worth_most() -> None:
    world = one_store(on_hand=80.0, minimum=93, supply=30)
    both = {
        name: pd.concat([world[name], world[name].assign(store_id="S2")], ignore_index=True)
        for name in ("demand", "stock", "stores")
    }
    both["demand"] = both["demand"].assign(extra_worth_fen=[0.0, 50.0])
    transfers = allocate_stock(**world | both).transfers.set_index("store_id")["minimum_units"]
    assert transfers.to_dict() == {"S1": 10, "S2": 20}


def test_nothing_goes_to_a_closed_store() -> None:
    allocation = allocate_stock(**one_store(closed=True, minimum=40))
    assert allocation.transfers.empty
    assert allocation.shortages.to_dict("records") == [
        {"store_id": "S1", "sku_id": "K1", "short_units": 50.0, "reason": "override"}
    ]


def test_a_unit_that_serves_a_dearer_pickup_is_wanted_more() -> None:
    world = one_store(pack=1)
    world["demand"] = world["demand"].assign(extra_worth_fen=600.0)
    # 900 gained against 100 lost: the 90 % quantile, 90 units, in place of 75.
    assert only(allocate_stock(**world))["quantity_units"] == 65


def test_absent_stock_counts_as_none_and_absent_supply_as_none() -> None:
    world = one_store()
    world["stock"] = world["stock"].iloc[:0]
    assert only(allocate_stock(**world))["wanted_units"] == 75
    world["dc_supply"] = world["dc_supply"].iloc[:0]
    assert allocate_stock(**world).transfers.empty


def test_nothing_to_decide_is_an_empty_plan() -> None:
    world = one_store()
    world["demand"] = world["demand"].iloc[:0]
    allocation = allocate_stock(**world)
    assert allocation.transfers.empty
    assert allocation.value_fen == 0


@pytest.mark.parametrize(
    ("frame", "column", "value"),
    [
        ("demand", "p50", np.nan),
        ("demand", "p95", -1.0),
        ("stock", "available_units", -0.5),
        ("dc_supply", "available_units", np.inf),
        ("stores", "cold_free_ml", np.nan),
        ("skus", "margin_fen", np.nan),
        ("skus", "pack_units", 0),
        ("skus", "minimum_units", np.nan),
        ("demand", "mean", np.nan),
        ("demand", "life_mean", np.nan),
        ("demand", "extra_worth_fen", np.nan),
    ],
)
def test_bad_numbers_are_refused_by_name(frame: str, column: str, value: float) -> None:
    world = one_store()
    world[frame] = world[frame].assign(**{column: value})
    with pytest.raises(RefusedInputError, match=rf"{frame}\.{column}"):
        allocate_stock(**world)


def test_repeats_and_strangers_are_refused() -> None:
    world = one_store()
    with pytest.raises(RefusedInputError, match="demand has two rows"):
        allocate_stock(**world | {"demand": pd.concat([world["demand"]] * 2)})
    with pytest.raises(RefusedInputError, match="stores that are not in stores"):
        allocate_stock(**world | {"demand": world["demand"].assign(store_id="S9")})


@settings(deadline=None, max_examples=40)
@given(seed=SEEDS, stores=st.integers(1, 8), skus=st.integers(1, 6))
def test_no_limit_is_broken(seed: int, stores: int, skus: int) -> None:
    world = city(seed, stores, skus)
    allocation = allocate_stock(**world)
    skus_of = world["skus"].drop(columns="minimum_units")
    sent = allocation.transfers.merge(skus_of, on="sku_id").merge(world["stores"], on=["store_id", "dc_id"])
    assert len(sent) == len(allocation.transfers)
    assert (sent["quantity_units"] > 0).all()
    assert (sent["quantity_units"] % sent["pack_units"] == 0).all()
    by_centre = sent.groupby(["dc_id", "sku_id"])["quantity_units"].sum().reset_index()
    by_centre = by_centre.merge(world["dc_supply"], on=["dc_id", "sku_id"])
    assert (by_centre["quantity_units"] <= by_centre["available_units"]).all()
    volume = sent.assign(volume=sent["quantity_units"] * sent["volume_ml"])
    for storage in ("cold", "ambient"):
        here = volume[volume["storage_class"] == storage].groupby("store_id")["volume"].sum()
        free = world["stores"].set_index("store_id")[f"{storage}_free_ml"].reindex(here.index)
        assert (here <= free).all()
    assert (sent["quantity_units"] >= sent["minimum_units"]).all()
    assert (sent["quantity_units"] <= sent["life_cap_units"] * (1 + 1e-9)).all()
    assert not sent["is_closed"].any()
    assert allocation.value_fen <= allocation.upper_bound_fen * (1 + 1e-12) + 1e-6


@settings(deadline=None, max_examples=15)
@given(seed=SEEDS)
def test_less_supply_of_a_sku_never_sends_more_of_it(seed: int) -> None:
    """Where room binds, less of one SKU makes place for another; so stores have room here."""
    world = city(seed, 5, 4)
    world["skus"] = world["skus"].assign(minimum_units=0)
    world["stores"] = world["stores"].assign(ambient_free_ml=1e12, cold_free_ml=1e12)
    less = world["dc_supply"].assign(available_units=world["dc_supply"]["available_units"] // 2)
    before, after = (
        allocate_stock(**world | {"dc_supply": supply}).transfers.groupby(["dc_id", "sku_id"])["quantity_units"].sum()
        for supply in (world["dc_supply"], less)
    )
    assert (after <= before.reindex(after.index, fill_value=0)).all()


@settings(deadline=None, max_examples=15)
@given(seed=SEEDS)
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    world = city(seed, 6, 5)
    shuffled = {name: frame.sample(frac=1, random_state=seed % 1000) for name, frame in world.items()}
    first, second = allocate_stock(**world), allocate_stock(**shuffled)
    pd.testing.assert_frame_equal(first.transfers, second.transfers)
    pd.testing.assert_frame_equal(first.shortages, second.shortages)
    assert first.value_fen == second.value_fen


@pytest.mark.parametrize("seed", range(4))
def test_the_gap_is_small_on_a_chain_of_some_size(seed: int) -> None:
    allocation = allocate_stock(**city(seed, 30, 8))
    assert allocation.value_fen >= 0.95 * allocation.upper_bound_fen
