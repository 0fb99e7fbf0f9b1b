"""The range that an index serves is wider than the range that is counted, whatever the zone of the session."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from rouxing.forecast.quota_claims import USUAL_DAYS
from rouxing.forecast.redemptions import REFIT_DAYS
from rouxing.forecast.training import LONGEST_TRAINING_DAYS
from rouxing.model.dates import day_start
from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Database
from rouxing.warehouse.frames import read_frame

ORIGIN = date(2026, 6, 17)
KNOWN_BY = datetime(2026, 6, 17, 21, 20, tzinfo=UTC)
CLAIM = {
    "event_type": "claim", "coupon_code": "c", "stock_id": "B1", "store_id": "S1", "customer_key": "k",
    "expires_at": KNOWN_BY, "known_at": KNOWN_BY,
}  # fmt: skip
ARRIVAL = {"store_id": "S1", "order_id": "T1", "known_at": KNOWN_BY}


def add(database: Database, table: str, column: str, key: str, moments: list[datetime], **values: object) -> None:
    with database.connect() as connection:
        batch = "insert into ops.batches (feed, window_start, window_end, rows_read) values ('x', now(), now(), 0)"
        row = connection.execute(f"{batch} returning batch_id".encode()).fetchone()
        assert row is not None
        frame = pd.DataFrame({column: moments, "event_at": moments}).assign(**values, batch_id=row[0])
        copy_frame(connection, table, frame.assign(**{key: [f"{key}{rank}" for rank in range(len(frame))]}))


@pytest.fixture(scope="module")
def edges(database: Database) -> Database:
    """Claims and arrivals in the first and the last counted minute, and a minute before and after."""
    minute = timedelta(minutes=1)
    for days, table, column, key, values in (
        (27, "core.coupon_events", "occurred_at", "event_id", CLAIM),
        (55, "core.arrivals", "arrived_at", "arrival_id", ARRIVAL),
    ):
        first, end = day_start(ORIGIN - timedelta(days=days)), day_start(ORIGIN + timedelta(days=1))
        add(database, table, column, key, [first - minute, first, end - minute, end], **values)
    return database


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize(("name", "days"), [("redistribute/claims_by_store", 27), ("forecast/slot_history", 55)])
def test_first_and_last_day_are_whole(edges: Database, name: str, days: int, zone: str) -> None:
    with edges.connect() as connection:
        connection.execute("select set_config('timezone', %s, true)", [zone])
        found = read_frame(connection, name, origin=ORIGIN, known_by=KNOWN_BY)
    assert found["date"].dt.date.tolist() == [ORIGIN - timedelta(days=days), ORIGIN]


def test_an_order_that_was_collected_weeks_later_is_counted(database: Database) -> None:
    collected = day_start(ORIGIN)
    values = {
        "line_number": 1, "store_id": "S1", "sku_id": "K1", "channel": "pickup", "quantity_units": 2, "paid_fen": 1,
        "status": "collected", "known_at": KNOWN_BY, "collected_at": collected,
    }  # fmt: skip
    add(database, "core.order_lines", "placed_at", "order_id", [collected - timedelta(days=30)], **values)
    with database.connect() as connection:
        found = read_frame(connection, "forecast/sku_history", origin=ORIGIN, known_by=KNOWN_BY)
    assert found[["date", "units"]].to_numpy().tolist() == [[pd.Timestamp(ORIGIN), 2]]


def test_a_count_of_a_quarter_ago_tells_nothing_of_today(database: Database) -> None:
    counted = [KNOWN_BY - timedelta(days=91), KNOWN_BY - timedelta(days=89)]
    values = {"sku_id": "K1", "on_hand_units": 5, "locked_units": 0, "known_at": KNOWN_BY}
    add(database, "core.stock_levels", "counted_at", "location_id", counted, **values)
    with database.connect() as connection:
        found = read_frame(connection, "allocate/stock_position", known_by=KNOWN_BY)
    assert found["location_id"].tolist() == ["location_id1"]


def test_quota_days_that_no_origin_looks_at_are_not_read(database: Database) -> None:
    """The farthest day: 371 of training, 56 of judged origins, a week of refits, two weeks of usual claims."""
    looked_at = LONGEST_TRAINING_DAYS + 56 + REFIT_DAYS + USUAL_DAYS
    days = [ORIGIN - timedelta(days=back) for back in (455, looked_at, 0)]
    store = {
        "store_name": "S1", "district_id": "Z1", "district_name": "Z1", "dc_id": "DC1", "lead_time_days": 0,
        "opens_slot": 18, "closes_slot": 40, "counters": 1, "handover_seconds": 60, "ambient_volume_ml": 0,
        "cold_volume_ml": 0, "valid_from": days[0], "known_at": KNOWN_BY,
    }  # fmt: skip
    add(database, "core.stores", "valid_to", "store_id", [None], **store, event_at=KNOWN_BY)
    values = {"carrier_id": "store_id0", "stock_id": "B1", "quota_coupons": 5, "issued_coupons": 0}
    moments = {"set_at": KNOWN_BY, "known_at": KNOWN_BY, "event_at": KNOWN_BY}
    add(database, "core.coupon_quotas", "business_date", "stock_id", days, **values, **moments)
    with database.connect() as connection:
        found = read_frame(connection, "forecast/quotas", origin=ORIGIN, known_by=KNOWN_BY)
    assert found["date"].dt.date.tolist() == days[1:]
