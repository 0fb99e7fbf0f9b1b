"""Publish steps: certify on the safest rung that holds, name, explain, and send only when told to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
from prefect import task

from rouxing.gateway.client import VendorClient
from rouxing.gateway.clock import now
from rouxing.model.dates import business_date_of
from rouxing.model.errors import PermanentError
from rouxing.plan.certificate import Certificate, judge_checks
from rouxing.plan.identity import canonical_json, code_version, identity, inputs_hash
from rouxing.plan.ladder import Rung, Trouble, first_rung, reason
from rouxing.publish import outbox
from rouxing.settings import PROJECT_ROOT
from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.queries import named_query
from tasks.artifacts import leave_markdown, leave_table
from tasks.certify import read_certificate
from tasks.context import Moment, current_database, current_settings, tell
from tasks.options import OUTSIDE, STEP
from tasks.redistribute import redistribute_by_rule
from tasks.report import write_report


@dataclass(frozen=True)
class Plan:
    """A named plan with its verdict; its lines are those of its allocation and redistribution."""

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

    @property
    def is_published(self) -> bool:
        """A frozen plan publishes nothing: the plan in force stays in force."""
        return self.rung != "freeze" and self.certificate.verdict != "fail"

    @property
    def ledger_status(self) -> Literal["done", "degraded"]:
        return "done" if self.rung == "full" and not self.rung_reason else "degraded"


@task(name="certify-plan", **STEP)
def certify_plan(moment: Moment) -> Plan:
    """The plan on the best rung whose certificate holds, written with its checks and differences.

    PermanentError when there is neither a draft nor a plan in force to stay with.
    """
    tell("publish", "certificate", 0.1)
    database = current_database()
    with database.connect() as connection:
        scope = {**_when(moment), "stores": moment.stores_json}
        draft = _first_row(read_frame(connection, "publish/newest_draft", **scope))
        allocation = _first_row(read_frame(connection, "allocate/newest_run", **scope))
        in_force = _first_row(read_frame(connection, "publish/plan_in_force", as_of=moment.as_of))
        found = read_frame(connection, "publish/stage_troubles", mode=moment.mode, scope=moment.scope, **_when(moment))
    troubles = [Trouble(**row) for row in found.to_dict("records")]  # type: ignore[arg-type]
    rung = first_rung(troubles, has_draft=bool(draft), has_allocation=bool(allocation))
    why = reason(troubles)
    plan: Plan | None = None
    if rung == "full":
        plan = _drafted(moment, "full", why, draft["allocation_id"], draft["redistribution_id"], in_force)
    if rung == "rule" or (plan is not None and not plan.is_published):
        why = why if plan is None else "\n".join(filter(None, [why, _failure(plan)]))
        by_rule = redistribute_by_rule(moment, allocation["allocation_id"])
        plan = _drafted(moment, "rule", why, allocation["allocation_id"], by_rule, in_force)
    if plan is None or not plan.is_published:
        if not in_force:
            # The first trouble is the cause; what failed after it followed from it.
            cause = why.split("\n", 1)[0] or "run forecast, allocate and redistribute first"
            raise PermanentError(f"No plan can be made for {moment.label} and none is in force: {cause}")
        why = why if plan is None else "\n".join(filter(None, [why, _failure(plan)]))
        plan = _frozen(moment, why, in_force)
    with database.connect() as connection:
        _write(connection, plan)
    tell("publish", "certificate", 1.0)
    return plan


@task(name="fill-outbox", **STEP)
def fill_outbox(plan: Plan) -> int:
    """Writes the plan's calls into the outbox; returns how many."""
    return outbox.fill_outbox(current_database(), plan.plan_id)


@task(name="send-outbox", **OUTSIDE)
def send_outbox(plan: Plan) -> None:
    """Sends what is pending. A plan of a backfill or of a day that is over is refused here, whoever asks."""
    settings = current_settings()
    if plan.moment.mode != "live" or not plan.is_published:
        raise PermanentError(f"Plan {plan.plan_id} is not published; its calls are never sent.")
    today = business_date_of(now(settings.clock, settings.vendor_url))
    if plan.moment.business_date < today:
        raise PermanentError(f"Plan {plan.plan_id} is for {plan.moment.label}, which is over; plan {today} instead.")
    with VendorClient(settings.vendor_url) as client:
        delivery = outbox.send_pending(current_database(), client, plan.plan_id)
    if delivery.refused:
        leave_markdown(
            "publish-refused", f"{delivery.refused} 个调用被拒绝 / calls refused; see ops.outbox", "Refused calls"
        )


@task(name="report-after-learning", **STEP)
def report_after_learning(plan_id: str) -> str:
    """Writes the plan's page once more, now with what was learned of the day before; returns its path."""
    return str(write_report(plan_id))


