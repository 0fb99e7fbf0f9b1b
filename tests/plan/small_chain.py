"""Two stores and two SKUs, small enough to follow: what an allocation of their day is made of."""

from __future__ import annotations

from datetime import date

import pandas as pd

from rouxing.model.quantiles import QUANTILE_COLUMNS

TODAY = date(2026, 6, 18)
DAY = pd.Timestamp(TODAY)
STORES, SKUS = ["S1", "S2"], ["K1", "K2"]
CELLS = pd.MultiIndex.from_product([STORES, SKUS], names=["store_id", "sku_id"]).to_frame(index=False)


def frames(**changes: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Two stores, S1 served the same morning, S2 the next; 100 pickups a day ask for half a unit of each SKU."""
    split = {
        "units_per_pickup": 0.5, "walk_in_units_per_day": 10.0, "exchange_units_per_pickup": 0.0,
        "units_dispersion": 1.0, "rate_error": 0.0,
    }  # fmt: skip
    stores = {
        "dc_id": "D1", "ambient_volume_ml": 10**9, "cold_volume_ml": 0, "counters": 4, "handover_seconds": 60,
        "opens_slot": 20, "closes_slot": 24, "pickup_capacity_day": 400.0, "pickup_capacity_slot": 100.0,
    }  # fmt: skip
    skus = {
        "storage_class": "ambient", "margin_fen": 300, "holding_fen": 100, "pack_units": 1, "shelf_life_days": 30,
        "volume_ml": 100, "minimum_units": 0,
    }  # fmt: skip
    nothing = {"exchanges": ["units"], "in_transit": ["in_transit_units"]}
    empty = {name: pd.DataFrame(columns=["store_id", "sku_id", *columns]) for name, columns in nothing.items()}
    return {
        "stores": pd.DataFrame({"store_id": STORES, "lead_time_days": [0, 1], **stores}),
        "skus": pd.DataFrame({"sku_id": SKUS, **skus}),
        "rosters": pd.DataFrame(
            {
                "store_id": [store for store in STORES for _ in range(2)],
                "business_date": [DAY, DAY + pd.Timedelta(days=1)] * 2,
                "rostered_staff": 4,
                "callable_staff": 0,
            }
        ),
        "slots": pd.DataFrame(
            [(store, weekday, slot, 0.25) for store in STORES for weekday in range(7) for slot in range(20, 24)],
            columns=["store_id", "weekday", "slot", "share"],
        ),
        "counts": pd.DataFrame({"location_id": "D1", "sku_id": SKUS, "on_hand_units": 10_000, "locked_units": 0}),
        "split": CELLS.assign(**split),
        "sku_weekdays": pd.DataFrame(columns=["sku_id", "weekday", "factor"]).astype({"weekday": "int64"}),
        "walk_ins": pd.DataFrame(columns=["store_id", "weekday", "factor"]).astype({"weekday": "int64"}),
        "exchanges": empty["exchanges"].assign(date=pd.Series(dtype="datetime64[s]")).astype({"units": "float64"}),
        "in_transit": empty["in_transit"]
        .assign(arrives_on=pd.Series(dtype="datetime64[s]"))
        .astype({"in_transit_units": "float64"}),
    } | changes


def days(mean: float = 100.0, ahead: int = 4) -> pd.DataFrame:
    """The same forecast for each store and day: every order is fetched, and the day is known to a tenth."""
    spread = dict(zip(QUANTILE_COLUMNS, (-1.64, -1.28, -0.67, 0.0, 0.67, 1.28, 1.64), strict=True))
    quantiles = {name: mean * (1 + 0.1 * score) for name, score in spread.items()}
    return pd.DataFrame(
        [
            {"store_id": store, "date": DAY + pd.Timedelta(days=day), "mean": mean, "orders_mean": mean,
             "show_up_share": 1.0, "dispersion": 0.01, **quantiles}
            for store in STORES
            for day in range(ahead)
        ]
    )  # fmt: skip
