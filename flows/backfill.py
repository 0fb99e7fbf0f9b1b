"""Backfill: any stages over a range of days, for all stores or some. Never in force, never sent."""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.allocate import allocate_steps
from flows.forecast import forecast_steps
from flows.ingest import ingest_steps
from flows.learn import learn_steps
from flows.naming import backfill_name
from flows.parameters import STAGES, EndDate, Preview, Stage, StageList, StartDate, StoreIds
from flows.publish import publish_steps
from flows.redistribute import redistribute_steps
from flows.validate import validate_steps
from tasks.backfill import planned_partitions, report_partitions
from tasks.context import resolve_moment, tell
from tasks.runner import settings_task_runner

STEPS: dict[Stage, Any] = {
    "ingest": ingest_steps,
    "validate": validate_steps,
    "forecast": forecast_steps,
    "allocate": allocate_steps,
    "redistribute": redistribute_steps,
    "publish": publish_steps,
    "learn": learn_steps,
}


@flow(
    name="backfill",
    flow_run_name=backfill_name,
    validate_parameters=True,
    task_runner=settings_task_runner(),
)
async def backfill(
    start_date: StartDate,
    end_date: EndDate,
    stages: StageList = list(STAGES),  # noqa: B006 - the form shows the default; it is never changed
    stores: StoreIds = None,
    preview: Preview = True,
) -> list[dict[str, Any]]:
    """Run stages again for past days, each day as of its own planning time.

    A plan that a backfill makes is never in force, and nothing leaves the machine.

    Args:
        start_date: First business day.
        end_date: Last business day, included.
        stages: Stages to run, in the order of the house.
        stores: Store numbers to decide for, e.g. S012. Leave empty for all.
        preview: On (default): only list the partitions that would run. Off: run them.
    """
    ordered = [stage for stage in STAGES if stage in stages]
    partitions = planned_partitions(start_date, end_date, ordered, tuple(stores or ()))
    if preview:
        return report_partitions(partitions, None)
    tried = 0
    try:
        for partition in partitions:
            tell("backfill", "partitions", tried / len(partitions))
            tried += 1
            moment = resolve_moment(partition["business_date"], None, mode="backfill", stores=tuple(stores or ()))
            STEPS[partition["stage"]](moment)
        tell("backfill", "partitions", 1.0)
    except Exception:
        report_partitions(partitions, tried)
        raise
    return report_partitions(partitions, tried)
