"""Approvals of plans in the database: who answers for a plan, and whether that still holds."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pandas as pd

from rouxing.model.errors import PermanentError
from rouxing.plan.approval import AUTOMATIC, Approval, AutoLimits, PlanChange, PlanInputs, beyond_limits, standing
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.queries import named_query


def read_plan(connection: Connection, plan_id: str, now: datetime) -> dict[Any, Any]:
    """A plan's header with what has become of its inputs by now; PermanentError when there is no such plan."""
    found = read_frame(connection, "publish/plan_inputs", plan_id=plan_id, now=now)
    if found.empty:
        raise PermanentError(f"There is no plan {plan_id!r}; `rouxing plans` lists the newest.")
    return found.iloc[0].to_dict()


def inputs_of(plan: dict[Any, Any]) -> PlanInputs:
    """What `read_plan` found, as the rules of approval want it."""
    return PlanInputs(
        str(plan["plan_id"]),
        plan["inputs_as_of"].to_pydatetime(),
        str(plan["newer_plan_id"]),
        int(plan["contradicted_quotas"]),
    )


def standing_approval(connection: Connection, plan_id: str, now: datetime) -> tuple[Approval | None, str]:
    """The approval that lets a plan out now, or None and why there is none."""
    plan = inputs_of(read_plan(connection, plan_id, now))
    rows = read_frame(connection, "publish/approvals", plan_id=plan_id)
    return standing([_approval(row) for row in rows.to_dict("records")], plan, now)


def write_approval(connection: Connection, approval: Approval, note: str = "") -> None:
    """Writes an approval; the same one again changes nothing."""
    named = f"{approval.plan_id} {approval.approved_by} {approval.approved_at.timestamp()}"
    connection.execute(
        named_query("publish/insert_approval").encode(),
        {
            **{name: value for name, value in asdict(approval).items() if name != "revoked_at"},
            "approval_id": f"approval-{sha256(named.encode()).hexdigest()[:16]}",
            "note": note,
            "is_automatic": approval.approved_by == AUTOMATIC,
        },
    )


def automatic_note(
    connection: Connection, redistribution_id: str, known_by: datetime, as_of: datetime, rung: str, verdict: str
) -> str:
    """Why a plan does not approve itself, each limit it is beyond in words; empty = it does."""
    change = read_frame(connection, "publish/plan_change", redistribution_id=redistribution_id, known_by=known_by).iloc[
        0
    ]
    moved = PlanChange(float(change["changed_share"]), int(change["moved_coupons"]), int(change["extra_cost_fen"]))
    return "; ".join(beyond_limits(moved, rung, verdict, auto_limits(connection, as_of)))


def automatic_approval(connection: Connection, plan_id: str, as_of: datetime) -> Approval:
    """The approval that a plan within the limits of its moment gives itself."""
    valid = timedelta(hours=auto_limits(connection, as_of).valid_hours)
    return Approval(plan_id, AUTOMATIC, as_of, as_of + valid, as_of)


def auto_limits(connection: Connection, now: datetime) -> AutoLimits:
    """Limits of automatic approval that hold at a moment; nothing approves itself where nobody has set any."""
    found = read_frame(connection, "publish/auto_limits", now=now)
    if found.empty:
        return AutoLimits(0.0, 0, 0, (), (), 1.0)
    row = found.iloc[0]
    return AutoLimits(
        float(row["max_changed_share"]),
        int(row["max_moved_coupons"]),
        int(row["max_extra_cost_fen"]),
        tuple(row["allowed_rungs"]),
        tuple(row["allowed_verdicts"]),
        float(row["valid_hours"]),
    )


def _approval(row: dict[Any, Any]) -> Approval:
    revoked = row["revoked_at"]
    moments = {name: row[name].to_pydatetime() for name in ("approved_at", "expires_at", "inputs_as_of")}
    return Approval(
        plan_id=str(row["plan_id"]),
        approved_by=str(row["approved_by"]),
        revoked_at=None if pd.isna(revoked) else revoked.to_pydatetime(),
        **moments,
    )
