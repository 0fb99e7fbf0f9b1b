"""Ingest: every vendor feed forward from its watermark, as raw batches."""

from __future__ import annotations

from threading import Event
from typing import Any

from prefect import flow
from prefect.futures import wait
from prefect.task_runners import ThreadPoolTaskRunner

from flows.naming import run_name
from flows.parameters import AsOf, BusinessDate, Sources, ThenValidate
from flows.validate import validate_steps
from tasks.context import Moment, resolve_moment, stage_run
from tasks.ingest import SOURCES, land_source, report_landing


@flow(
    name="ingest",
    flow_run_name=run_name,
    validate_parameters=True,
    task_runner=ThreadPoolTaskRunner(max_workers=len(SOURCES)),  # type: ignore[arg-type]
)
async def ingest(
    business_date: BusinessDate = None,
    as_of: AsOf = None,
    sources: Sources = None,
    then_validate: ThenValidate = False,
) -> list[dict[str, Any]]:
    """Read the vendors' feeds forward from where the last run ended, into landing.

    Repeat-safe: a run that is started twice, or killed and started again, lands each window once.

    Args:
        business_date: Day to read up to its planning time. Leave empty for today.
        as_of: Read up to this moment. Leave empty for now, or 05:30 of the business date.
        sources: Sources to read. Leave empty for all.
        then_validate: Judge what was read at once, as the runs during the day do.
    """
    moment = resolve_moment(business_date, as_of)
    landed = ingest_steps(moment, sources)
    if then_validate:
        validate_steps(moment)
    return landed


def ingest_steps(moment: Moment, sources: Sources = None) -> list[dict[str, Any]]:
    """Lands each source on its own, so that one that is down stops no other."""
    with stage_run("ingest", moment) as run:
        stop = Event()
        try:
            futures = {source: land_source.submit(moment, source, stop) for source in sources or SOURCES}
            wait(list(futures.values()))
        except BaseException:
            # A stopped run would wait for its threads, and a first load takes long.
            stop.set()
            raise
        outcomes = {source: future.result(raise_on_failure=False) for source, future in futures.items()}
        landed, run.status, run.note = report_landing(outcomes)
    return landed
