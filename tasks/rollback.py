"""The rollback step: a new plan whose quotas are those of a former one, or the nearest that are allowed today."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from prefect import task

from rouxing.gateway.clock import now
from rouxing.model.errors import PermanentError
from rouxing.plan.approval import new_approval
from rouxing.plan.rollback import not_restored, restored_words
from rouxing.publish.approvals import inputs_of, read_plan, write_approval
from rouxing.warehouse.frames import read_frame
from tasks.context import Moment, current_database, current_settings
from tasks.guards import read_pilot
from tasks.ladder import drafted, obstacle_of
from tasks.options import STEP
from tasks.plans import Plan, plan_name, when, write_plan
from tasks.redistribute import redistribute_towards

ROLLBACK_HOURS = 12.0


@task(name="restore-plan", **STEP)
def restore_plan(moment: Moment, former_plan_id: str, by: str) -> Plan:
    """The rollback to a former plan, certified and written like any plan, and approved by who asked for it.

    Goods and people of the day's allocation stay. PermanentError when the former plan had no quotas, today has no
    allocation yet, or what comes of it would fail its certificate.
    """
    settings = current_settings()
    with current_database().connect() as connection:
        former = read_plan(connection, former_plan_id, moment.as_of)
        allocation = read_frame(connection, "allocate/newest_run", stores=moment.stores_json, **when(moment))
        in_force = read_frame(connection, "publish/plan_in_force", as_of=moment.as_of)
        pilot = read_pilot(connection, moment)
    if pd.isna(former["redistribution_id"]):
        raise PermanentError(f"{former_plan_id} cannot come back: it is a frozen plan without quotas of its own.")
    if allocation.empty:
        raise PermanentError(f"There is no allocation for {moment.label} yet; run day or allocate first.")
    allocation_id = str(allocation["allocation_id"].iloc[0])
    redistribution_id = redistribute_towards(moment, allocation_id, str(former["redistribution_id"]))
    previous = None if in_force.empty else str(in_force["plan_id"].iloc[0])
    plan = drafted(moment, "trimmed", allocation_id, redistribution_id, previous, pilot)
    if obstacle := obstacle_of(plan):
        raise PermanentError(f"The rollback to {former_plan_id} cannot be published: {obstacle}.")
    lines = {"allocation_id": allocation_id, "redistribution_id": redistribution_id, "label": "rollback"}
    plan = replace(plan, plan_id=plan_name(moment, "trimmed", lines), label="rollback")
    plan = replace(plan, rung_reason=_say(plan, former_plan_id, str(former["redistribution_id"])))
    moment_now = now(settings.clock, settings.vendor_url)
    with current_database().connect() as connection:
        write_plan(connection, plan)
        inputs = inputs_of(read_plan(connection, plan.plan_id, moment_now))
        write_approval(
            connection, new_approval(inputs, by, moment_now, ROLLBACK_HOURS), f"rollback to {former_plan_id}"
        )
    return plan


def _say(plan: Plan, former_plan_id: str, former_redistribution_id: str) -> str:
    """Which quotas could not come back, in the words that stand on the plan."""
    with current_database().connect() as connection:
        quotas = read_frame(connection, "report/quotas", redistribution_id=plan.redistribution_id)
        former = read_frame(connection, "publish/former_quotas", redistribution_id=former_redistribution_id)
    return restored_words(former_plan_id, not_restored(quotas, former))
