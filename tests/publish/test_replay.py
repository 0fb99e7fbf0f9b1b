"""A plan of the small world is made again to the last bit, long after other rows have come."""

from __future__ import annotations

import pytest

from rouxing.cli.replay import replay
from rouxing.model.errors import PermanentError
from rouxing.settings import Settings
from rouxing.warehouse.database import Database
from rouxing.warehouse.plan_reasons import read_plan
from rouxing.warehouse.plan_replay import Replay, replay_plan
from tests.publish.conftest import certified, moment_of_day, run

SETTLE_MINUTES = 10
# From the planning moment to a run of the day, when stores are open.
NOON_MINUTES = 360


def decided(database: Database, later_minutes: int = 0) -> str:
    """A plan whose goods, people and quotas were decided by the deciders themselves; its name."""
    from tasks.allocate import allocate_day
    from tasks.forecast_today import update_rest_of_day
    from tasks.plan import settle_jointly
    from tasks.redistribute import redistribute_day

    moment = moment_of_day(later_minutes)
    if later_minutes:
        assert update_rest_of_day(moment)
        redistribute_day.fn(moment)
    else:
        _forecast_tomorrow(database)
        allocate_day.fn(moment)
        settle_jointly.fn(moment)
    return str(certified(later_minutes).plan_id)


def _forecast_tomorrow(database: Database) -> None:
    """The world's forecast, for the two days that are planned."""
    run(database, "update mart.forecast_runs set parameters = parameters || '{\"stores\": []}'")
    for table in ("forecast_days", "forecast_slot_days"):
        run(
            database,
            f"create temporary table tomorrow on commit drop as select * from mart.{table}; "
            f"update tomorrow set date = date + 1; insert into mart.{table} select * from tomorrow",
        )


def again(database: Database, plan_id: str) -> Replay:
    with database.connect() as connection:
        return replay_plan(connection, read_plan(connection, plan_id), SETTLE_MINUTES)


def differing(made: Replay) -> list[str]:
    return [table.table for table in made.tables if not table.is_same]


def add_later_rows(database: Database) -> None:
    """A later update of the day; counts, quotas and rosters as they are, known days after both plans."""
    from tasks.forecast_today import update_rest_of_day

    assert update_rest_of_day(moment_of_day(2 * NOON_MINUTES))
    for table in ("stock_levels", "coupon_quotas", "rosters"):
        names = "select column_name from information_schema.columns where table_schema = 'core' and table_name = %s"
        known = [str(row[0]) for row in run(database, names, table)]
        listed = ", ".join(name for name in known if name not in ("known_at", "loaded_at"))
        later = f"select {listed}, known_at + interval '3 days' from core.{table}"
        run(database, f"insert into core.{table} ({listed}, known_at) {later}")


def test_plans_are_made_again_and_what_was_changed_is_found(
    drafted: Database, database_settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """One plan decided together and one of noon; deciding takes seconds, so that all is tried on these two."""
    first, later = decided(drafted), decided(drafted, NOON_MINUTES)
    assert first != later
    add_later_rows(drafted)
    made = again(drafted, later)
    assert made.changed_inputs == ()
    assert differing(made) == []
    tables = {table.table for table in made.tables}
    assert {"plan.coupon_quotas", "plan.staff_slots", "plan.stock_transfers"} <= tables

    assert replay(database_settings, first) == 0
    assert "made again to the same bytes" in capsys.readouterr().out

    run(drafted, "update plan.store_loads set load_mean = load_mean * (1 + 2 ^ (-50))")
    run(drafted, "update plan.allocations set code_version = 'older'")
    assert replay(database_settings, first) == 1
    said = capsys.readouterr().out
    assert "is not what it was in plan.store_loads." in said
    assert "The allocation was made by code older" in said

    run(drafted, "update core.stores set counters = 3")
    assert "allocation" in again(drafted, first).changed_inputs


def test_a_plan_nobody_knows_is_one_sentence(drafted: Database, database_settings: Settings) -> None:
    with pytest.raises(PermanentError, match="There is no plan"):
        replay(database_settings, "plan-0000000000000000")
