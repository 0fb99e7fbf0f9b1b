"""Validate steps: judge each landed batch, admit or quarantine its rows, report."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

import pandas as pd
from prefect import task

from rouxing.model.feeds import FEEDS
from rouxing.report.quality_page import quality_markdown
from rouxing.validate.words import stopped_reason
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from tasks.artifacts import leave_markdown
from tasks.context import Moment, current_database, tell
from tasks.options import STEP

Judged = dict[str, Any]
QUALITY_DAYS = 7


@task(name="admit-source", task_run_name="admit {source}", **STEP)
def admit_source(moment: Moment, source: str, retry_stopped: bool) -> list[Judged]:
    """Judges the landed batches of a source; one row a feed with what became of it."""
    # Great Expectations takes seconds to import; only this task needs it.
    from rouxing.validate.runs import validate_feed

    judged = []
    for feed in (feed for feed in FEEDS if feed.source == source):
        result = validate_feed(
            current_database(),
            feed,
            progress=lambda name, done, rows: tell("validate", name, done / max(rows, 1)),
            retry_stopped=retry_stopped,
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
def report_quality(moment: Moment) -> tuple[Literal["done", "degraded"], str]:
    """Leaves the quality report; ``degraded`` and the reasons when a source was stopped or a feed fell silent."""
    from rouxing.validate.silence import silent_feeds

    with current_database().connect() as connection:
        quality, findings = read_quality(connection, moment)
    leave_markdown(
        "validate-quality",
        quality_markdown(quality, findings),
        f"Data quality of the {QUALITY_DAYS} days up to {moment.as_of:%Y-%m-%d %H:%M}",
    )
    reasons = quality[quality["status"] == "stopped"].set_index("feed")["stop_reason"]
    stopped = {str(feed): f"{feed}: {reason}" for feed, reason in reasons.items()}
    # A stopped feed is silent too; its own reason says more.
    troubles: dict[str, str] = {**silent_feeds(current_database(), moment.as_of), **stopped}
    return ("degraded" if troubles else "done"), "; ".join(troubles.values())


def read_quality(connection: Connection, moment: Moment) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Books and findings of the batches of the last days, with the feeds' titles."""
    window = {"since": moment.as_of - timedelta(days=QUALITY_DAYS), "until": moment.as_of}
    titles = {feed.name: feed.title for feed in FEEDS}
    quality = read_frame(connection, "validate/quality_summary", **window)
    told = zip(quality["stop_reason"], quality["batches_waiting"], strict=True)
    quality["stop_reason"] = [stopped_reason(reason, waiting) if reason else "" for reason, waiting in told]
    findings = read_frame(connection, "validate/findings", **window).rename(columns={"rows_failed": "rows"})
    return quality.assign(title=quality["feed"].map(titles)), findings.assign(title=findings["feed"].map(titles))
