"""The rest of today in the warehouse: read as of the moment, replaced by the next update, shown to people."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from rouxing.model.dates import slot_start
from rouxing.stack.api import PrefectApi
from rouxing.stack.server import ServerHandle
from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Connection, Database
from rouxing.warehouse.frames import read_frame

pytestmark = pytest.mark.prefect

DAY = date(2026, 6, 18)
MORNING = datetime(2026, 6, 17, 21, 30, tzinfo=UTC)
STORE = {
    "store_name": "门店", "district_id": "D1", "district_name": "静安", "dc_id": "DC", "lead_time_days": 0,
    "opens_slot": 20, "closes_slot": 40, "counters": 1, "handover_seconds": 60, "ambient_volume_ml": 1,
    "cold_volume_ml": 1, "valid_from": date(2026, 1, 1), "event_at": MORNING, "known_at": MORNING,
}  # fmt: skip
BOOKING = {"store_id": "S1", "order_id": "O", "customer_key": "k", "status": "booked"}


def clock(slot: int, day: date = DAY) -> datetime:
    """A minute after a half hour's start, so that the half hour before it is over and settled."""
    return slot_start(day, slot) + timedelta(minutes=20)


def add(connection: Connection, table: str, frame: pd.DataFrame) -> None:
    row = connection.execute(
        b"insert into ops.batches (feed, window_start, window_end, rows_read) values ('x', now(), now(), 0)"
        b" returning batch_id"
    ).fetchone()
    assert row is not None
    copy_frame(connection, table, frame.assign(batch_id=row[0]))


def arrive(connection: Connection, name: str, moments: list[datetime], booking: str | None = None) -> None:
    frame = pd.DataFrame({"arrived_at": moments, "event_at": moments, "known_at": moments, "store_id": "S1"})
    ids = [f"{name}{rank}" for rank in range(len(moments))]
    add(connection, "core.arrivals", frame.assign(arrival_id=ids, order_id=ids, booking_id=booking))


def book(connection: Connection, name: str, made: datetime, due: datetime, **values: object) -> None:
    row = {**BOOKING, "booking_id": name, "made_at": made, "event_at": made, "known_at": made, "slot_starts_at": due}
    add(connection, "core.bookings", pd.DataFrame([{**row, **values}]))


@pytest.fixture
def planned(empty: Database) -> Database:
    """One store, ten arrivals expected in each half hour from 20 to 39; twice as many have come in 20 to 23."""
    with empty.connect() as connection:
        connection.execute(b"delete from mart.forecast_runs")
        for table in ("core.arrivals", "core.bookings", "core.stores"):
            connection.execute(f"delete from {table}".encode())
        add(connection, "core.stores", pd.DataFrame([{**STORE, "store_id": "S1"}]))
        connection.execute(
            "insert into mart.forecast_runs (forecast_id, business_date, as_of, inputs_hash, parameters, code_version,"
            " model, accuracy) values ('F', %s, %s, '', '{\"stores\": []}', '', '', '[]')",
            [DAY, MORNING],
        )
        slots = pd.DataFrame({"slot": range(20, 40), "store_id": "S1", "date": pd.Timestamp(DAY), "mean": 10.0})
        levels = dict.fromkeys(["p05", "p10", "p25", "p50", "p75", "p90", "p95"], 10.0)
        slots = slots.assign(forecast_id="F", dispersion=0.1, shock=0.1, **levels)
        copy_frame(connection, "mart.forecast_slot_days", slots)
        moments = [slot_start(DAY, slot) + timedelta(minutes=1) for slot in range(20, 24) for _ in range(20)]
        arrive(connection, "today", moments)
    return empty


def rest_of_day(database: Database, as_of: datetime) -> pd.DataFrame:
    with database.connect() as connection:
        return read_frame(connection, "forecast/today", business_date=DAY, as_of=as_of, stores="[]")


def test_the_runs_during_the_day_update_the_rest_of_it(planned: Database, prefect_server: ServerHandle) -> None:
    from flows.redistribute import redistribute

    asyncio.run(redistribute(business_date=DAY, as_of=clock(22)))
    noon = rest_of_day(planned, clock(22))
    assert noon["slot"].tolist() == list(range(22, 40))
    assert (noon["mean"] > 12.0).all()
    asyncio.run(redistribute(business_date=DAY, as_of=clock(24)))
    later = rest_of_day(planned, clock(24))
    assert later["slot"].tolist() == list(range(24, 40))
    assert later["mean"].min() > noon["mean"].max()
    # The plan of 11:00 can be made again: what it was made of stays.
    pd.testing.assert_frame_equal(rest_of_day(planned, clock(22)), noon)
    asyncio.run(redistribute(business_date=DAY, as_of=clock(24)))
    pd.testing.assert_frame_equal(rest_of_day(planned, clock(24)), later)
    (table,) = PrefectApi(prefect_server.api_url).post(
        "/artifacts/latest/filter", {"artifacts": {"key": {"any_": ["forecast-today"]}}, "limit": 1}
    )
    assert "静安" in str(table["data"])


def test_without_a_forecast_there_is_nothing_to_update(empty: Database) -> None:
    from tasks.context import resolve_moment
    from tasks.forecast_today import forecast_today

    assert forecast_today(resolve_moment(date(2026, 5, 1), None)) == ""


def test_bookings_count_by_what_usually_comes_of_them(planned: Database) -> None:
    """Yesterday: of two bookings for half hour 30 one came, beside three who had not booked; one was cancelled."""
    from tasks.context import resolve_moment
    from tasks.forecast_today import read_inputs

    yesterday = DAY - timedelta(days=1)
    made, due = clock(20, yesterday), slot_start(yesterday, 30)
    with planned.connect() as connection:
        for name in ("B1", "B2", "B3"):
            book(connection, name, made, due)
        book(connection, "B3", made, due, status="cancelled", known_at=clock(26, yesterday))
        arrive(connection, "booked", [due], "B1")
        arrive(connection, "walk_in", [due] * 3)
        book(connection, "B4", clock(21), slot_start(DAY, 30))
        book(connection, "B5", clock(21), slot_start(DAY, 31), status="arrived")
        frames = read_inputs(connection, resolve_moment(DAY, clock(24)), "F")
    flow = frames["booking_flow"].to_numpy().tolist()
    assert flow == [[20, 30, 3, 1], [26, 30, -1, 0], [48, 30, 0, 3]]
    assert frames["booked_today"].to_numpy().tolist() == [["S1", 30, 1]]
