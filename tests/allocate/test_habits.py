"""How customers of a store come: shares from counts, and the counts from a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from rouxing.allocate.habits import UsualHabits, booking_habits
from rouxing.optimize.checks import RefusedInputError
from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Connection, Database
from rouxing.warehouse.frames import read_frame

USUAL = UsualHabits(show_up=1.0, unbooked=0.5, early=0.6)
DAY = date(2026, 6, 18)
KNOWN_BY = datetime(2026, 6, 17, 21, 25, tzinfo=UTC)  # 05:25 in the shops
NOON = datetime(2026, 6, 16, 4, tzinfo=UTC)


def counts(**changes: list[Any]) -> pd.DataFrame:
    week = {"store_id": ["S1"], "bookings": [100], "arrivals": [200], "unbooked": [110], "early": [90]}
    return pd.DataFrame(week | changes)


def test_nothing_known_is_what_is_usual() -> None:
    habits = booking_habits(None, pd.Series(["S1", "S2"]), USUAL)
    assert habits.show_up.tolist() == [1.0, 1.0]
    assert habits.unbooked.tolist() == [0.5, 0.5]
    assert habits.early == pytest.approx(0.6)


def test_a_store_is_drawn_to_the_chain_and_the_chain_to_the_usual() -> None:
    habits = booking_habits(counts(), pd.Series(["S1", "S2"]), USUAL)
    # Chain: 90 of 100 booked came, with 100 more at 1.0; S2 without rows has that share, S1 half of its own.
    chain = (90 + 100) / 200
    assert habits.show_up == pytest.approx([(90 + 100 * chain) / 200, chain])
    assert habits.unbooked[1] == pytest.approx((110 + 50) / 300)
    assert habits.early == pytest.approx((90 + 60) / 300)


@pytest.mark.parametrize("bad", [float("nan"), -1.0])
def test_bad_counts_are_refused_by_name(bad: float) -> None:
    with pytest.raises(RefusedInputError, match=r"bookings\.arrivals"):
        booking_habits(counts(arrivals=[bad]), pd.Series(["S1"]), USUAL)


def _add(connection: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    row = connection.execute(
        "insert into ops.batches (feed, window_start, window_end, rows_read) values ('all', now(), now(), 0)"
        " returning batch_id"
    ).fetchone()
    assert row is not None
    known = {"event_at": NOON, "known_at": NOON + timedelta(hours=1), "batch_id": row[0]}
    copy_frame(connection, table, pd.DataFrame([known | line for line in rows]))


def booking(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "booking_id": f"B{number}", "order_id": f"O{number}", "store_id": "S1", "slot_starts_at": NOON,
        "status": "arrived", "made_at": NOON - timedelta(days=1), **changes,
    }  # fmt: skip


def arrival(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "arrival_id": f"A{number}", "store_id": "S1", "order_id": f"O{number}", "booking_id": f"B{number}",
        "arrived_at": NOON + timedelta(minutes=9), **changes,
    }  # fmt: skip


def test_the_week_is_counted_as_it_was_known(database: Database) -> None:
    later = KNOWN_BY + timedelta(minutes=1)
    with database.connect() as connection:
        _add(connection, "core.bookings", [
            booking(1), booking(2, status="no_show"), booking(3, status="booked"),
            booking(3, status="cancelled", known_at=NOON + timedelta(hours=2)),
            booking(4, known_at=later), booking(5, slot_starts_at=NOON - timedelta(days=8)),
            booking(6, slot_starts_at=NOON + timedelta(days=2)),
        ])  # fmt: skip
        _add(connection, "core.arrivals", [
            arrival(1), arrival(1, served_at=NOON + timedelta(minutes=12), known_at=NOON + timedelta(hours=2)),
            arrival(7, booking_id=None, arrived_at=NOON + timedelta(minutes=41)),
            arrival(8, booking_id=None, arrived_at=NOON + timedelta(minutes=35)),
            arrival(9, known_at=later), arrival(10, arrived_at=NOON - timedelta(days=8)),
        ])  # fmt: skip
        week = read_frame(connection, "allocate/booking_habits", known_by=KNOWN_BY, business_date=DAY)
        connection.rollback()
    assert week.to_dict("records") == [{"store_id": "S1", "bookings": 2, "arrivals": 3, "unbooked": 2, "early": 2}]
