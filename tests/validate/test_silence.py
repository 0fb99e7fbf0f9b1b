"""A feed that answers and brings nothing is noticed; one that seldom changes is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from rouxing.model.feeds import FEEDS
from rouxing.validate.silence import silent_feeds
from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Database

AS_OF = datetime(2026, 6, 17, 21, 30, tzinfo=UTC)


@pytest.fixture
def rosters(database: Database) -> Iterator[Database]:
    """No rows in any feed; the test adds rosters."""
    yield database
    with database.connect() as connection:
        connection.execute("truncate core.rosters")


def add(database: Database, days_ago: list[float]) -> None:
    with database.connect() as connection:
        query = "insert into ops.batches (feed, window_start, window_end, rows_read) values ('x', now(), now(), 0)"
        row = connection.execute(f"{query} returning batch_id".encode()).fetchone()
        known = [AS_OF - timedelta(days=days) for days in days_ago]
        frame = pd.DataFrame({"known_at": known, "event_at": known, "business_date": AS_OF.date(), "store_id": "S1"})
        copy_frame(
            connection,
            "core.rosters",
            frame.assign(rostered_staff=1, callable_staff=1, batch_id=row[0] if row else None),
        )


EVERY_DAY = [day + 0.5 for day in range(1, 9)]


def test_a_feed_without_any_row_is_silent(rosters: Database) -> None:
    assert silent_feeds(rosters, AS_OF) == {feed.name: f"{feed.name}: no rows at all" for feed in FEEDS}


def test_a_daily_feed_that_stops_is_silent_after_a_day(rosters: Database) -> None:
    add(rosters, EVERY_DAY)
    assert silent_feeds(rosters, AS_OF)["rosters"] == "rosters: no rows since 2026-06-16 17:30"
    assert "rosters" not in silent_feeds(rosters, AS_OF - timedelta(hours=13))


def test_a_daily_feed_that_goes_on_is_not(rosters: Database) -> None:
    add(rosters, [0.5, *EVERY_DAY])
    assert "rosters" not in silent_feeds(rosters, AS_OF)


def test_a_feed_that_seldom_changes_is_not(rosters: Database) -> None:
    add(rosters, [3.5, 40.0])
    assert "rosters" not in silent_feeds(rosters, AS_OF)


def test_what_came_later_does_not_count(rosters: Database) -> None:
    add(rosters, [-2.0])
    assert silent_feeds(rosters, AS_OF)["rosters"] == "rosters: no rows at all"
