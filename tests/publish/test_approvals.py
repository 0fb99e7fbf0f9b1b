"""Nothing leaves without somebody who answers for it: automatic within limits, else a name that still stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rouxing.model.dates import planning_moment
from rouxing.model.errors import PermanentError
from rouxing.settings import Settings, load_settings
from rouxing.warehouse.database import Database
from tests.plan.world import DAY
from tests.publish.conftest import Town, at, certified, moment_of_day, run

# Limits under which no plan that moves a coupon approves itself.
STRICT = (
    "insert into plan.auto_approval (set_by, set_at, max_changed_share, max_moved_coupons, max_extra_cost_fen,"
    " allowed_rungs, allowed_verdicts, valid_hours)"
    " values ('Wang', '2026-06-01', 0, 0, 0, array['full'], array['pass'], 12)"
)


@pytest.fixture
def chain(drafted: Database, database_settings: Settings, town: Town) -> Settings:
    """Settings as a command of this chain has them."""
    return load_settings(database_name=database_settings.database_name, vendor_url=town.url, clock="city")


def delivered(plan: Any) -> None:
    from tasks.publish import fill_outbox, send_outbox

    fill_outbox.fn(plan)
    send_outbox.fn(plan)


def approved_by(database: Database) -> list[tuple[Any, ...]]:
    return run(database, "select approved_by, is_automatic, approved_at from plan.approvals order by approved_at")


def test_a_plan_within_the_limits_approves_itself_once_and_is_sent(drafted: Database, town: Town) -> None:
    from tasks.approve import approve_plan

    plan = certified()
    assert plan.approval_note == ""
    for _ in range(2):
        approve_plan.fn(plan)
    assert approved_by(drafted) == [("auto", True, plan.moment.as_of)]
    delivered(plan)
    assert len(town.taken) == run(drafted, "select count(*) from ops.outbox where status = 'sent'")[0][0] > 0


def test_a_plan_beyond_the_limits_waits_in_the_outbox_until_a_name_stands_for_it(
    drafted: Database, chain: Settings, town: Town
) -> None:
    from rouxing.cli.plans import approve
    from tasks.approve import approve_plan, waits_for
    from tasks.plans import stored_plan
    from tasks.publish import send_outbox

    run(drafted, STRICT)
    plan = certified()
    assert "6 coupons move, above 0" in plan.approval_note
    approve_plan.fn(plan)
    assert approved_by(drafted) == []
    assert waits_for(plan).startswith("awaiting approval: ")
    with pytest.raises(PermanentError, match="is not sent: awaiting approval"):
        delivered(plan)
    assert town.taken == []
    assert run(drafted, "select distinct status from ops.outbox") == [("pending",)]
    town.now = at("05:45")
    approve(chain, plan.plan_id, "李经理", 12, "618")
    again = stored_plan(plan.plan_id)
    assert (again.rung, again.certificate, again.moment) == (plan.rung, plan.certificate, plan.moment)
    assert waits_for(again) == ""
    send_outbox.fn(again)
    assert run(drafted, "select distinct status from ops.outbox") == [("sent",)]


def test_an_approval_that_expired_or_was_taken_back_sends_nothing(
    drafted: Database, chain: Settings, town: Town
) -> None:
    from rouxing.cli.plans import approve, revoke

    run(drafted, STRICT)
    plan = certified()
    approve(chain, plan.plan_id, "李经理", 2, "")
    town.now = at("07:30")
    with pytest.raises(PermanentError, match="is not sent"):
        delivered(plan)
    approve(chain, plan.plan_id, "王经理", 2, "")
    revoke(chain, plan.plan_id, "李经理")
    with pytest.raises(PermanentError, match="is not sent"):
        delivered(plan)
    assert town.taken == []


def newer_data(database: Database, quota: int) -> None:
    run(
        database,
        "insert into core.coupon_quotas select stock_id, carrier_id, business_date, %s, issued_coupons, set_at,"
        " event_at, %s, batch_id from core.coupon_quotas where carrier_id = 'S2'",
        quota,
        at("06:00"),
    )


def test_an_approval_older_than_its_inputs_is_refused(drafted: Database, chain: Settings, town: Town) -> None:
    """Somebody has set a quota at the vendor meanwhile; then a newer plan promises something else."""
    from rouxing.cli.plans import approve

    run(drafted, STRICT)
    plan = certified()
    approve(chain, plan.plan_id, "李经理", 12, "")
    town.now = at("06:30")
    newer_data(drafted, 17)
    with pytest.raises(PermanentError, match="is not sent"):
        delivered(plan)
    with pytest.raises(PermanentError, match="1 quotas have changed at the vendor since"):
        approve(chain, plan.plan_id, "李经理", 12, "")


def test_a_newer_plan_of_the_day_takes_the_name_from_the_older_one(
    drafted: Database, chain: Settings, town: Town
) -> None:
    from rouxing.cli.plans import approve

    run(drafted, STRICT)
    plan = certified()
    approve(chain, plan.plan_id, "李经理", 12, "")
    failed = "insert into ops.stage_runs values ('redistribute', %s, %s, 'live', '', 'failed', '', 'no solution')"
    run(drafted, failed, DAY, moment_of_day(30).as_of)
    run(drafted, "update core.campaigns set daily_budget_coupons = 30")
    newer = certified(30)
    town.now = at("06:10")
    with pytest.raises(PermanentError, match=f"{newer.plan_id} of the same day rests on newer ones"):
        approve(chain, plan.plan_id, "李经理", 12, "")


def test_what_cannot_be_sent_cannot_be_approved(drafted: Database, chain: Settings) -> None:
    from rouxing.cli.plans import approve

    with pytest.raises(PermanentError, match="There is no plan 'plan-0'"):
        approve(chain, "plan-0", "李经理", 12, "")
    plan = certified()
    run(drafted, "update plan.headers set mode = 'backfill'")
    with pytest.raises(PermanentError, match="it was made by a backfill"):
        approve(chain, plan.plan_id, "李经理", 12, "")


def test_an_override_caps_the_next_plans_and_then_ends(
    drafted: Database, chain: Settings, town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    from rouxing.cli.overrides import end_override, list_overrides, set_override

    def effective(later: timedelta) -> list[tuple[Any, ...]]:
        from rouxing.warehouse.frames import read_frame

        known_by = planning_moment(DAY) + later - timedelta(minutes=10)
        with drafted.connect() as connection:
            frame = read_frame(connection, "core/overrides", known_by=known_by, business_date=DAY)
        return [tuple(row) for row in frame[["store_id", "kind", "value"]].to_numpy().tolist()]

    until = at("12:00").replace(tzinfo=None)
    arguments = {"since": None, "until": until, "reason": "收银机坏了", "by": "店长"}
    set_override(chain, "S1", "capacity_pickups", 12, **arguments)  # type: ignore[arg-type]
    set_override(chain, "S1", "capacity_pickups", 9, **arguments)  # type: ignore[arg-type]
    set_override(chain, "S2", "closed", None, **arguments)  # type: ignore[arg-type]
    held = [("S1", "capacity_pickups", 9.0), ("S2", "closed", 1.0)]
    assert effective(timedelta(minutes=-1)) == [], "a plan made before did not know"
    assert effective(timedelta(0)) == effective(timedelta(hours=6)) == held
    assert effective(timedelta(hours=7)) == []
    number = run(drafted, "select override_id from plan.overrides where store_id = 'S2'")[0][0]
    town.now = at("06:00")
    end_override(chain, number, "店长")
    assert effective(timedelta(minutes=30)) == held[:1]
    list_overrides(chain)
    assert "capacity_pickups" in capsys.readouterr().out
    with pytest.raises(PermanentError, match="No override"):
        end_override(chain, number, "店长")
    with pytest.raises(PermanentError, match="Master data knows no store S9"):
        set_override(chain, "S9", "closed", None, **arguments)  # type: ignore[arg-type]


def test_a_pilot_is_stopped_when_its_customers_wait(drafted: Database, chain: Settings) -> None:
    import pandas as pd

    from rouxing.cli.pilots import list_pilots, release_pilot, start_pilot
    from tasks.context import resolve_moment
    from tasks.guards import keep_guards, read_pilot

    until = at("12:00").replace(tzinfo=None) + timedelta(days=9)
    start_pilot(chain, "券额度", [], 0.5, 7, until=until, by="运营")
    next_day = resolve_moment(DAY + timedelta(days=1), None)
    with drafted.connect() as connection:
        (store,) = read_pilot(connection, next_day)["store_id"]
    fine = {"arrivals": 40, "mean_wait_seconds": 90.0, "ordered_units": 50, "filled_units": 50, "overload_minutes": 0.0}
    slow = {**fine, "mean_wait_seconds": 900.0}
    other = "S2" if store == "S1" else "S1"
    for worse in (other, store, store):
        rows = [{"store_id": name, **(slow if name == worse else fine)} for name in ("S1", "S2")]
        with drafted.connect() as connection:
            said = keep_guards(connection, next_day, pd.DataFrame(rows), DAY)
        assert (said != "") == (worse == store)
    assert said.endswith(
        "guard crossed on 2026-06-18: 平均等候（秒） 900，超过 600 / mean wait in seconds 900 above 600"
    )
    later = resolve_moment(next_day.business_date, next_day.as_of + timedelta(minutes=10))
    with drafted.connect() as connection:
        assert list(read_pilot(connection, later)["store_id"]) == [""]
    name, reason = run(drafted, "select pilot_id, stopped_reason from plan.pilots")[0]
    assert "wait in seconds 900" in reason
    list_pilots(chain)
    release_pilot(chain, name, "运营")
    run(drafted, "update plan.pilots set released_at = %s", next_day.as_of)
    with drafted.connect() as connection:
        assert read_pilot(connection, later).empty


def test_limits_are_set_from_a_moment_on(drafted: Database, chain: Settings, town: Town) -> None:
    from rouxing.cli.limits import set_limit
    from rouxing.publish.approvals import auto_limits

    set_limit(chain, "max_moved_coupons", "77", "王经理")
    set_limit(chain, "allowed_rungs", "full, rule", "王经理")
    with drafted.connect() as connection:
        assert auto_limits(connection, town.now).max_moved_coupons == 77
        assert auto_limits(connection, town.now).allowed_rungs == ("full", "rule")
        assert auto_limits(connection, town.now - timedelta(seconds=1)).max_moved_coupons == 20000
    for name, value in (("speed", "1"), ("wait", "soon"), ("max_changed_share", "2")):
        with pytest.raises(PermanentError):
            set_limit(chain, name, value, "王经理")
