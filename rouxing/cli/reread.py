"""``rouxing reread``: a feed once more, from a moment on."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console

from rouxing.ingest.landing import read_again, read_watermark, stopped_since
from rouxing.model.dates import SHANGHAI
from rouxing.model.errors import PermanentError
from rouxing.model.feeds import FEEDS, Feed
from rouxing.settings import Settings
from rouxing.warehouse.database import Database, open_database


def read_feed_again(settings: Settings, feed: str, since: datetime | None) -> None:
    """Sets the feed's watermark back and says to when. ``since`` without a zone is Asia/Shanghai.

    PermanentError for an unknown feed, one never read, or no moment to begin with.
    """
    known = _feed(feed)
    database = open_database(settings)
    try:
        begin = _set_back(database, known, since)
    finally:
        database.close()
    Console().print(
        f"The next ingest reads {feed} again from {begin:%Y-%m-%d %H:%M} (Asia/Shanghai), and validate judges it; "
        f"start both with `rouxing run ingest -p then_validate=true -p 'sources=[\"{known.source}\"]'`, or wait for "
        "the run of the next five minutes.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _feed(name: str) -> Feed:
    for feed in FEEDS:
        if feed.name == name:
            return feed
    raise PermanentError(f"There is no feed {name!r}; there are {', '.join(feed.name for feed in FEEDS)}.")


def _set_back(database: Database, feed: Feed, since: datetime | None) -> datetime:
    watermark = read_watermark(database, feed)
    if watermark is None:
        raise PermanentError(f"{feed.name} was never read; the next ingest reads all of it.")
    begin = since.replace(tzinfo=SHANGHAI) if since else stopped_since(database, feed)
    if begin is None:
        raise PermanentError(f"No batch of {feed.name} is stopped; say from when to read it: --since 2026-06-17.")
    if begin >= watermark:
        raise PermanentError(
            f"{feed.name} is read until {watermark.astimezone(SHANGHAI):%Y-%m-%d %H:%M} only; name an earlier moment."
        )
    read_again(database, feed, begin)
    return begin.astimezone(SHANGHAI)
