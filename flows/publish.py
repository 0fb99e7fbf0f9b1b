"""Publish: a named plan with its certificate, its report, and the calls it asks for."""

from __future__ import annotations

from prefect import flow

from flows.naming import run_name
from flows.parameters import AsOf, BusinessDate, Send
from tasks.context import Moment, resolve_moment, stage_run
from tasks.publish import certify_plan, fill_outbox, report_plan, send_outbox


@flow(name="publish", flow_run_name=run_name, validate_parameters=True)
async def publish(business_date: BusinessDate = None, as_of: AsOf = None, send: Send = False) -> str:
    """Certify the newest draft, name it, write its report and its calls; send them only when told to.

    Args:
        business_date: Day the plan is for. Leave empty for today.
        as_of: Moment the plan is made. Leave empty for now, or 05:30 of the business date.
        send: Off (default): a dry run that shows the calls. On: send them to WeChat, WMS and the stores.
    """
    return publish_steps(resolve_moment(business_date, as_of), send=send)


def publish_steps(moment: Moment, *, send: bool = False) -> str:
    """Takes the safest rung of the ladder that holds; returns the plan's name. A backfill never sends."""
    with stage_run("publish", moment) as run:
        plan = certify_plan(moment)
        run.result_id, run.status, run.note = plan.plan_id, plan.ledger_status, plan.rung_reason
        sends = send and moment.mode == "live" and plan.is_published
        try:
            if sends:
                fill_outbox(plan)
                send_outbox(plan)
        except Exception:
            report_plan(plan, sent=sends)
            raise
        report_plan(plan, sent=sends)
    return run.result_id
