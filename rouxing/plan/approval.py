"""Whether a plan may leave the house: a name that answers for it, or the limits within which it answers for itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rouxing.model.dates import SHANGHAI
from rouxing.model.errors import PermanentError

AUTOMATIC = "auto"
LONGEST_HOURS = 72.0


@dataclass(frozen=True, slots=True)
class Approval:
    """A name that answers for a plan from ``approved_at`` until ``expires_at``, having seen inputs of a moment."""

    plan_id: str
    approved_by: str
    approved_at: datetime
    expires_at: datetime
    inputs_as_of: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """What has become of a plan's inputs.

    ``newer_plan_id``: a certified plan of the same day on newer inputs; empty = none. ``contradicted_quotas``: quotas
    that the vendor has changed since to what is neither the number before nor the planned one, or of which more is
    issued than planned.
    """

    plan_id: str
    inputs_as_of: datetime
    newer_plan_id: str = ""
    contradicted_quotas: int = 0


@dataclass(frozen=True, slots=True)
class AutoLimits:
    """Within which a plan approves itself; set by operations, see ``plan.auto_approval``.

    ``max_changed_share``: coupons moved over coupons promised before. ``max_moved_coupons``: coupons moved, up and
    down. ``max_extra_cost_fen``: face value of the coupons promised above those before.
    """

    max_changed_share: float
    max_moved_coupons: int
    max_extra_cost_fen: int
    allowed_rungs: tuple[str, ...]
    allowed_verdicts: tuple[str, ...]
    valid_hours: float


@dataclass(frozen=True, slots=True)
class PlanChange:
    """What a plan changes for customers, in the terms of `AutoLimits`."""

    changed_share: float
    moved_coupons: int
    extra_cost_fen: int


def new_approval(plan: PlanInputs, approved_by: str, now: datetime, hours: float) -> Approval:
    """An approval of the plan from now on; PermanentError without a name or for more than three days."""
    if not approved_by.strip() or approved_by.strip().lower() == AUTOMATIC:
        raise PermanentError("An approval needs the name of a person: --by NAME.")
    if not 0 < hours <= LONGEST_HOURS:
        raise PermanentError(f"An approval holds more than 0 and at most {LONGEST_HOURS:g} hours, not {hours:g}.")
    return Approval(plan.plan_id, approved_by.strip(), now, now + timedelta(hours=hours), plan.inputs_as_of)


def refusal(approval: Approval, plan: PlanInputs, now: datetime) -> str:
    """Why an approval does not let the plan out at this moment; empty = it does."""
    who = f"the approval of {plan.plan_id} by {approval.approved_by}"
    if approval.plan_id != plan.plan_id:
        return f"the approval by {approval.approved_by} is of {approval.plan_id}, not of {plan.plan_id}"
    if approval.revoked_at is not None and approval.revoked_at <= now:
        return f"{who} was revoked at {_clock(approval.revoked_at)}"
    if approval.expires_at <= now:
        return f"{who} expired at {_clock(approval.expires_at)}"
    if approval.approved_at > now:
        return f"{who} begins only at {_clock(approval.approved_at)}"
    if approval.approved_at < approval.inputs_as_of or approval.inputs_as_of < plan.inputs_as_of:
        return f"{who} is older than the plan's inputs of {_clock(plan.inputs_as_of)}"
    return _outdated(plan, who)


def _outdated(plan: PlanInputs, who: str) -> str:
    if plan.newer_plan_id:
        return f"{who} is older than its inputs: {plan.newer_plan_id} of the same day rests on newer ones"
    if plan.contradicted_quotas:
        return f"{who} is older than its inputs: {plan.contradicted_quotas} quotas have changed at the vendor since"
    return ""


def standing(approvals: Iterable[Approval], plan: PlanInputs, now: datetime) -> tuple[Approval | None, str]:
    """The approval that lets the plan out now, or None and why the newest one does not."""
    ordered = sorted(approvals, key=lambda approval: (approval.approved_at, approval.approved_by), reverse=True)
    reasons = [refusal(approval, plan, now) for approval in ordered]
    for approval, reason in zip(ordered, reasons, strict=True):
        if not reason:
            return approval, ""
    return None, reasons[0] if reasons else f"nobody has approved {plan.plan_id}"


def beyond_limits(change: PlanChange, rung: str, verdict: str, limits: AutoLimits) -> Sequence[str]:
    """Each limit of automatic approval that the plan is beyond, "Chinese / English" with figures; empty = within all.

    A verdict other than pass or inherited_breach is beyond every limit, whatever operations allow.
    """
    allowed = sorted(set(limits.allowed_verdicts) & {"pass", "inherited_breach"})
    moved, most = change.moved_coupons, limits.max_moved_coupons
    share, widest = change.changed_share, limits.max_changed_share
    cost, dearest = change.extra_cost_fen / 100, limits.max_extra_cost_fen / 100
    rungs = ", ".join(limits.allowed_rungs) or "none"
    rules = [
        (rung not in limits.allowed_rungs, f"级别 {rung} 不在 {rungs} 之内 / rung {rung} is not among {rungs}"),
        (verdict not in allowed, f"校验结论 {verdict} 不可自动批准 / verdict {verdict} never approves itself"),
        (
            share > widest,
            f"额度调整幅度 {share:.1%}，超过 {widest:.1%} / {share:.1%} of the coupons move, above {widest:.1%}",
        ),
        (moved > most, f"共调整 {moved:,} 张，超过 {most:,} 张 / {moved:,} coupons move, above {most:,}"),
        (
            cost > dearest,
            f"面额增加 {cost:,.0f} 元，超过 {dearest:,.0f} 元 / ¥{cost:,.0f} more face value, above ¥{dearest:,.0f}",
        ),
    ]
    return [words for is_beyond, words in rules if is_beyond]


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
