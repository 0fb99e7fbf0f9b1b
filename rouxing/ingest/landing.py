"""Forward from each feed's watermark: fetch a window, replace identities, write it down in one transaction."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rouxing.gateway.client import VendorClient
from rouxing.ingest.sources import ENDPOINTS, Row, fetch_window
from rouxing.model.errors import TransientError
from rouxing.model.feeds import Feed
from rouxing.privacy.pseudonyms import Identity, Pseudonymiser
from rouxing.warehouse.copy import copy_rows
from rouxing.warehouse.database import Connection, Database
from rouxing.warehouse.queries import named_query

OVERLAP = timedelta(minutes=15)
BEGINNING = datetime(2010, 1, 1, tzinfo=UTC)
BATCH_ROWS = 40_000
FIRST_STEP = timedelta(days=2)
SHORTEST_STEP = timedelta(hours=1)
LONGEST_STEP = timedelta(days=90)
LARGEST_GROWTH = 4.0

IngestProgress = Callable[[str, int, float], None]
"""Told the feed's name, the rows landed so far and the share (0-1) of the time to read that is behind."""


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What one feed brought in."""

    feed: str
    batches: int
    rows_read: int
    seconds: float


def ingest_feed(
    database: Database,
    client: VendorClient,
    feed: Feed,
    *,
    as_of: datetime,
    history_start: datetime,
    pseudonymiser: Pseudonymiser,
    progress: IngestProgress = lambda feed, rows, share: None,
) -> IngestResult:
    """Everything the vendor knew of ``feed`` by ``as_of`` is in ``landing``.

    Reads from the watermark (less an overlap for rows that show late) in windows of about ``BATCH_ROWS`` rows, each
    committed on its own: a run that is killed goes on from the last one. A first load starts at ``history_start``,
    for vendors that answer with states before it. Nothing to do when the watermark has reached ``as_of``.
    ``as_of`` must not lie in the vendor's future: what happens until then would never be read.
    """
    started = time.monotonic()
    watermark = read_watermark(database, feed)
    origin = position = watermark or _first_moment(feed, history_start)
    step = FIRST_STEP if watermark or position == history_start else history_start - position
    batches = rows_read = 0
    while position < as_of:
        window_end = min(as_of, position + step)
        rows = land_window(database, client, feed, watermark, position, window_end, pseudonymiser)
        watermark, position = window_end, window_end
        batches, rows_read, step = batches + 1, rows_read + rows, _next_step(step, rows)
        progress(feed.name, rows_read, (position - origin) / (as_of - origin))
    return IngestResult(feed.name, batches, rows_read, time.monotonic() - started)


def land_window(
    database: Database,
    client: VendorClient,
    feed: Feed,
    watermark: datetime | None,
    window_start: datetime,
    window_end: datetime,
    pseudonymiser: Pseudonymiser,
) -> int:
    """Rows landed as one batch, with their identities in the vault and the watermark moved to ``window_end``.

    TransientError when another run has moved the watermark meanwhile; then nothing is written.
    """
    endpoint = ENDPOINTS[feed.name]
    start = window_start - OVERLAP if watermark else window_start
    pages: list[list[Row]] = []
    identities: set[Identity] = set()
    for page in fetch_window(client, endpoint, start, window_end):
        rows, found = pseudonymiser.tokenise(page, endpoint.fields, endpoint.personal)
        pages.append(rows)
        identities |= found
    with database.connect() as connection:
        _advance_watermark(connection, feed, watermark, window_end)
        _write_batch(connection, feed, start, window_end, pages)
        _keep_identities(connection, identities)
    return sum(map(len, pages))


def read_watermark(database: Database, feed: Feed) -> datetime | None:
    """Update time up to which ``feed`` has been landed; None before the first load."""
    with database.connect() as connection:
        row = connection.execute(named_query("ingest/watermark").encode(), {"feed": feed.name}).fetchone()
    return row[0] if row else None


def stopped_since(database: Database, feed: Feed) -> datetime | None:
    """From when on a stopped batch keeps rows of ``feed`` out of core; None when no batch is stopped."""
    with database.connect() as connection:
        row = connection.execute(named_query("ingest/stopped_since").encode(), {"feed": feed.name}).fetchone()
    return row[0] if row else None


def read_again(database: Database, feed: Feed, since: datetime) -> None:
    """The next ingest reads ``feed`` from ``since`` on once more, e.g. after a vendor has mended a window."""
    with database.connect() as connection:
        connection.execute(named_query("ingest/rewind_watermark").encode(), {"feed": feed.name, "since": since})


def _first_moment(feed: Feed, history_start: datetime) -> datetime:
    return BEGINNING if ENDPOINTS[feed.name].habit.has_latest_state else history_start


def _next_step(step: timedelta, rows: int) -> timedelta:
    growth = min(LARGEST_GROWTH, BATCH_ROWS / max(rows, 1))
    return min(max(min(step, LONGEST_STEP) * growth, SHORTEST_STEP), LONGEST_STEP)


def _advance_watermark(connection: Connection, feed: Feed, before: datetime | None, after: datetime) -> None:
    name = "ingest/advance_watermark" if before else "ingest/first_watermark"
    cursor = connection.execute(named_query(name).encode(), {"feed": feed.name, "before": before, "after": after})
    if cursor.rowcount != 1:
        raise TransientError(f"Another run is landing {feed.name}; run again when it has ended.")


def _write_batch(connection: Connection, feed: Feed, start: datetime, end: datetime, pages: list[list[Row]]) -> None:
    batch = {"feed": feed.name, "start": start, "end": end, "rows": sum(map(len, pages))}
    row = connection.execute(named_query("ingest/open_batch").encode(), batch).fetchone()
    assert row is not None
    copy_rows(
        connection,
        "landing.pages",
        ("batch_id", "page_number", "rows"),
        ((row[0], number, _json_text(page)) for number, page in enumerate(pages, start=1)),
    )


def _json_text(rows: list[Row]) -> str:
    return _storable(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).replace("\\u0000", "\ufffd"))


def _storable(text: str) -> str:
    """The text without what PostgreSQL cannot hold: NUL characters and halves of surrogate pairs."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _keep_identities(connection: Connection, identities: set[Identity]) -> None:
    # Sorted: two feeds that meet the same customers at the same time lock them in the same order.
    ordered = sorted(identities)
    connection.execute(
        named_query("privacy/keep_identities").encode(),
        {
            "pseudonyms": [identity.pseudonym for identity in ordered],
            "kinds": [identity.kind for identity in ordered],
            "raw_values": [_storable(identity.raw_value) for identity in ordered],
        },
    )
