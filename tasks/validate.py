"""Validate steps: judge each landed batch, admit or quarantine its rows, report."""

from __future__ import annotations

from typing import Any, Literal

from prefect import task

from rouxing.model.feeds import FEEDS
from rouxing.report.quality_page import quality_markdown
from rouxing.warehouse.frames import read_frame
from tasks.artifacts import leave_markdown
from tasks.context import Moment, current_database, tell
from tasks.options import STEP

Judged = dict[str, Any]


@task(name="admit-source", task_run_name="admit {source}", **STEP)
def admit_source(moment: Moment, source: str) -> list[Judged]:
    """Judges every landed batch of a source; one row a feed with what became of it."""
    # Great Expectations takes seconds to import; only this task needs it.
    from rouxing.validate.admit import validate_feed

    judged = []
    for feed in (feed for feed in FEEDS if feed.source == source):
        result = validate_feed(
            current_database(), feed, progress=lambda name, share: tell("validate", name, share)
        )
        tell("validate", feed.name, 1.0)
        judged.append(
            {
                "feed": feed.name,
                "title": feed.title,
                "batches": result.batches,
                "rows_read": result.rows_read,
                "rows_loaded": result.loaded,
                "rows_unchanged": result.unchanged,
                "rows_quarantined": result.quarantined,
                "status": "stopped" if result.stopped_reason else "admitted",
                "stopped_reason": result.stopped_reason or "",
            }
        )
    return judged


@task(name="report-quality", **STEP)
def report_quality(moment: Moment, judged: list[Judged]) -> tuple[Literal["done", "degraded"], str]:
    """Leaves the quality report; ``degraded`` and the reasons when a source was stopped."""
    with current_database().connect() as connection:
        quality = read_frame(connection, "validate/quality_summary", as_of=moment.as_of)
        findings = read_frame(connection, "validate/findings", as_of=moment.as_of)
    titles = {feed.name: feed.title for feed in FEEDS}
    leave_markdown(
        "validate-quality",
        quality_markdown(
            quality.assign(title=quality["feed"].map(titles)), findings.assign(title=findings["feed"].map(titles))
        ),
        f"Data quality as of {moment.as_of:%Y-%m-%d %H:%M}",
    )
    stopped = [f"{row['feed']}: {row['stopped_reason']}" for row in judged if row["stopped_reason"]]
    return ("degraded" if stopped else "done"), "; ".join(stopped)
