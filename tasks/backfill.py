"""Backfill steps: which partitions would run, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd
from prefect import task

from rouxing.gateway.clock import now
from rouxing.model.dates import business_date_of
from rouxing.model.errors import PermanentError
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from tasks.artifacts import leave_table
from tasks.context import current_database, current_settings
from tasks.options import STEP

LONGEST_DAYS = 366

Partition = dict[str, Any]
Ledger = dict[tuple[str, date], str]


@task(name="planned-partitions", **STEP)
def planned_partitions(
    start_date: date, end_date: date, stages: Sequence[str], stores: tuple[str, ...]
) -> list[Partition]:
    """One partition a day and stage, in the order they run, with what the ledger knows of it.

    PermanentError for an empty or too long range, one that is not over yet, or a store that master data does not know.
    """
    if end_date < start_date:
        raise PermanentError(f"The last day {end_date} lies before the first day {start_date}; swap them.")
    if (end_date - start_date).days >= LONGEST_DAYS:
        raise PermanentError(f"{start_date} to {end_date} is more than {LONGEST_DAYS} days; run it in parts.")
    with current_database().connect() as connection:
        status = _ledger(connection, start_date, end_date)
        unknown = read_frame(connection, "core/unknown_stores", stores=list(stores))
    if len(unknown):
        raise PermanentError(f"Master data knows no store {', '.join(unknown['store_id'])}; check the numbers.")
    _check_past(end_date)
    days = [start_date + timedelta(days=offset) for offset in range((end_date - start_date).days + 1)]
    return [
        {"business_date": day, "stage": stage, "before": status.get((stage, day), "never run")}
        for day in days
        for stage in stages
    ]


@task(name="report-partitions", **STEP)
def report_partitions(partitions: list[Partition], tried: int | None) -> list[Partition]:
    """The list of partitions, left for people too; after a run with what became of each.

    ``tried``: how many of them, from the first, a run came to; None for a preview.
    """
    if tried is None:
        title = "将运行的分区（仅预览）/ Partitions that would run"
    else:
        title = "已运行的分区 / Partitions run"
        with current_database().connect() as connection:
            status = _ledger(connection, partitions[0]["business_date"], partitions[-1]["business_date"])
        partitions = [
            {
                **row,
                "after": status.get((row["stage"], row["business_date"]), "never run") if rank < tried else "not run",
            }
            for rank, row in enumerate(partitions)
        ]
    leave_table("backfill-partitions", title, pd.DataFrame(partitions), "Partitions of this backfill")
    return partitions


def _ledger(connection: Connection, first_date: date, last_date: date) -> Ledger:
    """Status of the newest run of each stage and day."""
    runs = read_frame(connection, "core/stage_runs", first_date=first_date, last_date=last_date)
    return {(row["stage"], row["business_date"].date()): row["status"] for row in runs.to_dict("records")}


def _check_past(end_date: date) -> None:
    """A backfill of today would hold the locks that the live runs of today need."""
    settings = current_settings()
    today = business_date_of(now(settings.clock, settings.vendor_url))
    if end_date >= today:
        raise PermanentError(
            f"A backfill runs past days only, and today is {today}; end it at {today - timedelta(days=1)} or earlier."
        )
