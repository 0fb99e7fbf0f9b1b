"""Learn: yesterday's plan against what happened."""

from __future__ import annotations

from prefect import flow

from flows.naming import run_name
from flows.parameters import AsOf, BusinessDate
from tasks.context import Moment, resolve_moment, stage_run
from tasks.learn import measure_outcomes


@flow(name="learn", flow_run_name=run_name, validate_parameters=True)
async def learn(business_date: BusinessDate = None, as_of: AsOf = None) -> str:
    """Measure the plan of the day before: forecast error, fill rate, wait, overload, redemptions.

    Args:
        business_date: The day after the one that is measured. Leave empty for today.
        as_of: Use only what was known at this moment. Leave empty for now, or 05:30 of the business date.
    """
    return learn_steps(resolve_moment(business_date, as_of))


def learn_steps(moment: Moment) -> str:
    """Returns the name of the plan that was measured; empty when none was in force."""
    with stage_run("learn", moment) as run:
        run.result_id, run.note = measure_outcomes(moment)
    return run.result_id
