"""Backfill steps: which partitions would run, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd
from prefect import task

from rouxing.model.errors import PermanentError
from rouxing.warehouse.frames import read_frame
from tasks.artifacts import leave_table
from tasks.context import current_database
from tasks.options import STEP

LONGEST_DAYS = 366


@task(name="planned-partitions", **STEP)
def planned_partitions(
    start_date: date, end_date: date, stages: Sequence[str], stores: tuple[str, ...]
) -> list[dict[str, Any]]:
    """One partition a day and stage, in the order they run, with what the ledger knows of it.

    PermanentError for an empty or too long range, or a store that master data does not know.
    """
    if end_date < start_date:
        raise PermanentError(f"The last day {end_date} lies before the first day {start_date}; swap them.")
    if (end_date - start_date).days >= LONGEST_DAYS:
        raise PermanentError(f"{start_date} to {end_date} is more than {LONGEST_DAYS} days; run it in parts.")
    with current_database().connect() as connection:
        ledger = read_frame(connection, "core/stage_runs", first_date=start_date, last_date=end_date)
        unknown = read_frame(connection, "core/unknown_stores", stores=list(stores))
    if len(unknown):
        raise PermanentError(f"Master data knows no store {', '.join(unknown['store_id'])}; check the numbers.")
    status = {(row["stage"], row["business_date"].date()): row["status"] for row in ledger.to_dict("records")}
    days = [start_date + timedelta(days=offset) for offset in range((end_date - start_date).days + 1)]
    return [
        {"business_date": day, "stage": stage, "before": status.get((stage, day), "never run")}
        for day in days
        for stage in stages
    ]


@task(name="report-partitions", **STEP)
def report_partitions(partitions: list[dict[str, Any]], *, preview: bool) -> None:
    """Leaves the list of partitions for people."""
    title = "将运行的分区（仅预览）/ Partitions that would run" if preview else "已运行的分区 / Partitions run"
    leave_table("backfill-partitions", title, pd.DataFrame(partitions), "Partitions of this backfill")
