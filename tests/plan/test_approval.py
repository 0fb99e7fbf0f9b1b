"""Who may let a plan out: every way an approval can be void, and the limits of automatic approval."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rouxing.model.errors import PermanentError
from rouxing.plan.approval import (
    Approval,
    AutoLimits,
    PlanChange,
    PlanInputs,
    beyond_limits,
    new_approval,
    refusal,
    standing,
)

MADE = datetime(2026, 6, 18, 5, 30, tzinfo=UTC)
PLAN = PlanInputs("plan-1", MADE)
LIMITS = AutoLimits(0.3, 1000, 100_000, ("full", "rule"), ("pass", "inherited_breach"), 12.0)
CHANGE = PlanChange(0.3, 1000, 100_000)

hours = st.floats(0.01, 72, allow_nan=False)
minutes = st.integers(-5000, 5000)


def approval(after_minutes: float = 30, held_hours: float = 12) -> Approval:
    return new_approval(PLAN, "李经理", MADE + timedelta(minutes=after_minutes), held_hours)


def test_a_fresh_approval_lets_its_plan_out() -> None:
    given_at = approval()
    assert refusal(given_at, PLAN, given_at.approved_at) == ""
    assert standing([given_at], PLAN, given_at.approved_at) == (given_at, "")


VOID = {
    "is of plan-1, not of plan-2": (approval(), replace(PLAN, plan_id="plan-2"), 60),
    "was revoked": (replace(approval(), revoked_at=MADE + timedelta(minutes=40)), PLAN, 60),
    "expired at": (approval(), PLAN, 30 + 12 * 60),
    "begins only at": (approval(), PLAN, 29),
    "is older than the plan's inputs": (approval(), replace(PLAN, inputs_as_of=MADE + timedelta(minutes=1)), 60),
    "older than its inputs: plan-2 of the same day": (approval(), replace(PLAN, newer_plan_id="plan-2"), 60),
    "older than its inputs: 3 quotas have changed": (approval(), replace(PLAN, contradicted_quotas=3), 60),
}


@pytest.mark.parametrize("words", VOID)
def test_a_void_approval_is_refused_with_its_reason(words: str) -> None:
    void, plan, minute = VOID[words]
    now = MADE + timedelta(minutes=minute)
    assert words in refusal(void, plan, now)
    assert standing([void], plan, now) == (None, refusal(void, plan, now))


@pytest.mark.parametrize(("by", "held"), [("", 12), ("  ", 12), ("auto", 12), ("李", 0), ("李", 73)])
def test_an_approval_needs_a_persons_name_and_an_end(by: str, held: float) -> None:
    with pytest.raises(PermanentError):
        new_approval(PLAN, by, MADE, held)


@settings(deadline=None, max_examples=50)
@given(minutes, hours, minutes, minutes)
def test_an_approval_never_holds_beyond_its_time_nor_before_its_inputs(
    approved: int, held: float, inputs: int, asked: int
) -> None:
    given_at = replace(approval(approved, held), inputs_as_of=MADE + timedelta(minutes=inputs))
    plan = replace(PLAN, inputs_as_of=given_at.inputs_as_of)
    now = MADE + timedelta(minutes=asked)
    lets_out = given_at.inputs_as_of <= given_at.approved_at <= now < given_at.expires_at
    assert (refusal(given_at, plan, now) == "") == lets_out


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(minutes, hours, st.booleans()), max_size=6), minutes, st.randoms())
def test_one_standing_approval_is_enough_whatever_the_order(
    drawn: list[tuple[int, float, bool]], asked: int, random: object
) -> None:
    now = MADE + timedelta(minutes=asked)
    approvals = [
        replace(approval(after, held), approved_by=f"P{rank}", revoked_at=MADE - timedelta(days=9) if taken else None)
        for rank, (after, held, taken) in enumerate(drawn)
    ]
    found, why = standing(approvals, PLAN, now)
    assert (found is None) == bool(why) == all(refusal(one, PLAN, now) for one in approvals)
    shuffled = list(approvals)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert standing(shuffled, PLAN, now) == (found, why)


def test_a_plan_on_its_limits_approves_itself() -> None:
    assert beyond_limits(CHANGE, "full", "pass", LIMITS) == []
    assert beyond_limits(CHANGE, "rule", "inherited_breach", LIMITS) == []


BEYOND = {
    "rung trimmed is not among full, rule": (CHANGE, "trimmed", "pass"),
    "verdict fail never approves itself": (CHANGE, "full", "fail"),
    "31.0% of the coupons move, above 30.0%": (replace(CHANGE, changed_share=0.31), "full", "pass"),
    "1,001 coupons move, above 1,000": (replace(CHANGE, moved_coupons=1001), "full", "pass"),
    "¥2,000 more face value, above ¥1,000": (replace(CHANGE, extra_cost_fen=200_000), "full", "pass"),
}


@pytest.mark.parametrize("words", BEYOND)
def test_each_limit_is_named_with_both_figures(words: str) -> None:
    change, rung, verdict = BEYOND[words]
    (said,) = beyond_limits(change, rung, verdict, LIMITS)
    zh, _, en = said.partition(" / ")
    assert en == words
    assert zh


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(["fail", "", "passed"]), st.lists(st.text(max_size=5), max_size=3))
def test_no_setting_lets_a_failing_plan_approve_itself(verdict: str, allowed: list[str]) -> None:
    assert beyond_limits(CHANGE, "full", verdict, replace(LIMITS, allowed_verdicts=(verdict, *allowed)))
