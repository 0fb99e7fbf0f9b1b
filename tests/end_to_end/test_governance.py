"""What people set is kept to by the next plans: overrides, pilots, approvals, a time budget, the way back."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from rouxing.model.dates import planning_moment
from tests.end_to_end.conftest import TODAY, Scenario

pytestmark = [pytest.mark.end_to_end, pytest.mark.prefect]

EARLY = planning_moment(TODAY) - timedelta(hours=1)


def planned(scenario: Scenario, minutes: int) -> tuple[str, dict[str, float]]:
    """A plan of that many minutes after the day's first, and the capacity of each store today."""
    from flows.allocate import allocate_steps
    from flows.publish import publish_steps
    from flows.redistribute import redistribute_steps
    from tasks.context import resolve_moment

    moment = resolve_moment(TODAY, planning_moment(TODAY) + timedelta(minutes=minutes))
    allocate_steps(moment)
    redistribute_steps(moment)
    plan_id = publish_steps(moment)
    capacity = (
        "select store_id, capacity_pickups from plan.store_days join plan.headers using (allocation_id)"
        " where plan_id = %s and store_days.business_date = %s"
    )
    return plan_id, dict(scenario.rows(capacity, plan_id, TODAY))


def header(scenario: Scenario, plan_id: str, *columns: str) -> tuple[Any, ...]:
    return scenario.rows(f"select {', '.join(columns)} from plan.headers where plan_id = %s", plan_id)[0]


def test_the_plan_works_around_an_override_and_is_free_of_it_when_it_ends(scenario: Scenario) -> None:
    stores = [str(row[0]) for row in scenario.rows("select distinct store_id from core.stores order by 1")]
    ends = planning_moment(TODAY) + timedelta(minutes=45)
    insert = (
        "insert into plan.overrides (store_id, kind, value, reason, set_by, starts_at, ends_at, known_at)"
        " values (%s, %s, %s, '收银机坏了', '店长', %s, %s, %s)"
    )
    with scenario.database.connect() as connection:
        for kind, value, store in (("capacity_pickups", 7, stores[0]), ("no_new_quota", 1, stores[1])):
            connection.execute(insert.encode(), [store, kind, value, EARLY, ends, EARLY])
    plan_id, capacity = planned(scenario, 30)
    rung, verdict, published = header(scenario, plan_id, "rung", "verdict", "is_published")
    assert published, (rung, verdict, header(scenario, plan_id, "rung_reason"))
    assert capacity[stores[0]] <= 7
    risen = (
        "select count(*) from plan.coupon_quotas join plan.headers using (redistribution_id)"
        " where plan_id = %s and carrier_id = %s and coupon_quotas.business_date = %s"
        " and quota_coupons > greatest(previous_coupons, issued_coupons)"
    )
    assert scenario.rows(risen, plan_id, stores[1], TODAY) == [(0,)]
    _, later = planned(scenario, 60)
    assert later[stores[0]] > 7


def test_stores_outside_a_pilot_keep_their_numbers(scenario: Scenario) -> None:
    stores = [str(row[0]) for row in scenario.rows("select distinct store_id from core.stores order by 1")]
    with scenario.database.connect() as connection:
        connection.execute(
            "insert into plan.pilots (pilot_id, strategy, stores, started_by, starts_at, ends_at, known_at)"
            " values ('pilot-1', '券额度', %s, '运营', %s, %s, %s)",
            [stores[:1], EARLY, EARLY + timedelta(days=9), EARLY],
        )
    plan_id, _ = planned(scenario, 30)
    changed = (
        "select distinct carrier_id from plan.coupon_quotas join plan.headers using (redistribution_id)"
        " where plan_id = %s and quota_coupons <> previous_coupons"
    )
    assert {row[0] for row in scenario.rows(changed, plan_id)} <= {stores[0]}
    from rouxing.publish.outbox import planned_calls

    asked = {body.get("store_id", body.get("carrier_id")) for body in planned_calls(scenario.database, plan_id)["body"]}
    assert asked <= {stores[0]}


def test_quotas_that_take_too_long_still_give_a_plan_on_time(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.redistribute import redistribute
    from tasks.budget import OutOfTimeError
    from tasks.context import current_settings

    monkeypatch.setenv("ROUXING_PLAN_SECONDS", "0.000001")
    current_settings.cache_clear()
    as_of = planning_moment(TODAY) + timedelta(minutes=5)
    with pytest.raises(OutOfTimeError):
        asyncio.run(redistribute(business_date=TODAY, as_of=as_of, then_publish=True))
    plans = scenario.rows("select rung, is_published, rung_reason from plan.headers where as_of = %s", as_of)
    assert [(rung, published) for rung, published, _ in plans] == [("trimmed", True)]
    assert "not decided within 1e-06 s" in plans[0][2]


def test_a_rollback_is_a_certified_plan_of_its_own(scenario: Scenario) -> None:
    from flows.publish import publish

    (former,) = scenario.rows("select plan_id from plan.headers where as_of < %s", planning_moment(TODAY))[0]
    as_of = planning_moment(TODAY) + timedelta(minutes=20)
    plan_id = asyncio.run(publish(business_date=TODAY, as_of=as_of, roll_back_to=former, by="李经理"))
    label, published, reason = header(scenario, plan_id, "label", "is_published", "rung_reason")
    assert (label, published) == ("rollback", True)
    assert f"rollback to {former}: " in reason
    page = (scenario.settings.reports / f"{plan_id}.html").read_text()
    assert "李经理 批准" in page
