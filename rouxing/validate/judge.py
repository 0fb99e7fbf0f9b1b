"""Decides for each row of a batch: admitted, or quarantined and why; and for the batch whether it may go on at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from rouxing.ingest.rows import NOT_OF_TYPE, TypedRows
from rouxing.model.feeds import Feed
from rouxing.validate import words
from rouxing.validate.suites import COLUMNS_MATCH, Expectation, columns_match, failing_rows, row_expectations

BAD_SHARE = "share_of_bad_rows"
FEWEST_BAD_ROWS_TO_STOP = 4
"""A handful of bad rows is no reason to stop a source, however small the batch."""

_QUARANTINE = ["row_number", "expectation", "column_name", "reason"]
_RESULT_MEASURES = ["rows_checked", "rows_failed", "is_batch_level", "verdict"]
Result = tuple[str, str, int, int, bool, str]


@dataclass(frozen=True)
class Judgement:
    """Verdict on one batch.

    ``admitted``: the contract's columns with event_at and known_at, indexed by row_number. ``quarantine``: row_number,
    expectation, column_name, reason (Chinese), known_at; one row for each check that a row failed. ``results``: one
    row for each check. ``stop_reason``: why the whole batch is stopped (nothing of it is admitted then), or None.
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
    frames = [_complete(feed, batch) for batch in batches]
    quarantines = [_quarantine(batch, failed) for batch, failed in zip(batches, _failures(feed, frames), strict=True)]
    return [_judged(feed, *parts) for parts in zip(batches, frames, quarantines, strict=True)]


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
        return [{} for _ in frames]
    failing = failing_rows(feed, pd.concat(filled, ignore_index=True))
    parts, start = [], 0
    for frame in frames:
        end = start + len(frame)
        parts.append({item: [row - start + 1 for row in rows if start <= row < end] for item, rows in failing.items()})
        start = end
    return parts


def _quarantine(batch: TypedRows, failed: dict[Expectation, list[int]]) -> pd.DataFrame:
    reasons = [words.not_of_type_reason(name) for name in batch.problems["column_name"]]
    unreadable = batch.problems.assign(expectation=NOT_OF_TYPE, reason=reasons)
    broken = pd.DataFrame(
        [(row, item.kind, item.column, item.reason) for item, rows in failed.items() for row in rows],
        columns=_QUARANTINE,
    )
    # A value that could not be read is null by now: say so once, not twice.
    together = pd.concat([unreadable[_QUARANTINE], broken]).astype({"row_number": "int64"})
    unique = together.drop_duplicates(["row_number", "column_name"]).sort_values(_QUARANTINE, ignore_index=True)
    moments = batch.frame.reindex(index=unique["row_number"], columns=["known_at"])
    return unique.assign(known_at=moments["known_at"].array)


def _judged(feed: Feed, batch: TypedRows, frame: pd.DataFrame, quarantine: pd.DataFrame) -> Judgement:
    absent = _required_missing(feed, batch)
    if absent:
        results = _results([_columns_result(feed, batch)])
        return Judgement(frame, quarantine.iloc[:0], results, words.missing_columns_reason(absent))
    rows, bad = len(frame), quarantine["row_number"].nunique()
    is_overflow = bad >= FEWEST_BAD_ROWS_TO_STOP and bad > feed.max_bad_share * rows
    share = (BAD_SHARE, "", rows, bad, True, "fail" if is_overflow else "pass")
    results = _results([_columns_result(feed, batch), share, *_row_results(feed, rows, quarantine)])
    if is_overflow:
        reason = words.bad_share_reason(bad, rows, feed.max_bad_share)
        return Judgement(frame.iloc[:0], quarantine, results, reason)
    return Judgement(frame[~frame.index.isin(quarantine["row_number"])], quarantine, results, None)


def _results(lines: list[Result]) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=["expectation", "column_name", *_RESULT_MEASURES])


def _columns_result(feed: Feed, batch: TypedRows) -> Result:
    rows = len(batch.frame)
    if not batch.missing or columns_match(feed, batch.frame.columns):
        return COLUMNS_MATCH, "", rows, 0, True, "pass"
    is_fatal = bool(_required_missing(feed, batch))
    return COLUMNS_MATCH, "", rows, rows if is_fatal else 0, True, "fail" if is_fatal else "warn"


def _row_results(feed: Feed, rows: int, quarantine: pd.DataFrame) -> list[Result]:
    counts = Counter(zip(quarantine["expectation"], quarantine["column_name"], strict=True))
    checks = [(item.kind, item.column) for item in row_expectations(feed)]
    return [
        (kind, column, rows, counts[kind, column], False, "warn" if counts[kind, column] else "pass")
        for kind, column in dict.fromkeys([*checks, *counts])
    ]