@task(name="report-plan", **STEP)
def report_plan(plan: Plan, *, sent: bool) -> str:
    """Writes the plan's page and leaves certificate, differences and calls for people; returns the page's path."""
    path = str(write_report(plan.plan_id))
    verdict = plan.certificate
    calls = outbox.planned_calls(current_database(), plan.plan_id)
    summary = [
        f"### 计划 {plan.plan_id} / Plan",
        f"- 级别 / Rung: **{plan.rung}** {plan.rung_reason}",
        f"- 证书 / Certificate: **{verdict.verdict}**, {verdict.passed}/{verdict.total}"
        if plan.rung != "freeze"
        else f"- 维持不变 / Nothing changes: {plan.previous_plan_id} stays in force",
        f"- 调用 / Calls: {len(calls)} ({'已发送 sent' if sent else '未发送，仅演练 dry run'})",
        f"- 报告 / Report: `{path}`",
    ]
    leave_markdown("publish-plan", "\n".join(summary), "The plan")
    leave_table("publish-differences", "变化 / What changes", plan.differences, "Against the plan in force")
    failed = plan.checks[plan.checks["verdict"] != "pass"]
    leave_table("publish-breaches", "未通过的检查 / Limits not kept", failed, "Limits already broken before the plan")
    shown = calls.assign(body=calls["body"].map(canonical_json))[["request_number", "channel", "body"]]
    leave_table("publish-calls", "调用 / Calls", shown, "Calls that are sent, or would be")
    tell("publish", "report", 1.0)
    return path


def _when(moment: Moment) -> dict[str, Any]:
    return {"business_date": moment.business_date, "as_of": moment.as_of}


def _first_row(frame: pd.DataFrame) -> dict[Any, Any]:
    return frame.iloc[0].to_dict() if len(frame) else {}


def _drafted(
    moment: Moment, rung: Rung, why: str, allocation_id: str, redistribution_id: str, in_force: dict[Any, Any]
) -> Plan:
    lines = {"allocation_id": allocation_id, "redistribution_id": redistribution_id}
    previous = in_force.get("plan_id")
    settle_minutes = current_settings().settle_minutes
    with current_database().connect() as connection:
        checks = read_certificate(connection, known_by=moment.known_by, settle_minutes=settle_minutes, **lines)
        differences = read_frame(connection, "publish/differences", previous_plan_id=previous, **lines)
    return Plan(
        _plan_id(moment, rung, lines), moment, rung, why, allocation_id, redistribution_id, previous,
        judge_checks(checks), checks, differences,
    )  # fmt: skip


def _frozen(moment: Moment, why: str, in_force: dict[Any, Any]) -> Plan:
    previous = str(in_force["plan_id"])
    plan_id = _plan_id(moment, "freeze", {"previous_plan_id": previous})
    empty = pd.DataFrame({"check_name": [], "subject": [], "verdict": []})
    return Plan(plan_id, moment, "freeze", why, None, None, previous, Certificate("pass", 0, 0), empty, empty)


def _plan_id(moment: Moment, rung: Rung, lines: dict[str, str]) -> str:
    return identity("plan", inputs_hash(lines), _parameters(moment, rung), code_version(PROJECT_ROOT))


def _parameters(moment: Moment, rung: Rung) -> dict[str, Any]:
    return {**_when(moment), "rung": rung, "stores": list(moment.stores)}


def _failure(plan: Plan) -> str:
    failed = plan.checks[plan.checks["verdict"] == "fail"]
    names = ", ".join(f"{name} ({count})" for name, count in failed["check_name"].value_counts().items())
    return f"{plan.rung} plan fails its certificate: {names}"


def _write(connection: Connection, plan: Plan) -> None:
    """Header, checks and differences in one transaction. A backfill never takes a plan out of force."""
    known = connection.execute(named_query("publish/known_mode").encode(), {"plan_id": plan.plan_id}).fetchone()
    mode = "live" if known and known[0] == "live" else plan.moment.mode
    lines = {"allocation_id": plan.allocation_id, "redistribution_id": plan.redistribution_id}
    connection.execute(named_query("publish/forget_plan").encode(), {"plan_id": plan.plan_id})
    connection.execute(
        named_query("publish/insert_header").encode(),
        {
            **_when(plan.moment),
            **lines,
            "plan_id": plan.plan_id,
            "mode": mode,
            "rung": plan.rung,
            "rung_reason": plan.rung_reason,
            "inputs_hash": inputs_hash({name: value or "" for name, value in lines.items()}),
            "parameters": canonical_json(_parameters(plan.moment, plan.rung)),
            "code_version": code_version(PROJECT_ROOT),
            "previous_plan_id": plan.previous_plan_id,
            "verdict": plan.certificate.verdict,
            "checks_passed": plan.certificate.passed,
            "checks_total": plan.certificate.total,
            "is_published": plan.is_published,
        },
    )
    if plan.rung == "freeze":
        return
    copy_frame(connection, "plan.checks", plan.checks.assign(plan_id=plan.plan_id))
    copy_frame(connection, "plan.differences", plan.differences.assign(plan_id=plan.plan_id))
