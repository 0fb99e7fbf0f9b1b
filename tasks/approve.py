"""The approval step: a plan within the limits of operations approves itself, any other waits for a name."""

from __future__ import annotations

from prefect import task

from rouxing.gateway.clock import now
from rouxing.publish.approvals import automatic_approval, standing_approval, write_approval
from tasks.context import current_database, current_settings
from tasks.options import STEP
from tasks.plans import Plan


@task(name="approve-plan", **STEP)
def approve_plan(plan: Plan) -> None:
    """Writes the approval that a live, published plan within the limits gives itself; nothing for any other."""
    if plan.moment.mode != "live" or not plan.is_published or plan.approval_note or plan.label:
        return
    with current_database().connect() as connection:
        write_approval(connection, automatic_approval(connection, plan.plan_id, plan.moment.as_of))


def waits_for(plan: Plan) -> str:
    """Why the plan may not be sent now, in words that say what to do; empty = an approval stands."""
    settings = current_settings()
    with current_database().connect() as connection:
        approval, why = standing_approval(connection, plan.plan_id, now(settings.clock, settings.vendor_url))
    if approval is not None:
        return ""
    return f"awaiting approval: {plan.approval_note or why}; approve it with `rouxing approve {plan.plan_id} --by NAME`"
