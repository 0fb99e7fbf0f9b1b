"""A named plan with its verdict, as the publish steps hand it on, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import pandas as pd

from rouxing.model.errors import PermanentError
from rouxing.plan.certificate import Certificate
from rouxing.plan.identity import canonical_json, code_version, identity, inputs_hash
from rouxing.plan.ladder import Rung
from rouxing.settings import PROJECT_ROOT
from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.queries import named_query
from tasks.context import Moment, current_database, current_settings
from tasks.plan_reasons import write_reasons

Label = Literal["", "rollback"]


@dataclass(frozen=True)
class Plan:
    """A named plan with its verdict; its lines are those of its allocation and redistribution.

    ``label``: rollback where it restores a former plan. ``approval_note``: why it does not approve itself; empty = it
    does. ``pilot_stores``: the stores it changes, None = all. ``fallback_cost_fen`` of `rouxing.plan.ladder`.
    """

    plan_id: str
    moment: Moment
    rung: Rung
    rung_reason: str
    allocation_id: str | None
    redistribution_id: str | None
    previous_plan_id: str | None
    certificate: Certificate
    checks: pd.DataFrame
    differences: pd.DataFrame
    label: Label = ""
    approval_note: str = ""
    pilot_id: str | None = None
    pilot_stores: tuple[str, ...] | None = None
    fallback_cost_fen: float | None = None
    seconds: float | None = None

    @property
    def is_published(self) -> bool:
        """A frozen plan publishes nothing: the plan in force stays in force."""
        return self.rung != "freeze" and self.certificate.verdict != "fail"

    @property
    def ledger_status(self) -> Literal["done", "degraded"]:
        return "done" if not self.rung_reason and (self.rung == "full" or self.label) else "degraded"


def stored_plan(plan_id: str) -> Plan:
    """A plan that was written before, with its checks and differences; PermanentError when there is none."""
    with current_database().connect() as connection:
        found = read_frame(connection, "publish/stored_plan", plan_id=plan_id)
        if found.empty:
            raise PermanentError(f"There is no plan {plan_id!r}; `rouxing plans` lists the newest.")
        checks = read_frame(connection, "report/checks", plan_id=plan_id)
        differences = read_frame(connection, "publish/stored_differences", plan_id=plan_id)
    row = found.iloc[0]
    as_of = row["as_of"].to_pydatetime()
    known_by = as_of - timedelta(minutes=current_settings().settle_minutes)
    moment = Moment(row["business_date"].date(), as_of, known_by, row["mode"], tuple(row["stores"]))
    certificate = Certificate(row["verdict"], int(row["checks_passed"]), int(row["checks_total"]))
    texts: dict[str, Any] = {name: str(row[name]) for name in ("rung_reason", "label", "approval_note")}
    optional = ("allocation_id", "redistribution_id", "previous_plan_id", "pilot_id", "fallback_cost_fen")
    rest: dict[str, Any] = {name: None if pd.isna(row[name]) else row[name] for name in optional}
    return Plan(
        plan_id=plan_id, moment=moment, rung=row["rung"], certificate=certificate, checks=checks,
        differences=differences, pilot_stores=None if row["pilot_stores"] is None else tuple(row["pilot_stores"]),
        **texts, **rest,
    )  # fmt: skip


def when(moment: Moment) -> dict[str, Any]:
    """The moment as the queries and headers name it."""
    return {"business_date": moment.business_date, "as_of": moment.as_of}


def plan_name(moment: Moment, rung: Rung, lines: dict[str, str]) -> str:
    """Name of a plan: a hash of its lines' names, its moment and rung, and the code."""
    return identity("plan", inputs_hash(lines), _parameters(moment, rung), code_version(PROJECT_ROOT))


def write_plan(connection: Connection, plan: Plan) -> None:
    """Header, checks and differences in one transaction. A backfill never takes a plan out of force."""
    known = connection.execute(named_query("publish/known_mode").encode(), {"plan_id": plan.plan_id}).fetchone()
    mode = "live" if known and known[0] == "live" else plan.moment.mode
    connection.execute(named_query("publish/forget_plan").encode(), {"plan_id": plan.plan_id})
    connection.execute(named_query("publish/insert_header").encode(), {**_header(plan), "mode": mode})
    if plan.rung == "freeze":
        return
    copy_frame(connection, "plan.checks", plan.checks.assign(plan_id=plan.plan_id))
    copy_frame(connection, "plan.differences", plan.differences.assign(plan_id=plan.plan_id))
    write_reasons(connection, plan.plan_id)


def _header(plan: Plan) -> dict[str, Any]:
    lines = {"allocation_id": plan.allocation_id, "redistribution_id": plan.redistribution_id}
    same = ("plan_id", "rung", "rung_reason", "previous_plan_id", "is_published", "label", "approval_note", "pilot_id")
    return {
        **when(plan.moment),
        **lines,
        **{name: getattr(plan, name) for name in (*same, "fallback_cost_fen", "seconds")},
        "pilot_stores": None if plan.pilot_stores is None else [store for store in plan.pilot_stores if store],
        "inputs_hash": inputs_hash({name: value or "" for name, value in lines.items()}),
        "parameters": canonical_json(_parameters(plan.moment, plan.rung)),
        "code_version": code_version(PROJECT_ROOT),
        "verdict": plan.certificate.verdict,
        "checks_passed": plan.certificate.passed,
        "checks_total": plan.certificate.total,
    }


def _parameters(moment: Moment, rung: Rung) -> dict[str, Any]:
    return {**when(moment), "rung": rung, "stores": list(moment.stores)}
