"""When goods on their way count, against a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Connection, Database
from rouxing.warehouse.frames import read_frame

DAY = date(2026, 6, 18)
KNOWN_BY = datetime(2026, 6, 17, 21, 25, tzinfo=UTC)  # 05:25 in the shops
EARLIER = KNOWN_BY - timedelta(hours=3)
LEFT = datetime(2026, 6, 16, 22, tzinfo=UTC)  # 06:00 on the 17th


def local(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 6, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def transfer(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "transfer_id": f"T{number}", "shipment_id": f"H{number}", "dc_id": "D1", "store_id": "S1", "sku_id": "K1",
        "quantity_units": number, "status": "dispatched", "ordered_at": LEFT, "dispatched_at": LEFT,
        "known_at": EARLIER, **changes,
    }  # fmt: skip


def milestone(number: int, name: str, occurred_at: datetime, eta_at: datetime | None, **changes: Any) -> dict[str, Any]:
    return {
        "shipment_id": f"H{number}", "store_id": "S1", "milestone": name, "occurred_at": occurred_at,
        "eta_at": eta_at, "known_at": EARLIER, **changes,
    }  # fmt: skip


@pytest.fixture
def connection(database: Database) -> Any:
    """The database with one store that opens at 09:00, one day from its centre; rolled back afterwards."""
    with database.connect() as opened:
        stores = {
            "store_id": "S1", "store_name": "S1", "district_id": "Q1", "district_name": "Q1", "dc_id": "D1",
            "lead_time_days": 1, "opens_slot": 18, "closes_slot": 44, "counters": 1, "handover_seconds": 60,
            "ambient_volume_ml": 1, "cold_volume_ml": 0, "valid_from": DAY, "known_at": EARLIER,
        }  # fmt: skip
        _add(opened, "core.stores", [stores])
        yield opened
        opened.rollback()


def _add(connection: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    row = connection.execute(
        "insert into ops.batches (feed, window_start, window_end, rows_read) values ('all', now(), now(), 0)"
        " returning batch_id"
    ).fetchone()
    assert row is not None
    copy_frame(connection, table, pd.DataFrame(rows).assign(event_at=EARLIER, batch_id=row[0]))


def arrivals(
    connection: Connection, transfers: list[dict[str, Any]], milestones: list[dict[str, Any]]
) -> dict[int, float]:
    """Units by the day of June on which they can first be sold."""
    _add(connection, "core.transfers", transfers)
    if milestones:
        _add(connection, "core.milestones", milestones)
    found = read_frame(connection, "allocate/in_transit", known_by=KNOWN_BY, business_date=DAY)
    return dict(zip(found["arrives_on"].dt.day.tolist(), found["in_transit_units"].tolist(), strict=True))


def test_an_eta_before_opening_counts_that_day_and_a_later_one_the_next(connection: Connection) -> None:
    before, after = local(18, 8, 59), local(18, 9, 1)
    told = [milestone(1, "departed", LEFT, before), milestone(2, "departed", LEFT, after)]
    assert arrivals(connection, [transfer(1), transfer(2)], told) == {18: 1, 19: 2}


def test_the_latest_milestone_and_its_latest_version_count(connection: Connection) -> None:
    told = [
        milestone(1, "picked", LEFT - timedelta(hours=2), local(18, 7)),
        milestone(1, "departed", LEFT, local(19, 7)),
        milestone(1, "departed", LEFT, local(20, 7), known_at=EARLIER + timedelta(hours=1)),
        # Known only after the plan was made.
        milestone(1, "departed", LEFT, local(25, 7), known_at=KNOWN_BY + timedelta(hours=1)),
    ]
    assert arrivals(connection, [transfer(1)], told) == {20: 1}


def test_without_an_eta_the_lead_time_counts_and_what_is_overdue_comes_today(connection: Connection) -> None:
    late = transfer(2, dispatched_at=LEFT - timedelta(days=5))
    waiting = transfer(4, status="ordered", dispatched_at=None, ordered_at=local(18, 5))
    arrived = milestone(8, "arrived", local(18, 4), None)
    gone = [transfer(16, status="received"), transfer(32, status="cancelled")]
    moved = [transfer(1), late, waiting, transfer(8), *gone]
    # Left on the 17th, one day on the road; the order of this morning comes tomorrow; one stands at the door.
    assert arrivals(connection, moved, [arrived]) == {18: 1 + 2 + 8, 19: 4}


def test_a_minimum_on_the_shelf_is_read_and_none_where_nobody_told(connection: Connection) -> None:
    sku = {
        "sku_name": "K", "storage_class": "ambient", "price_fen": 100, "margin_fen": 30, "holding_fen": 1,
        "pack_units": 6, "shelf_life_days": 9, "volume_ml": 500, "valid_from": DAY, "known_at": EARLIER,
    }  # fmt: skip
    _add(connection, "core.skus", [{**sku, "sku_id": "K1", "minimum_units": 4}])
    _add(connection, "core.skus", [{**sku, "sku_id": "K2"}])
    found = read_frame(connection, "core/skus", known_by=KNOWN_BY, business_date=DAY)
    assert found.set_index("sku_id")["minimum_units"].to_dict() == {"K1": 4, "K2": 0}
