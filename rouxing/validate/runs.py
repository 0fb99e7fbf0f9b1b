"""Judges and admits what has been landed of one feed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from psycopg import sql

from rouxing.ingest.rows import typed_rows
from rouxing.ingest.sources import Row
from rouxing.model.feeds import Feed
from rouxing.validate.admit import Counts, admit_batch, stop_batch
from rouxing.validate.judge import judge_batches
from rouxing.warehouse.copy import table_identifier
from rouxing.warehouse.database import Database
from rouxing.warehouse.queries import named_query

ROWS_AT_ONCE = 100_000
"""Batches are judged together up to so many rows: one run of Great Expectations costs 0.1 s even on few rows."""

ValidateProgress = Callable[[str, int, int], None]
"""Told the feed's name, the rows judged so far and the rows to judge."""

WaitingBatch = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ValidateResult:
    """What became of the landed batches of one feed. ``rows_read`` counts admitted batches; ``stopped_reason`` is the
    newest stopped batch's, in Chinese."""

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
    """Every landed batch of ``feed`` is judged: admitted to core and quarantine, or stopped.

    Each batch is one transaction, so a run that is killed is finished by the next. ``retry_stopped`` also judges the
    batches again that were stopped before, after the contract or the reading of the vendor's fields was mended.
    """
    waiting = _waiting(database, feed, retry_stopped)
    total = sum(rows for _, rows in waiting)
    done = 0
    counts: list[Counts] = []
    stops: list[str] = []
    for group in _groups(waiting):
        admitted, stopped = _judge_group(database, feed, [batch_id for batch_id, _ in group])
        counts += admitted
        stops += stopped
        done += sum(rows for _, rows in group)
        progress(feed.name, done, total)
    loaded, unchanged, quarantined = (sum(count[part] for count in counts) for part in range(3))
    if loaded:
        _analyze(database, feed)
    read = loaded + unchanged + quarantined
    last_stop = stops[-1] if stops else None
    return ValidateResult(feed.name, len(waiting), read, loaded, unchanged, quarantined, len(stops), last_stop)


def _analyze(database: Database, feed: Feed) -> None:
    """Statistics of the feed's table, now: without them the first forecast's joins took minutes instead of a second."""
    with database.connect() as connection:
        connection.execute(sql.SQL("analyze {}").format(table_identifier(feed.table)))


def _waiting(database: Database, feed: Feed, retry_stopped: bool) -> list[WaitingBatch]:
    statuses = ["landed", "stopped"] if retry_stopped else ["landed"]
    with database.connect() as connection:
        query = named_query("validate/batches_to_judge").encode()
        found = connection.execute(query, {"feed": feed.name, "statuses": statuses}).fetchall()
    return [(batch_id, rows) for batch_id, rows in found]


def _groups(waiting: Sequence[WaitingBatch]) -> Iterator[list[WaitingBatch]]:
    group: list[WaitingBatch] = []
    size = 0
    for batch_id, rows in waiting:
        if group and size + rows > ROWS_AT_ONCE:
            yield group
            group, size = [], 0
        group.append((batch_id, rows))
        size += rows
    if group:
        yield group


def _judge_group(database: Database, feed: Feed, batch_ids: Sequence[int]) -> tuple[list[Counts], list[str]]:
    raw = [_raw_rows(database, batch_id) for batch_id in batch_ids]
    judgements = judge_batches(feed, [typed_rows(feed, rows) for rows in raw])
    counts: list[Counts] = []
    stops: list[str] = []
    for batch_id, rows, judgement in zip(batch_ids, raw, judgements, strict=True):
        if judgement.stop_reason is None:
            counts.append(admit_batch(database, feed, batch_id, rows, judgement))
        else:
            stop_batch(database, feed, batch_id, judgement)
            stops.append(judgement.stop_reason)
    return counts, stops


def _raw_rows(database: Database, batch_id: int) -> list[Row]:
    with database.connect() as connection:
        pages = connection.execute(named_query("validate/pages").encode(), {"batch_id": batch_id}).fetchall()
    return [row for (page,) in pages for row in page]
