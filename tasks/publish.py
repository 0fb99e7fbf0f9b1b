"""Publish steps: what a plan asks for, sent only when told to and approved, and shown to people."""

from __future__ import annotations

from prefect import task

from rouxing.gateway.client import VendorClient
from rouxing.gateway.clock import now
from rouxing.model.dates import business_date_of
from rouxing.model.errors import PermanentError
from rouxing.plan.identity import canonical_json
from rouxing.publish import outbox
from tasks.approve import waits_for
from tasks.artifacts import leave_markdown, leave_table
from tasks.context import current_database, current_settings, tell
from tasks.options import OUTSIDE, STEP
from tasks.plans import Plan
from tasks.report import write_report


@task(name="fill-outbox", **STEP)
def fill_outbox(plan: Plan) -> int:
    """Writes the plan's calls into the outbox; returns how many."""
    return outbox.fill_outbox(current_database(), plan.plan_id)


@task(name="send-outbox", **OUTSIDE)
def send_outbox(plan: Plan) -> None:
    """Sends what is pending. Refused here, whoever asks: a backfill, a day that is over, a plan nobody answers for."""
    settings = current_settings()
    if plan.moment.mode != "live" or not plan.is_published:
        raise PermanentError(f"Plan {plan.plan_id} is not published; its calls are never sent.")
    today = business_date_of(now(settings.clock, settings.vendor_url))
    if plan.moment.business_date < today:
        raise PermanentError(f"Plan {plan.plan_id} is for {plan.moment.label}, which is over; plan {today} instead.")
    if waiting := waits_for(plan):
        raise PermanentError(f"Plan {plan.plan_id} is not sent: {waiting}.")
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
def report_plan(plan: Plan, *, state: str) -> str:
    """Writes the plan's page and leaves certificate, differences and calls for people; returns the page's path.

    ``state``: what became of the calls, in words.
    """
    path = str(write_report(plan.plan_id))
    calls = outbox.planned_calls(current_database(), plan.plan_id)
    leave_markdown("publish-plan", "\n".join(_summary(plan, len(calls), state, path)), "The plan")
    leave_table("publish-differences", "变化 / What changes", plan.differences, "Against the plan in force")
    failed = plan.checks[plan.checks["verdict"] != "pass"]
    leave_table("publish-breaches", "未通过的检查 / Limits not kept", failed, "Limits already broken before the plan")
    shown = calls.assign(body=calls["body"].map(canonical_json))[["request_number", "channel", "body"]]
    leave_table("publish-calls", "调用 / Calls", shown, "Calls that are sent, or would be")
    tell("publish", "report", 1.0)
    return path


def _summary(plan: Plan, calls: int, state: str, path: str) -> list[str]:
    verdict = plan.certificate
    cost = plan.fallback_cost_fen
    return [
        f"### 计划 {plan.plan_id} / Plan",
        f"- 级别 / Rung: **{plan.rung}** {plan.label} {plan.rung_reason}",
        f"- 证书 / Certificate: **{verdict.verdict}**, {verdict.passed}/{verdict.total}"
        if plan.rung != "freeze"
        else f"- 维持不变 / Nothing changes: {plan.previous_plan_id} stays in force",
        *([] if cost is None else [f"- 降级代价 / Cost of the fallback: at most ¥{cost / 100:,.0f}"]),
        f"- 调用 / Calls: {calls} ({state})",
        f"- 报告 / Report: `{path}`",
    ]
