"""Publish: a named plan with its certificate, its report, and the calls it asks for."""

from __future__ import annotations

from prefect import flow

from flows.naming import run_name
from flows.parameters import AsOf, BusinessDate, FormerPlanId, PlanId, RollbackBy, Send
from rouxing.model.errors import PermanentError
from tasks.approve import approve_plan, waits_for
from tasks.context import Moment, StageRun, resolve_moment, stage_run
from tasks.ladder import certify_plan
from tasks.plans import Plan, stored_plan
from tasks.publish import fill_outbox, report_plan, send_outbox
from tasks.rollback import restore_plan

SENT, WAITING, DRY = "已发送 sent", "等待批准，未发送 awaiting approval, not sent", "未发送，仅演练 dry run"


@flow(name="publish", flow_run_name=run_name, validate_parameters=True)
async def publish(
    business_date: BusinessDate = None,
    as_of: AsOf = None,
    send: Send = False,
    plan_id: PlanId = "",
    roll_back_to: FormerPlanId = "",
    by: RollbackBy = "",
) -> str:
    """Certify the newest draft, name it, write its report and its calls; send them only when told to and approved.

    Args:
        business_date: Day the plan is for. Leave empty for today.
        as_of: Moment the plan is made. Leave empty for now, or 05:30 of the business date.
        send: Off (default): a dry run that shows the calls. On: send them to WeChat, WMS and the stores.
        plan_id: A plan made before, e.g. one that has been approved since. Leave empty to make one.
        roll_back_to: Former plan whose quotas come back, as far as today's limits allow. Leave empty for a new plan.
        by: Who rolls back and answers for it.
    """
    if plan_id:
        return stored_steps(plan_id, send=send)
    moment = resolve_moment(business_date, as_of)
    if roll_back_to:
        return rollback_steps(moment, roll_back_to, by, send=send)
    return publish_steps(moment, send=send)


def publish_steps(moment: Moment, *, send: bool = False) -> str:
    """Takes the safest rung of the ladder that holds; returns the plan's name. A backfill never sends."""
    with stage_run("publish", moment) as run:
        plan = certify_plan(moment)
        approve_plan(plan)
        _deliver(plan, run, send=send)
    return run.result_id


def stored_steps(plan_id: str, *, send: bool = False) -> str:
    """Sends a plan that was made before, if somebody answers for it by now; returns its name."""
    plan = stored_plan(plan_id)
    with stage_run("publish", plan.moment) as run:
        _deliver(plan, run, send=send)
    return plan_id


def rollback_steps(moment: Moment, former_plan_id: str, by: str, *, send: bool = False) -> str:
    """A new plan with the quotas of a former one, or the nearest that today's limits allow; returns its name."""
    if not by.strip():
        raise PermanentError("A rollback needs the name of a person: --by NAME (parameter 'by').")
    with stage_run("publish", moment) as run:
        _deliver(restore_plan(moment, former_plan_id, by), run, send=send)
    return run.result_id


def _deliver(plan: Plan, run: StageRun, *, send: bool) -> None:
    """Calls into the outbox where the plan is to be sent, and out of it where somebody answers for it; then reports."""
    run.result_id, run.status, run.note = plan.plan_id, plan.ledger_status, plan.rung_reason
    asks = send and plan.moment.mode == "live" and plan.is_published
    waiting = waits_for(plan) if asks else ""
    state = DRY if not asks else WAITING if waiting else SENT
    if waiting:
        run.status, run.note = "degraded", "\n".join(filter(None, [plan.rung_reason, waiting]))
    try:
        if asks:
            fill_outbox(plan)
        if asks and not waiting:
            send_outbox(plan)
    finally:
        report_plan(plan, state=state)
