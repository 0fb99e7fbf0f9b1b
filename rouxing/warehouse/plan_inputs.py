"""Everything a plan's decisions are made of, read as it was known by a moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pandas as pd

from rouxing.plan.day_allocation import PLANNED_DAYS
from rouxing.redistribute.cells import RECENT_DAYS
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame

Frames = dict[str, pd.DataFrame]


def read_allocation_inputs(
    connection: Connection, known_by: datetime, business_date: date, scope: Sequence[str], forecast_id: str
) -> Frames:
    """Everything the allocation is made of, as known by the moment; ``scope`` = stores it is for, empty = all.

    The same moment gives the same frames, always.
    """
    as_of = {"known_by": known_by, "business_date": business_date}
    last_date = business_date + timedelta(days=PLANNED_DAYS - 1)
    stores = read_frame(connection, "core/stores", **as_of)
    return {
        "stores": stores[stores["store_id"].isin(scope)] if scope else stores,
        "skus": read_frame(connection, "core/skus", **as_of),
        "rosters": read_frame(
            connection, "core/rosters", known_by=known_by, first_date=business_date, last_date=last_date
        ),
        "counts": read_frame(connection, "allocate/stock_position", **as_of),
        "in_transit": read_frame(connection, "allocate/in_transit", **as_of),
        "days": read_frame(connection, "forecast/days", forecast_id=forecast_id),
        "slots": read_frame(connection, "forecast/slots", forecast_id=forecast_id),
        "split": read_frame(connection, "forecast/sku_split", forecast_id=forecast_id),
        "sku_weekdays": read_frame(connection, "forecast/sku_weekdays", forecast_id=forecast_id),
        "walk_ins": read_frame(connection, "forecast/walk_ins", forecast_id=forecast_id),
        "exchanges": read_frame(connection, "forecast/exchanges", forecast_id=forecast_id),
        "overrides": read_frame(connection, "core/overrides", **as_of),
    }


def read_quota_inputs(connection: Connection, known_by: datetime, business_date: date, allocation_id: str) -> Frames:
    """Everything the quota decision is made of, as known by the moment. The same moment gives the same frames."""
    as_of = {"known_by": known_by, "business_date": business_date, "origin": business_date - timedelta(days=1)}
    plan = {"allocation_id": allocation_id}
    allocation = read_frame(connection, "redistribute/allocation", **plan)
    forecast = {"forecast_id": allocation["forecast_id"].iloc[0]}
    return {
        "quotas": read_frame(
            connection,
            "redistribute/quotas",
            known_by=known_by,
            first_date=business_date - timedelta(days=RECENT_DAYS),
            last_date=business_date + timedelta(days=1),
        ),
        "coupon_stocks": read_frame(connection, "core/coupon_stocks", **as_of),
        "campaigns": read_frame(connection, "core/campaigns", **as_of),
        "stores": read_frame(connection, "core/stores", **as_of),
        "skus": read_frame(connection, "core/skus", **as_of),
        "claims": read_frame(connection, "redistribute/claims_by_store", **as_of),
        "pickups": read_frame(connection, "redistribute/recent_pickups", **as_of),
        "store_days": read_frame(connection, "redistribute/store_days", **plan),
        "curves": read_frame(connection, "forecast/redemption_curves", **forecast),
        "sku_split": read_frame(connection, "forecast/sku_split", **forecast),
        "overrides": read_frame(connection, "core/overrides", **as_of),
        "pilot_scope": read_frame(connection, "core/pilot_scope", **as_of),
    }
