"""Feeds that answer and bring nothing: an empty answer looks like good news until a shelf is empty."""

from __future__ import annotations

from datetime import datetime, timedelta

from rouxing.model.dates import SHANGHAI
from rouxing.model.feeds import FEEDS, Feed
from rouxing.validate.admit import statement
from rouxing.warehouse.database import Database

BUSY_DAYS = 7
LONGEST_SILENCE = timedelta(days=1)


def silent_feeds(database: Database, as_of: datetime) -> dict[str, str]:
    """Feeds that never brought a row, or brought some every day of a week and then none for a day, each with a
    sentence. Master data that seldom changes is not among them."""
    found = {feed.name: _silence(database, feed, as_of) for feed in FEEDS}
    return {name: sentence for name, sentence in found.items() if sentence}


def _silence(database: Database, feed: Feed, as_of: datetime) -> str:
    with database.connect() as connection:
        row = connection.execute(statement("silence", feed), {"as_of": as_of}).fetchone()
    assert row is not None
    newest, busy_days = row
    if newest is None:
        return f"{feed.name}: no rows at all"
    if busy_days >= BUSY_DAYS and newest <= as_of - LONGEST_SILENCE:
        return f"{feed.name}: no rows since {newest.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    return ""
