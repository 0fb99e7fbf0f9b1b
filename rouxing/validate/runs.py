"""Judges and admits what has been landed of one feed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from rouxing.ingest.rows import typed_rows
from rouxing.ingest.sources import Row
from rouxing.model.feeds import Feed
from rouxing.validate.admit import Counts, admit_batch, stop_batch
from rouxing.validate.judge import judge_batches
from rouxing.validate.words import stopped_reason
from rouxing.warehouse.copy import table_identifier
from rouxing.warehouse.database import Database
from rouxing.warehouse.queries import named_query

ROWS_AT_ONCE = 100_000
"""Batches are judged together up to so many rows: one run of Great Expectations costs 0.1 s even on few rows."""

ValidateProgress = Callable[[str, int, int], None]
"""Told the feed's name, the rows judged so far and the rows to judge."""


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """A batch without a judgement that holds: landed, or stopped with a reason."""

    batch_id: int
    rows: int
    window_start: datetime
    stop_reason: str | None


@dataclass(frozen=True, slots=True)
class ValidateResult:
    """What became of the landed batches of one feed. ``batches`` were judged, ``stopped_batches`` of them stopped;
    ``rows_read`` counts admitted batches. ``stopped_reason``, in Chinese, when the feed is stopped, by this run or an
    earlier one."""

    feed: str
    batches: int
    rows_read: int
    loaded: int
    unchanged: int
    quarantined: int
    stopped_batches: int
    stopped_reason: str | None


def validate_feed(
    database: Database,
    feed: Feed,
    *,
    progress: ValidateProgress = lambda feed, done, rows: None,
    retry_stopped: bool = False,
) -> ValidateResult:
    """The landed batches of ``feed`` are judged in their order: admitted to core and quarantine, or stopped.

    A stopped batch stops its feed: later ones wait in landing, so that core has no hole that nobody sees. It goes on
    once the batch is admitted (``retry_stopped`` judges it again, after the contract or the reading of the vendor's
    fields was mended) or a batch has read its window again. Each batch is one transaction, so a run that is killed is
    finished by the next.
    """
    due = _due(_open_batches(database, feed), retry_stopped)
    total = sum(batch.rows for batch in due)
    done = 0
    judged: list[Counts | None] = []
    stops: list[OpenBatch] = []
    for group in _groups(due):
        judged += _judge_group(database, feed, group, stops)
        done += sum(batch.rows for batch in group)
        progress(feed.name, done, total)
    admitted = [counts for counts in judged if counts is not None]
    loaded, unchanged, quarantined = (sum(counts[part] for counts in admitted) for part in range(3))
    if loaded:
        _analyze(database, feed)
    read, stopped = loaded + unchanged + quarantined, len(judged) - len(admitted)
    reason = _feed_stopped_reason(_open_batches(database, feed))
    return ValidateResult(feed.name, len(judged), read, loaded, unchanged, quarantined, stopped, reason)


def _analyze(database: Database, feed: Feed) -> None:
    """Statistics of the feed's table, now: without them the first forecast's joins took minutes instead of a second."""
    with database.connect() as connection:
        connection.execute(sql.SQL("analyze {}").format(table_identifier(feed.table)))


def _open_batches(database: Database, feed: Feed) -> list[OpenBatch]:
    with database.connect() as connection:
        query = named_query("validate/batches_to_judge").encode()
        return [OpenBatch(*row) for row in connection.execute(query, {"feed": feed.name}).fetchall()]


def _due(batches: Sequence[OpenBatch], retry_stopped: bool) -> list[OpenBatch]:
    """The batches to judge, in order: those that do not wait for a stopped one before them."""
    stops: list[OpenBatch] = []
    due: list[OpenBatch] = []
    for batch in batches:
        if batch.stop_reason is not None and not retry_stopped:
            stops.append(batch)
        elif not _waits(batch, stops):
            due.append(batch)
            stops.clear()
    return due


def _waits(batch: OpenBatch, stops: Sequence[OpenBatch]) -> bool:
    """Whether one of the stopped batches leaves a hole before this one, which has not read its window again."""
    return any(stop.window_start < batch.window_start for stop in stops)


def _feed_stopped_reason(batches: Sequence[OpenBatch]) -> str | None:
    reasons = [batch.stop_reason for batch in batches if batch.stop_reason is not None]
    return stopped_reason(reasons[0], len(batches) - len(reasons)) if reasons else None


def _groups(due: Sequence[OpenBatch]) -> Iterator[list[OpenBatch]]:
    group: list[OpenBatch] = []
    size = 0
    for batch in due:
        if group and size + batch.rows > ROWS_AT_ONCE:
            yield group
            group, size = [], 0
        group.append(batch)
        size += batch.rows
    if group:
        yield group


def _judge_group(
    database: Database, feed: Feed, group: Sequence[OpenBatch], stops: list[OpenBatch]
) -> list[Counts | None]:
    """Counts of each judged batch, None for a stopped one. ``stops``, those before the group, is kept up to date."""
    group = [batch for batch in group if not _waits(batch, stops)]
    raw = [_raw_rows(database, batch.batch_id) for batch in group]
    judgements = judge_batches(feed, [typed_rows(feed, rows) for rows in raw])
    judged: list[Counts | None] = []
    for batch, rows, judgement in zip(group, raw, judgements, strict=True):
        if _waits(batch, stops):
            continue
        if judgement.stop_reason is None:
            judged.append(admit_batch(database, feed, batch.batch_id, rows, judgement))
            stops.clear()
        else:
            stop_batch(database, feed, batch.batch_id, judgement)
            judged.append(None)
            stops.append(batch)
    return judged


def _raw_rows(database: Database, batch_id: int) -> list[Row]:
    with database.connect() as connection:
        pages = connection.execute(named_query("validate/pages").encode(), {"batch_id": batch_id}).fetchall()
    return [row for (page,) in pages for row in page]
