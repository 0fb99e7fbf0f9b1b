"""The ladder on the small world: what stands in the way of a rung, which one is taken, what it says and costs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from rouxing.plan.guards import predicted
from rouxing.warehouse.database import Database
from rouxing.warehouse.frames import read_frame
from tests.plan.world import DAY
from tests.publish.conftest import certified, moment_of_day, run

FAILED = (
    "insert into ops.stage_runs (stage, business_date, as_of, mode, status, note)"
    " values ('redistribute', %s, %s, 'live', 'failed', 'no solution')"
)


def test_a_sound_draft_is_the_full_plan(drafted: Database) -> None:
    plan = certified()
    assert (plan.rung, plan.certificate.verdict, plan.rung_reason, plan.fallback_cost_fen) == ("full", "pass", "", None)
    assert plan.is_published
    assert run(drafted, "select rung, seconds > 0, label from plan.headers") == [("full", True, "")]


def test_without_a_last_good_plan_a_failing_solver_leads_to_the_rule(drafted: Database) -> None:
    run(drafted, FAILED, DAY, moment_of_day().as_of)
    plan = certified()
    assert (plan.rung, plan.is_published) == ("rule", True)
    assert plan.rung_reason == "redistribute failed: no solution"
    assert plan.fallback_cost_fen is not None
    assert plan.fallback_cost_fen >= 0


def test_a_failing_solver_leads_to_the_last_good_plan_trimmed(drafted: Database) -> None:
    good = certified()
    run(drafted, FAILED, DAY, moment_of_day().as_of + timedelta(minutes=30))
    plan = certified(30)
    assert (plan.rung, plan.is_published, plan.previous_plan_id) == ("trimmed", True, good.plan_id)
    quotas = "select carrier_id, quota_coupons from plan.coupon_quotas where redistribution_id = %s order by 1"
    restored = dict(run(drafted, quotas + ", business_date", plan.redistribution_id))
    assert set(restored) == {"S1", "S2"}
    assert restored["S1"] <= 26, "never above what the last good plan promised"


def test_trimmed_keeps_to_todays_limits(drafted: Database) -> None:
    certified()
    run(drafted, "update core.campaigns set daily_budget_coupons = 30")
    run(drafted, FAILED, DAY, moment_of_day().as_of + timedelta(minutes=30))
    plan = certified(30)
    assert plan.rung == "trimmed"
    total = "select sum(quota_coupons) from plan.coupon_quotas where redistribution_id = %s and business_date = %s"
    assert run(drafted, total, plan.redistribution_id, DAY)[0][0] <= 30


def test_stale_stock_makes_no_full_plan_and_says_how_old_it_is(drafted: Database) -> None:
    run(drafted, "update core.stock_levels set counted_at = counted_at - interval '3 days'")
    plan = certified()
    assert (plan.rung, plan.is_published) == ("rule", True)
    assert plan.rung_reason.startswith("allocate stale: 3 处库存中有 3 处的盘点早于 36 小时")
    assert " / stock counts of 3 of 3 locations are older than 36 hours, the oldest of " in plan.rung_reason


def test_a_fallback_that_fails_itself_leads_on_to_the_next(drafted: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    import tasks.ladder

    good = certified()

    def broken(*_: Any) -> tuple[str, str]:
        raise ZeroDivisionError("the solver\ndivided by zero")

    monkeypatch.setitem(tasks.ladder._LINES, "trimmed", broken)
    run(drafted, FAILED, DAY, moment_of_day().as_of + timedelta(minutes=30))
    assert certified(30).rung == "rule"
    monkeypatch.setitem(tasks.ladder._LINES, "rule", broken)
    plan = certified(30)
    assert (plan.rung, plan.is_published, plan.previous_plan_id) == ("freeze", False, good.plan_id)
    assert plan.rung_reason.split("\n")[1:] == [
        "trimmed plan failed: the solver divided by zero",
        "rule plan failed: the solver divided by zero",
    ]


def test_a_plan_that_fails_its_certificate_is_never_published(drafted: Database) -> None:
    run(drafted, "update plan.coupon_quotas set quota_coupons = 60 where carrier_id = 'S1'")
    plan = certified()
    assert plan.rung == "rule"
    assert "full plan fails its certificate: " in plan.rung_reason


def test_a_plan_that_would_keep_customers_waiting_is_vetoed_though_it_is_worth_more(drafted: Database) -> None:
    """R73: the draft is certified and worth most, but its six coupons more would make people wait beyond the guard."""
    ids = {"allocation_id": "allocation-1", "redistribution_id": "redistribution-1"}
    with drafted.connect() as connection:
        slots = read_frame(connection, "publish/predicted_slots", known_by=moment_of_day().known_by, **ids)
    planned, in_force = predicted(slots, "load_mean")["wait"], predicted(slots, "in_force_mean")["wait"]
    assert in_force < planned
    guard = "insert into plan.guards (metric, limit_value, set_by, set_at) values ('wait', %s, 'Wang', '2026-06-01')"
    run(drafted, guard, (in_force + planned) / 2)
    plan = certified()
    assert (plan.rung, plan.is_published) == ("rule", True)
    assert "full plan breaks a guard: " in plan.rung_reason
    assert " / mean wait in seconds " in plan.rung_reason


def test_a_decision_that_takes_too_long_counts_as_failed(drafted: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    from threading import Event

    from tasks.budget import OutOfTimeError, within_budget
    from tasks.context import current_settings

    monkeypatch.setenv("ROUXING_PLAN_SECONDS", "0.05")
    current_settings.cache_clear()
    gate = Event()
    with pytest.raises(OutOfTimeError, match=r"quotas not decided within 0\.05 s, a safer plan takes its place"):
        within_budget("quotas", gate.wait)
    gate.set()
    assert within_budget("quotas", lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within_budget("quotas", lambda: 1 // 0)


def test_a_pilot_that_is_over_changes_nobody_and_says_so(drafted: Database) -> None:
    from rouxing.publish.outbox import planned_calls

    known = moment_of_day().known_by
    run(
        drafted,
        "insert into plan.pilots (pilot_id, strategy, stores, started_by, starts_at, ends_at, known_at)"
        " values ('pilot-1', 'quotas', array['S1'], 'Li', %s, %s, %s)",
        known - timedelta(days=2),
        known + timedelta(days=2),
        known - timedelta(days=2),
    )
    plan = certified()
    assert plan.pilot_stores == ("S1",)
    assert not plan.differences["item"].str.contains("S2").any()
    targets = [str(number).split("-")[-1] for number in planned_calls(drafted, plan.plan_id)["request_number"]]
    stores = {body["store_id"] for body in planned_calls(drafted, plan.plan_id)["body"] if "store_id" in body}
    assert targets
    assert stores == {"S1"}
    run(drafted, "update plan.pilots set stopped_at = %s, stopped_reason = 'wait'", known)
    plan = certified()
    assert plan.pilot_stores == ("",)
    assert "pilot pilot-1 is over: no store is changed" in plan.rung_reason
    calls = planned_calls(drafted, plan.plan_id)
    assert set(calls["channel"]) <= {"coupon_quota"}


def test_a_pilot_whose_customers_wait_today_is_stopped_before_the_next_plan(drafted: Database) -> None:
    good = certified()
    known = moment_of_day().known_by
    run(
        drafted,
        "insert into plan.pilots (pilot_id, strategy, stores, started_by, starts_at, ends_at, known_at)"
        " values ('pilot-1', 'quotas', array['S1'], 'Li', %s, %s, %s)",
        *(known - timedelta(days=1), known + timedelta(days=2), known - timedelta(days=1)),
    )
    crowd(drafted, 40, moment_of_day(300).as_of)
    plan = certified(360)
    assert (plan.rung, plan.previous_plan_id) == ("freeze", good.plan_id)
    assert "pilot pilot-1 is stopped: guard crossed on 2026-06-18: " in plan.rung_reason
    assert run(drafted, "select stopped_by from plan.pilots") == [("guard",)]


def crowd(database: Database, people: int, at: datetime) -> None:
    """So many orders collected at S1, each after twenty minutes in the queue."""
    known = "%(at)s, %(at)s, (select min(batch_id) from ops.batches) from generate_series(1, %(people)s) as n"
    statements = (
        "insert into core.order_lines (order_id, line_number, store_id, channel, status, sku_id, quantity_units,"
        " paid_fen, placed_at, collected_at, event_at, known_at, batch_id)"
        f" select 'O' || n, 1, 'S1', 'pickup', 'collected', 'K1', 1, 1000, %(at)s, %(at)s, {known}",
        "insert into core.arrivals (arrival_id, store_id, order_id, arrived_at, served_at, event_at, known_at,"
        f" batch_id) select 'A' || n, 'S1', 'O' || n, %(at)s, %(at)s::timestamptz + interval '20 minutes', {known}",
    )
    with database.connect() as connection:
        for statement in statements:
            connection.execute(statement.encode(), {"people": people, "at": at})
