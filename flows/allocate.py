"""Allocate: stock from the distribution centres, people per half hour, capacity per slot."""

from __future__ import annotations

from prefect import flow

from flows.naming import run_name
from flows.parameters import AsOf, BusinessDate
from tasks.allocate import allocate_day, report_allocation
from tasks.context import Moment, resolve_moment, stage_run


@flow(name="allocate", flow_run_name=run_name, validate_parameters=True)
async def allocate(business_date: BusinessDate = None, as_of: AsOf = None) -> str:
    """Decide transfers, staff and slot capacities for the business date and the day after.

    Args:
        business_date: Day to plan. Leave empty for today.
        as_of: Use only what was known at this moment. Leave empty for now, or 05:30 of the business date.
    """
    return allocate_steps(resolve_moment(business_date, as_of))


def allocate_steps(moment: Moment) -> str:
    """Plans on the newest forecast of the day; returns the allocation's name."""
    with stage_run("allocate", moment) as run:
        run.result_id = allocate_day(moment)
        report_allocation(run.result_id)
    return run.result_id
