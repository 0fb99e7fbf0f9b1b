"""Everything a plan's decisions are made of, read as it was known by a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pandas as pd

from rouxing.model.dates import running_slot
from rouxing.plan.day_allocation import PLANNED_DAYS
from rouxing.redistribute.cells import RECENT_DAYS
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.side_by_side import read_side_by_side

Frames = dict[str, pd.DataFrame]
Query = tuple[str, Mapping[str, Any]]
# Sorts of a million rows stay in memory.
ROOM_TO_SORT = "set local work_mem = '128MB'"


def read_allocation_inputs(
    connections: Sequence[Connection], known_by: datetime, business_date: date, scope: Sequence[str], forecast_id: str
) -> Frames:
    """Everything the allocation is made of, as known by the moment; ``scope`` = stores it is for, empty = all.

    ``connections``: one, or several that see the same rows and read at once. The same moment gives the same frames,
    always.
    """
    as_of = {"known_by": known_by, "business_date": business_date}
    last_date = business_date + timedelta(days=PLANNED_DAYS - 1)
    forecast = {"forecast_id": forecast_id}
    frames = _read(
        connections,
        {
            "counts": ("allocate/stock_position", as_of),
            "split": ("forecast/sku_split", forecast),
            "slots": ("forecast/slots", forecast),
            "in_transit": ("allocate/in_transit", as_of),
            "days": ("forecast/days", forecast),
            "sku_weekdays": ("forecast/sku_weekdays", forecast),
            "walk_ins": ("forecast/walk_ins", forecast),
            "exchanges": ("forecast/exchanges", forecast),
            "bookings": ("allocate/booking_habits", as_of),
            "overrides": ("core/overrides", as_of),
            "stores": ("core/stores", as_of),
            "skus": ("core/skus", as_of),
            "rosters": ("core/rosters", {"known_by": known_by, "first_date": business_date, "last_date": last_date}),
        },
    )
    stores = frames["stores"]
    return {**frames, "stores": stores[stores["store_id"].isin(scope)] if scope else stores}


def read_quota_inputs(
    connections: Sequence[Connection],
    known_by: datetime,
    business_date: date,
    allocation_id: str,
    planned_at: datetime | None = None,
    sku_split: pd.DataFrame | None = None,
) -> Frames:
    """Everything the quota decision is made of, as known by the moment. The same moment gives the same frames.

    ``connections``: one, or several that see the same rows and read at once. ``planned_at``: moment of the plan itself,
    up to which the updates of today and the cycles before count; absent = ``known_by``. ``sku_split``: that of the
    forecast, where it was read before.
    """
    as_of = {"known_by": known_by, "business_date": business_date, "origin": business_date - timedelta(days=1)}
    first_date, last_date = business_date - timedelta(days=RECENT_DAYS), business_date + timedelta(days=1)
    plan = {"allocation_id": allocation_id}
    allocation = read_frame(connections[0], "redistribute/allocation", **plan)
    forecast = {"forecast_id": allocation["forecast_id"].iloc[0]}
    days = {**forecast, "business_date": business_date}
    moment = {**forecast, "as_of": planned_at or known_by}
    split: dict[str, Query] = {} if sku_split is not None else {"sku_split": ("forecast/sku_split", forecast)}
    frames = _read(
        connections,
        {
            "quotas": ("redistribute/quotas", {"known_by": known_by, "first_date": first_date, "last_date": last_date}),
            **split,
            "reservations": ("redistribute/reservations", plan),
            "slot_days": ("redistribute/slot_days", days),
            "staff_slots": ("redistribute/staff_slots", plan),
            "coming_claims": ("redistribute/coming_claims", forecast),
            "exchanges": ("forecast/exchanges", forecast),
            "coupon_stocks": ("core/coupon_stocks", as_of),
            "campaigns": ("core/campaigns", as_of),
            "stores": ("core/stores", as_of),
            "skus": ("core/skus", as_of),
            "claims": ("redistribute/claims_by_store", as_of),
            "claim_slots": ("redistribute/claim_slots", as_of),
            "store_days": ("redistribute/store_days", plan),
            "days": ("redistribute/days", days),
            "today": ("redistribute/today", moment),
            "arrivals_today": ("forecast/arrivals_today", as_of),
            "state": ("redistribute/state", moment),
            "classes": ("redistribute/classes", {"as_of": planned_at or known_by}),
            "curves": ("forecast/redemption_curves", forecast),
            "overrides": ("core/overrides", as_of),
            "pilot_scope": ("core/pilot_scope", as_of),
        },
    )
    now = pd.DataFrame({"slot": [running_slot(known_by, business_date)]})
    return {**frames, "now": now, **({} if sku_split is None else {"sku_split": sku_split})}


def _read(connections: Sequence[Connection], queries: Mapping[str, Query]) -> Frames:
    """Frames by name; those that take longest are named first, so that the connections end at much the same time."""
    for connection in connections:
        connection.execute(ROOM_TO_SORT)
    readers = {name: partial(read_frame, name=query, **given) for name, (query, given) in queries.items()}
    return read_side_by_side(connections, readers)
