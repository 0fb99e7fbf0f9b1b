"""A world of two stores small enough to check by hand, and a plan in it that keeps every limit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import sqrt
from typing import Any

import pandas as pd

from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Connection

DAY = date(2026, 6, 18)
NEXT_DAY = date(2026, 6, 19)
KNOWN_AT = datetime(2026, 6, 17, 12, tzinfo=UTC)
KNOWN_BY = datetime(2026, 6, 17, 21, 20, tzinfo=UTC)
AS_OF = datetime(2026, 6, 17, 21, 30, tzinfo=UTC)
IDS = {"allocation_id": "allocation-1", "redistribution_id": "redistribution-1"}
PARAMETERS = {
    "allocation": '{"staff": {"default_pickup_capacity_slot": 8, "default_rostered_staff": 1,'
    ' "default_callable_staff": 0, "wait_target_seconds": 300}, "load_quantile": "p90",'
    ' "store_days": {"default_capacity_pickups": 60, "shelf_share": 0.6}}',
    "redistribution": '{"change_share": 0.3, "change_minimum_coupons": 5, "max_changed_stocks": 2,'
    ' "max_changed_carriers": 3}',
}


def write_world(connection: Connection) -> None:
    """Master data, stock and quotas in force, all known before the planning moment."""
    row = connection.execute(
        "insert into ops.batches (feed, window_start, window_end, rows_read) values ('all', now(), now(), 0)"
        " returning batch_id"
    ).fetchone()
    assert row is not None
    stamp = {"event_at": KNOWN_AT, "known_at": KNOWN_AT, "batch_id": row[0]}
    for table, rows in FACTS.items():
        copy_frame(connection, f"core.{table}", pd.DataFrame(rows).assign(**stamp))


def write_plan(connection: Connection) -> None:
    """A forecast, an allocation and a redistribution that keep every limit."""
    for table, rows in PLAN.items():
        copy_frame(connection, table, pd.DataFrame(rows))


def _store(store_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "store_id": store_id, "store_name": store_id, "district_id": "D1", "district_name": "东区", "dc_id": "DC1",
        "lead_time_days": 0, "opens_slot": 18, "closes_slot": 20, "pickup_capacity_day": 30, "pickup_capacity_slot": 20,
        "counters": 2, "handover_seconds": 60, "ambient_volume_ml": 100_000, "cold_volume_ml": 50_000,
        "valid_from": date(2026, 1, 1), **changes,
    }  # fmt: skip


def _sku(sku_id: str, storage_class: str) -> dict[str, Any]:
    return {
        "sku_id": sku_id, "sku_name": sku_id, "storage_class": storage_class, "price_fen": 1000, "margin_fen": 300,
        "holding_fen": 10, "pack_units": 6, "shelf_life_days": 9, "volume_ml": 500, "valid_from": date(2026, 1, 1),
    }  # fmt: skip


def _count(location_id: str, sku_id: str, units: int) -> dict[str, Any]:
    return {
        "location_id": location_id,
        "sku_id": sku_id,
        "counted_at": KNOWN_AT,
        "on_hand_units": units,
        "locked_units": 0,
    }


FACTS: dict[str, list[dict[str, Any]]] = {
    "stores": [_store("S1"), _store("S2", cold_volume_ml=0)],
    "skus": [_sku("K1", "ambient"), _sku("K2", "cold")],
    "rosters": [
        {"store_id": store, "business_date": DAY, "rostered_staff": 1, "callable_staff": 1} for store in ("S1", "S2")
    ],
    "campaigns": [
        {
            "campaign_id": "C1", "campaign_name": "夏日", "budget_coupons": 1000, "daily_budget_coupons": 50,
            "is_protected": False, "valid_from": date(2026, 1, 1),
        }
    ],
    "coupon_stocks": [
        {
            "stock_id": "B1", "stock_name": "满减", "campaign_id": "C1", "kind": "NORMAL", "carrier": "store",
            "face_value_fen": 500, "valid_days": 7, "issued_total": 900, "status": "SENDING", "created_at": KNOWN_AT,
        }
    ],
    "stock_levels": [
        _count("DC1", "K1", 60), _count("DC1", "K2", 60), _count("S1", "K1", 40),
        _count("S1", "K2", 20), _count("S2", "K1", 40),
    ],
    "coupon_quotas": [
        {
            "stock_id": "B1", "carrier_id": store, "business_date": DAY, "quota_coupons": 20, "issued_coupons": 4,
            "set_at": KNOWN_AT,
        }
        for store in ("S1", "S2")
    ],
}  # fmt: skip

_FORECAST = {"forecast_id": "forecast-1"}
_ALLOCATION = {"allocation_id": "allocation-1"}
_QUOTA = {"redistribution_id": "redistribution-1", "stock_id": "B1", "business_date": DAY}
_HEADER = {"business_date": DAY, "as_of": AS_OF, "inputs_hash": "x", "code_version": "x"}

QUOTAS = {"S1": 26, "S2": 20}


def claims(quota: float) -> float:
    """E[min(D, quota)] for claims that are uniform between 10 and 40."""
    return quota - (quota - 10.0) ** 2 / 60.0


def _store_load(store_id: str, quota: float) -> dict[str, Any]:
    """20 pickups forecast, at most 26 with 90 % chance; the distance grows as the square root of the mean."""
    mean = 20.0 + 0.25 * (claims(quota) - claims(20))
    return {
        "redistribution_id": "redistribution-1", "store_id": store_id, "business_date": DAY, "forecast_mean": 20.0,
        "forecast_upper": 26.0, "dispersion": 0.0, "arrived_pickups": 0.0, "rest_mean": 20.0, "spill_mean": 0.0,
        "quota_mean": mean - 20.0, "load_mean": mean, "load_upper": mean + 6.0 * sqrt(mean / 20.0),
        "in_force_mean": 20.0, "in_force_upper": 26.0, "capacity_pickups": 30.0, "mean_limit": 23.5,
        "binding": "counter", "price_fen": 0.0, "spill_share": 0.3, "district_share": 0.5, "spill_limit": 5.0,
        "turned_away": 0.0, "is_missing": False, "is_inherited": False, "believed_limit": 23.5, "room_seen": 3.5,
    }  # fmt: skip


PLAN: dict[str, list[dict[str, Any]]] = {
    "mart.forecast_runs": [{**_FORECAST, **_HEADER, "parameters": "{}", "model": b"", "accuracy": "[]"}],
    "mart.forecast_skus": [
        {**_FORECAST, "store_id": store, "sku_id": "K1", "units_per_pickup": 1.0, "walk_in_units_per_day": 2.0}
        for store in ("S1", "S2")
    ],
    "mart.forecast_days": [
        {
            **_FORECAST, "store_id": store, "date": DAY, "mean": 20.0, "p05": 14.0, "p10": 15.0, "p25": 17.0,
            "p50": 20.0, "p75": 23.0, "p90": 26.0, "p95": 28.0, "rule": 20.0, "committed": 5.0, "method": "model",
            "dispersion": 0.0,
        }
        for store in ("S1", "S2")
    ],
    "mart.forecast_slot_days": [
        {
            **_FORECAST, "store_id": store, "date": DAY, "slot": slot, "mean": 10.0, "dispersion": 0.09, "shock": 0.0,
            "p05": 5.0, "p10": 6.0, "p25": 8.0, "p50": 10.0, "p75": 12.0, "p90": 14.0, "p95": 15.0,
        }
        for store in ("S1", "S2")
        for slot in (18, 19)
    ],
    "mart.redemption_curves": [{**_FORECAST, "stock_id": "B1", "age_days": 0, "redeemed_share": 0.25}],
    "plan.allocations": [
        {
            **_ALLOCATION, **_FORECAST, **_HEADER, "parameters": PARAMETERS["allocation"], "value_fen": 1.0,
            "upper_bound_fen": 1.0,
        }
    ],
    "plan.stock_transfers": [
        {
            **_ALLOCATION, "dc_id": "DC1", "store_id": "S1", "sku_id": sku, "arrives_on": DAY, "quantity_units": 12,
            "wanted_units": 12.0, "reason": "demand", "price_fen": 0.0,
        }
        for sku in ("K1", "K2")
    ],
    "plan.staff_slots": [
        {
            **_ALLOCATION, "store_id": store, "business_date": DAY, "slot": slot, "arrivals": 10.0, "staff_needed": 1,
            "staff_planned": 1, "expected_wait_seconds": 30.0, "capacity_pickups": 20, "offered_pickups": 20,
        }
        for store in ("S1", "S2")
        for slot in (18, 19)
    ],
    "plan.shifts": [
        {
            **_ALLOCATION, "store_id": store, "business_date": DAY, "kind": "rostered", "starts_slot": 18,
            "ends_slot": 20, "staff": 1,
        }
        for store in ("S1", "S2")
    ],
    "plan.store_days": [
        {
            **_ALLOCATION, "store_id": store, "business_date": DAY, "capacity_pickups": 30.0, "counter_pickups": 30.0,
            "staff_pickups": 40.0, "stock_pickups": 38.0, "binding": "counter", "load_mean": 20.0, "load_upper": 26.0,
        }
        for store in ("S1", "S2")
    ],
    "plan.redistributions": [
        {
            **_ALLOCATION, **_HEADER, "redistribution_id": "redistribution-1",
            "parameters": PARAMETERS["redistribution"], "value_fen": 1.0, "upper_bound_fen": 1.0,
        }
    ],
    "plan.coupon_quotas": [
        {
            **_QUOTA, "carrier_id": store, "quota_coupons": quota, "previous_coupons": 20, "issued_coupons": 4,
            "assumed_coupons": 20.0, "reference_claims": claims(20), "expected_claims": claims(quota),
            "in_force_claims": claims(20), "wanted_claims": 25.0, "reason": "demand", "price_fen": 0.0,
        }
        for store, quota in QUOTAS.items()
    ],
    "plan.quota_curves": [
        {**_QUOTA, "carrier_id": store, "shares": [0.0, 0.4, 1.0], "units": [10.0, 22.0, 40.0]} for store in QUOTAS
    ],
    "plan.quota_loads": [
        {**_QUOTA, "carrier_id": store, "store_id": store, "load_date": DAY, "pickups_per_claim": 0.25}
        for store in QUOTAS
    ],
    "plan.store_loads": [_store_load(store, quota) for store, quota in QUOTAS.items()],
}  # fmt: skip
