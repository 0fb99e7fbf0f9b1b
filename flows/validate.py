"""Validate: landed batches pass, or go to quarantine with the reason, or stop their source."""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.naming import run_name
from flows.parameters import AsOf, BusinessDate, RetryStopped
from tasks.context import Moment, resolve_moment, stage_run
from tasks.ingest import SOURCES
from tasks.validate import admit_source, report_quality


@flow(name="validate", flow_run_name=run_name, validate_parameters=True)
async def validate(
    business_date: BusinessDate = None, as_of: AsOf = None, retry_stopped: RetryStopped = False
) -> list[dict[str, Any]]:
    """Check every landed batch against its feed's suite; good rows go to core, bad ones to quarantine.

    Rows read = loaded + unchanged + quarantined holds for each batch, or the batch is not admitted.

    Args:
        business_date: Day the report is for. Leave empty for today.
        as_of: Moment the report is for. Leave empty for now, or 05:30 of the business date.
        retry_stopped: Judge stopped batches again too, once what was wrong is mended.
    """
    return validate_steps(resolve_moment(business_date, as_of), retry_stopped=retry_stopped)


def validate_steps(moment: Moment, *, retry_stopped: bool = False) -> list[dict[str, Any]]:
    """Judges each source on its own, so that a broken one stops no other."""
    with stage_run("validate", moment) as run:
        judged = [result for source in SOURCES for result in admit_source(moment, source, retry_stopped)]
        run.status, run.note = report_quality(moment)
    return judged
