"""Redistribute: coupon quotas for the rest of today and for tomorrow."""

from __future__ import annotations

from prefect import flow

from flows.naming import run_name
from flows.parameters import AsOf, BusinessDate, Send, ThenPublish
from flows.publish import publish_steps
from rouxing.model.errors import PermanentError
from tasks.context import Moment, resolve_moment, stage_run
from tasks.forecast_today import forecast_today
from tasks.plan import is_first_of_day, settle_jointly
from tasks.redistribute import redistribute_day, report_redistribution


@flow(name="redistribute", flow_run_name=run_name, validate_parameters=True)
async def redistribute(
    business_date: BusinessDate = None, as_of: AsOf = None, then_publish: ThenPublish = False, send: Send = False
) -> str:
    """Move coupon quotas to where stores can keep what they promise.

    Args:
        business_date: Day whose remaining quotas are decided, with the day after. Leave empty for today.
        as_of: Use only what was known at this moment. Leave empty for now, or 05:30 of the business date.
        then_publish: Certify and publish the result at once, as the runs during the day do.
        send: With then_publish, send the calls. Off is a dry run.
    """
    if send and not then_publish:
        raise PermanentError("Only a published plan can be sent: switch 'Then publish' on too, or 'Send' off.")
    moment = resolve_moment(business_date, as_of)
    # A rest of the day that could not be updated stands as a failed task; the quotas move all the same.
    forecast_today(moment, return_state=True)
    try:
        name = redistribute_steps(moment)
    except Exception:
        # The ledger knows that this stage failed, so publish takes a safer rung; the run stands as failed all the same.
        if then_publish:
            publish_steps(moment, send=send)
        raise
    if then_publish and name:
        publish_steps(moment, send=send)
    return name


def redistribute_steps(moment: Moment) -> str:
    """The day's first plan decides stock, people and quotas together; the runs after it move quotas only.

    Returns the redistribution's name, empty without an allocation of the day.
    """
    with stage_run("redistribute", moment) as run:
        run.result_id = settle_jointly(moment) if is_first_of_day(moment) else redistribute_day(moment)
        if not run.result_id:
            # The runs of every five minutes begin before the day's first plan is there.
            run.status, run.note = "degraded", f"no allocation for {moment.label} yet; run day or allocate first"
            return ""
        report_redistribution(run.result_id)
    return run.result_id
