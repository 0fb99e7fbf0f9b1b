"""Vendors down or empty, failing stages, days run again: a labelled plan where one can be made, else one sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import date, timedelta
from typing import Any

import pytest

from rouxing.model.errors import PermanentError
from rouxing.stack.api import PrefectApi
from rouxing.stack.server import ServerHandle
from tests.end_to_end.conftest import TODAY, TOMORROW, Finished, Scenario
from tests.end_to_end.demo import fingerprint

pytestmark = [pytest.mark.end_to_end, pytest.mark.prefect]

ONE_FEED_OF_EACH_SOURCE = {"stores", "order_lines", "stock_levels", "milestones", "coupon_stocks", "bookings"}


def header(scenario: Scenario, plan_id: str) -> dict[str, Any]:
    columns = ("rung", "rung_reason", "is_published", "mode", "previous_plan_id")
    (row,) = scenario.rows(f"select {', '.join(columns)} from plan.headers where plan_id = %s", plan_id)
    return dict(zip(columns, row, strict=True))


def newest_live(scenario: Scenario) -> str:
    query = "select plan_id from plan.headers where is_published and mode = 'live' order by as_of desc, loaded_at desc"
    return str(scenario.rows(query)[0][0])


def newest_sent(scenario: Scenario) -> str:
    """The plan in force: a dry run never takes the place of a plan that was sent."""
    query = (
        "select plan_id from plan.headers where is_published and mode = 'live' and plan_id in "
        "(select plan_id from ops.outbox where status = 'sent') order by as_of desc, loaded_at desc"
    )
    return str(scenario.rows(query)[0][0])


ARTIFACTS = {
    "ingest-landed", "ingest-failed", "validate-quality", "forecast-days", "forecast-accuracy", "redistribute-quotas",
    "publish-plan", "publish-differences", "publish-breaches", "publish-calls", "learn-scorecard", "learn-stores",
}  # fmt: skip


def test_a_feed_down_and_an_empty_feed_give_a_plan_that_says_so(
    scenario: Scenario, prefect_server: ServerHandle
) -> None:
    from flows.day import day

    scenario.city.down, scenario.city.empty = frozenset({"order_lines"}), frozenset({"stock_levels"})
    plan_id = asyncio.run(day(business_date=TOMORROW))
    plan = header(scenario, plan_id)
    reason = plan["rung_reason"]
    assert reason.startswith("ingest degraded: pos: http")
    assert "stock_levels: no rows since 2026-06-18 05:02" in reason
    assert "order_lines: no rows since 2026-06-17" in reason
    assert "rosters" not in reason, "what came is not complained about"
    page = (scenario.settings.reports / f"{plan_id}.html").read_text()
    assert "stock_levels: no rows since 2026-06-18 05:02" in page
    left = PrefectApi(prefect_server.api_url).post("/artifacts/latest/filter", {})
    assert {artifact["key"] for artifact in left} >= ARTIFACTS
    ledger = "select status from ops.stage_runs where stage = 'publish' and business_date = %s"
    assert scenario.rows(ledger, TOMORROW) == [("degraded",)]


def test_all_feeds_down_give_a_plan_on_what_is_known_that_says_so(scenario: Scenario) -> None:
    from flows.day import day

    scenario.city.down = frozenset(ONE_FEED_OF_EACH_SOURCE)
    before = scenario.rows("select count(*) from core.order_lines")
    plan_id = asyncio.run(day(business_date=TOMORROW))
    assert scenario.rows("select count(*) from core.order_lines") == before
    first = header(scenario, plan_id)["rung_reason"].split("\n")[0]
    assert first.startswith("ingest failed: No source could be read. master, pos, wms, logistics, wechat, booking: ")


def test_all_feeds_down_and_nothing_known_is_one_sentence(scenario_on: Callable[[bool], Scenario]) -> None:
    from flows.day import day

    scenario = scenario_on(False)
    scenario.city.down = frozenset(ONE_FEED_OF_EACH_SOURCE)
    with pytest.raises(PermanentError) as failure:
        asyncio.run(day(business_date=TOMORROW))
    assert str(failure.value).startswith("No plan can be made for 2026-06-19 and none is in force: ingest failed: ")
    assert "\n" not in str(failure.value)
    assert scenario.rows("select count(*) from plan.headers") == [(0,)]


def test_a_failing_forecast_falls_back_to_the_last_good_plan_and_then_to_what_is_in_force(scenario: Scenario) -> None:
    from flows.forecast import forecast_steps
    from flows.publish import publish_steps
    from tasks.context import resolve_moment

    with scenario.database.connect() as connection:
        connection.execute("alter table core.bookings rename to bookings_elsewhere")
    today, tomorrow = resolve_moment(TODAY, None), resolve_moment(TOMORROW, None)
    for moment in (today, tomorrow):
        with pytest.raises(Exception, match="bookings"):
            forecast_steps(moment)

    trimmed = header(scenario, publish_steps(today))
    assert (trimmed["rung"], trimmed["is_published"]) == ("trimmed", True)
    assert trimmed["rung_reason"].startswith('forecast failed: relation "core.bookings" does not exist')
    assert "\n" not in trimmed["rung_reason"]

    kept = newest_sent(scenario)
    frozen_id = publish_steps(tomorrow, send=True)
    frozen = header(scenario, frozen_id)
    assert (frozen["rung"], frozen["is_published"], frozen["previous_plan_id"]) == ("freeze", False, kept)
    assert newest_sent(scenario) == kept
    assert scenario.rows("select count(*) from ops.outbox where plan_id = %s", frozen_id) == [(0,)]
    assert "core.bookings" in (scenario.settings.reports / f"{frozen_id}.html").read_text()


def test_a_backfill_is_previewed_repeatable_and_never_in_force(scenario: Scenario, finished: Finished) -> None:
    from flows.backfill import backfill

    day: date = TODAY - timedelta(days=3)
    stores = [str(row[0]) for row in scenario.rows("select distinct store_id from core.stores order by 1 limit 2")]
    arguments: dict[str, Any] = {
        "start_date": day,
        "end_date": day,
        "stores": stores,
        "stages": ["forecast", "allocate", "redistribute", "publish"],
    }

    untouched = prints(scenario)
    previewed = asyncio.run(backfill(**arguments))
    assert [(row["stage"], row["before"]) for row in previewed] == [
        (stage, "never run") for stage in arguments["stages"]
    ]
    assert prints(scenario) == untouched

    asyncio.run(backfill(**arguments, preview=False))
    once = prints(scenario)
    assert once["ops.outbox"] == untouched["ops.outbox"]
    assert {name for name in once if once[name] != untouched[name] and name.startswith("core.")} == set()
    assert scenario.rows("select mode from plan.headers where business_date = %s", day) == [("backfill",)]
    decided = "select distinct store_id from plan.staff_slots join plan.allocations a using (allocation_id)"
    assert scenario.rows(f"{decided} where a.business_date = %s order by 1", day) == [(store,) for store in stores]
    assert newest_live(scenario) == finished.plan_id

    asyncio.run(backfill(**arguments, preview=False))
    assert prints(scenario) == once


def prints(scenario: Scenario) -> dict[str, str]:
    with scenario.database.connect() as connection:
        return dict(fingerprint(connection, ("core", "mart", "plan"), ("ops.outbox", "ops.stage_runs")))


def test_two_runs_of_a_stage_at_once_write_what_one_writes(scenario: Scenario) -> None:
    from flows.allocate import allocate_steps
    from tasks.context import resolve_moment

    # A moment of its own, so that the allocation is not known yet.
    known = resolve_moment(TODAY, None)
    moment = resolve_moment(TODAY, known.as_of + timedelta(minutes=30))
    # Each thread with this test's settings of Prefect: a bare one would look for a server of its own.
    contexts = [copy_context(), copy_context()]
    with ThreadPoolExecutor(2) as pool:
        names = list(pool.map(lambda context: context.run(allocate_steps, moment), contexts))
    assert names[0] == names[1]
    assert scenario.rows("select count(*) from plan.allocations where as_of = %s", moment.as_of) == [(1,)]
    assert scenario.rows("select status from ops.stage_runs where as_of = %s", moment.as_of) == [("done",)]


def test_ingest_may_judge_what_it_read_at_once(scenario: Scenario) -> None:
    from flows.ingest import ingest

    asyncio.run(ingest(business_date=TOMORROW, sources=["pos"], then_validate=True))
    assert scenario.rows("select count(*) from ops.batches where status = 'landed'") == [(0,)]
    judged = "select status from ops.stage_runs where stage = 'validate' and business_date = %s"
    assert len(scenario.rows(judged, TOMORROW)) == 1
