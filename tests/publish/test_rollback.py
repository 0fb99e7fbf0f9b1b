"""One step back: a former plan's quotas as a new certified plan that a person answers for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rouxing.model.errors import PermanentError
from rouxing.warehouse.database import Database
from tests.plan.world import DAY
from tests.publish.conftest import Town, at, certified, moment_of_day, run

QUOTAS = "select carrier_id, quota_coupons from plan.coupon_quotas where redistribution_id = %s and business_date = %s"


def in_force(database: Database, coupons: dict[str, int], issued: int = 4) -> None:
    """The vendor has taken other quotas meanwhile."""
    for store, quota in coupons.items():
        run(
            database,
            "insert into core.coupon_quotas select stock_id, carrier_id, business_date, %s, %s, set_at, event_at, %s,"
            " batch_id from core.coupon_quotas where carrier_id = %s limit 1",
            quota,
            issued,
            at("05:50"),
            store,
        )


def restored(plan_id: str, town: Town) -> Any:
    from tasks.rollback import restore_plan

    town.now = at("06:30")
    return restore_plan.fn(moment_of_day(60), plan_id, "李经理")


def test_a_rollback_brings_the_former_quotas_back_and_is_approved_by_who_asked(drafted: Database, town: Town) -> None:
    from tasks.approve import waits_for

    former = certified()
    in_force(drafted, {"S1": 22, "S2": 18})
    plan = restored(former.plan_id, town)
    assert (plan.label, plan.rung, plan.certificate.verdict) == ("rollback", "trimmed", "pass")
    assert dict(run(drafted, QUOTAS, plan.redistribution_id, DAY)) == {"S1": 26, "S2": 20}
    assert plan.rung_reason.endswith(f" / rollback to {former.plan_id}: every quota came back exactly")
    assert plan.ledger_status == "degraded"
    assert run(drafted, "select approved_by, note from plan.approvals") == [("李经理", f"rollback to {former.plan_id}")]
    assert waits_for(plan) == ""
    assert restored(former.plan_id, town).plan_id == plan.plan_id


def test_what_limits_do_not_allow_becomes_the_nearest_value_and_is_named(drafted: Database, town: Town) -> None:
    """12 are in force and 28 issued: 26 cannot come back, a change of at most 5 allows 17 only in S2."""
    former = certified()
    in_force(drafted, {"S2": 12})
    plan = restored(former.plan_id, town)
    quotas = dict(run(drafted, QUOTAS, plan.redistribution_id, DAY))
    assert quotas["S2"] == 17
    assert "could not come back exactly" in plan.rung_reason
    assert "B1 S2 2026-06-18: 17 instead of 20 (" in plan.rung_reason
    assert plan.is_published


def test_a_rollback_needs_a_plan_with_quotas_an_allocation_and_a_name(drafted: Database, town: Town) -> None:
    from flows.publish import rollback_steps
    from tasks.rollback import restore_plan

    former = certified()
    with pytest.raises(PermanentError, match="There is no plan 'plan-0'"):
        restored("plan-0", town)
    with pytest.raises(PermanentError, match="needs the name of a person"):
        rollback_steps(moment_of_day(60), former.plan_id, " ")
    from tasks.context import resolve_moment

    tomorrow = resolve_moment(DAY + timedelta(days=1), None)
    with pytest.raises(PermanentError, match="There is no allocation for 2026-06-19 yet"):
        restore_plan.fn(tomorrow, former.plan_id, "李经理")
    run(drafted, "update plan.headers set redistribution_id = null")
    with pytest.raises(PermanentError, match="is a frozen plan without quotas"):
        restored(former.plan_id, town)
