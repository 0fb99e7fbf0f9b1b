"""Writes why each changed number of a plan is what it is."""

from __future__ import annotations

from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Connection
from rouxing.warehouse.plan_reasons import made_reasons, read_plan
from tasks.context import current_settings


def write_reasons(connection: Connection, plan_id: str) -> int:
    """Writes plan.reasons of a plan that has its header already, in the caller's transaction; returns how many."""
    plan = read_plan(connection, plan_id)
    reasons = made_reasons(connection, plan, current_settings().settle_minutes)
    copy_frame(connection, "plan.reasons", reasons.assign(plan_id=plan_id))
    return len(reasons)
