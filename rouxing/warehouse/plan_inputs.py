"""Everything a plan's decisions are made of, read as it was known by a moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pandas as pd

from rouxing.model.dates import running_slot
from rouxing.plan.day_allocation import PLANNED_DAYS
from rouxing.redistribute.cells import RECENT_DAYS
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame

Frames = dict[str, pd.DataFrame]
# Sorts of a million rows stay in memory.
ROOM_TO_SORT = "set local work_mem = '128MB'"


def read_allocation_inputs(
    connection: Connection, known_by: datetime, business_date: date, scope: Sequence[str], forecast_id: str
) -> Frames:
    """Everything the allocation is made of, as known by the moment; ``scope`` = stores it is for, empty = all.

    The same moment gives the same frames, always.
    """
    as_of = {"known_by": known_by, "business_date": business_date}
    last_date = business_date + timedelta(days=PLANNED_DAYS - 1)
    connection.execute(ROOM_TO_SORT)
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
        "bookings": read_frame(connection, "allocate/booking_habits", **as_of),
        "overrides": read_frame(connection, "core/overrides", **as_of),
    }


def read_quota_inputs(
    connection: Connection,
    known_by: datetime,
    business_date: date,
    allocation_id: str,
    planned_at: datetime | None = None,
    sku_split: pd.DataFrame | None = None,
) -> Frames:
    """Everything the quota decision is made of, as known by the moment. The same moment gives the same frames.

    ``planned_at``: moment of the plan itself, up to which the updates of today and the cycles before count; absent =
    ``known_by``. ``sku_split``: that of the forecast, where it was read before.
    """
    connection.execute(ROOM_TO_SORT)
    as_of = {"known_by": known_by, "business_date": business_date, "origin": business_date - timedelta(days=1)}
    plan = {"allocation_id": allocation_id}
    allocation = read_frame(connection, "redistribute/allocation", **plan)
    forecast = {"forecast_id": allocation["forecast_id"].iloc[0]}
    days = {**forecast, "business_date": business_date}
    moment = {**forecast, "as_of": planned_at or known_by}
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
        "claim_slots": read_frame(connection, "redistribute/claim_slots", **as_of),
        "store_days": read_frame(connection, "redistribute/store_days", **plan),
        "staff_slots": read_frame(connection, "redistribute/staff_slots", **plan),
        "reservations": read_frame(connection, "redistribute/reservations", **plan),
        "days": read_frame(connection, "redistribute/days", **days),
        "slot_days": read_frame(connection, "redistribute/slot_days", **days),
        "coming_claims": read_frame(connection, "redistribute/coming_claims", **forecast),
        "exchanges": read_frame(connection, "forecast/exchanges", **forecast),
        "now": pd.DataFrame({"slot": [running_slot(known_by, business_date)]}),
        "today": read_frame(connection, "redistribute/today", **moment),
        "arrivals_today": read_frame(connection, "forecast/arrivals_today", **as_of),
        "state": read_frame(connection, "redistribute/state", **moment),
        "classes": read_frame(connection, "redistribute/classes", as_of=planned_at or known_by),
        "curves": read_frame(connection, "forecast/redemption_curves", **forecast),
        "sku_split": read_frame(connection, "forecast/sku_split", **forecast) if sku_split is None else sku_split,
        "overrides": read_frame(connection, "core/overrides", **as_of),
        "pilot_scope": read_frame(connection, "core/pilot_scope", **as_of),
    }
