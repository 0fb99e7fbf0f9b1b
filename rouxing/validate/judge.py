"""Decides for each row of a batch: admitted, or quarantined and why; and for the batch whether it may go on at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from rouxing.ingest.rows import NOT_OF_TYPE, TypedRows
from rouxing.model.feeds import Feed
from rouxing.validate import words
from rouxing.validate.suites import COLUMNS_MATCH, Expectation, columns_match, failing_rows, row_expectations

BAD_SHARE = "share_of_bad_rows"
FEWEST_BAD_ROWS_TO_STOP = 4
"""A handful of bad rows is no reason to stop a source, however small the batch."""

_QUARANTINE = ["row_number", "expectation", "column_name", "reason"]
_RESULTS = ["expectation", "column_name", "rows_checked", "rows_failed", "is_batch_level", "verdict"]


@dataclass(frozen=True)
class Judgement:
    """Verdict on one batch.

    ``admitted``: the contract's columns with event_at and known_at, indexed by row_number. ``quarantine``: row_number,
    expectation, column_name, reason (Chinese), known_at; one row for each check that a row failed. ``results``: one row for each
    check. ``stop_reason``: why the whole batch is stopped (nothing of it is admitted then), or None.
    """

    admitted: pd.DataFrame
    quarantine: pd.DataFrame
    results: pd.DataFrame
    stop_reason: str | None


def judge_batch(feed: Feed, batch: TypedRows) -> Judgement:
    """The judgement of one batch of ``feed``."""
    return judge_batches(feed, [batch])[0]


def judge_batches(feed: Feed, batches: Sequence[TypedRows]) -> list[Judgement]:
    """The judgement of each batch; all are put to Great Expectations in one run, which costs as much as one batch."""
    completed = [_complete(feed, batch) for batch in batches]
    failures = _failures(feed, completed)
    return [_judged(feed, batch, failed) for batch, failed in zip(batches, failures, strict=True)]


def _required_missing(feed: Feed, batch: TypedRows) -> tuple[str, ...]:
    required = {"known_at"} | {column.name for column in feed.columns if column.required}
    return tuple(name for name in batch.missing if name in required)


def _complete(feed: Feed, batch: TypedRows) -> pd.DataFrame:
    """The batch with optional columns that the vendor left out as nulls; empty if it has to be stopped anyway."""
    frame = batch.frame.iloc[:0] if _required_missing(feed, batch) else batch.frame
    return frame.reindex(columns=[*feed.column_names, "event_at", "known_at"])


def _failures(feed: Feed, frames: Sequence[pd.DataFrame]) -> list[dict[Expectation, list[int]]]:
    """Row numbers that fail each check, for each frame."""
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return [dict.fromkeys(row_expectations(feed), []) for _ in frames]
    together = pd.concat(filled, ignore_index=True)
    failing = failing_rows(feed, together)
    parts, start = [], 0
    for frame in frames:
        end = start + len(frame)
        parts.append(
            {item: [int(row) - start + 1 for row in rows if start <= row < end] for item, rows in failing.items()}
        )
        start = end
    return parts


def _judged(feed: Feed, batch: TypedRows, failed: dict[Expectation, list[int]]) -> Judgement:
    absent = _required_missing(feed, batch)
    rows = len(batch.frame)
    frame = _complete(feed, batch)
    quarantine = _quarantine(failed, batch) if not absent else _quarantine({}, replace(batch, problems=batch.problems[:0]))
    bad = quarantine["row_number"].nunique()
    is_overflow = bad >= FEWEST_BAD_ROWS_TO_STOP and bad > feed.max_bad_share * rows
    results = _results(feed, batch, failed, quarantine, is_overflow)
    if absent:
        return Judgement(frame, quarantine, results, words.missing_columns_reason(absent))
    if is_overflow:
        reason = words.bad_share_reason(bad, rows, feed.max_bad_share)
        return Judgement(frame.iloc[:0], quarantine, results, reason)
    return Judgement(frame.drop(index=quarantine["row_number"].unique()), quarantine, results, None)


def _quarantine(failed: dict[Expectation, list[int]], batch: TypedRows) -> pd.DataFrame:
    problems = batch.problems
    unreadable = problems.assign(
        expectation=NOT_OF_TYPE, reason=[words.not_of_type_reason(name) for name in problems["column_name"]]
    )
    broken = pd.DataFrame(
        [(row, item.kind, item.column, item.reason) for item, rows in failed.items() for row in rows],
        columns=_QUARANTINE,
    )
    # A value that could not be read is null by now: say so once, not twice.
    together = pd.concat([unreadable[_QUARANTINE], broken]).astype({"row_number": "int64"})
    unique = together.drop_duplicates(["row_number", "column_name"]).sort_values(_QUARANTINE, ignore_index=True)
    return unique.assign(known_at=batch.frame["known_at"].reindex(unique["row_number"]).array) if len(unique) else unique


def _results(
    feed: Feed,
    batch: TypedRows,
    failed: dict[Expectation, list[int]],
    quarantine: pd.DataFrame,
    is_overflow: bool,
) -> pd.DataFrame:
    rows, bad = len(batch.frame), quarantine["row_number"].nunique()
    absent = _required_missing(feed, batch)
    matching = _columns_verdict(feed, batch)
    table = [
        (COLUMNS_MATCH, "", rows, rows if matching == "fail" else 0, True, matching),
        (BAD_SHARE, "", rows, bad, True, "fail" if is_overflow else "pass"),
    ]
    if not absent:
        counts = quarantine.groupby(["expectation", "column_name"]).size().to_dict()
        checks = dict.fromkeys([(item.kind, item.column) for item in failed]) | dict.fromkeys(counts)
        table += [
            (kind, column, rows, counts.get((kind, column), 0), False, "warn" if (kind, column) in counts else "pass")
            for kind, column in checks
        ]
    return pd.DataFrame(table, columns=_RESULTS)


def _columns_verdict(feed: Feed, batch: TypedRows) -> str:
    if not batch.missing or columns_match(feed, batch.frame.columns):
        return "pass"
    return "fail" if _required_missing(feed, batch) else "warn"
