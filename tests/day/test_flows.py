"""Flows against the session's Prefect server, on an empty warehouse: what they leave for people, what they refuse."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from rouxing.model.errors import PermanentError
from rouxing.stack.api import PrefectApi
from rouxing.stack.server import ServerHandle
from rouxing.warehouse.database import Database

pytestmark = pytest.mark.prefect
DAY = date(2026, 6, 18)


def ledger(database: Database, stage: str, day: date = DAY) -> tuple[Any, ...] | None:
    with database.connect() as connection:
        query = "select status, note from ops.stage_runs where stage = %s and business_date = %s"
        return connection.execute(query.encode(), [stage, day]).fetchone()


def artifact(server: ServerHandle, key: str) -> str:
    (found,) = PrefectApi(server.api_url).post(
        "/artifacts/latest/filter", {"artifacts": {"key": {"any_": [key]}}, "limit": 1}
    )
    return str(found["data"])


def test_validate_tells_of_feeds_that_never_came_and_leaves_its_report(
    empty: Database, prefect_server: ServerHandle
) -> None:
    from flows.validate import validate

    judged = asyncio.run(validate(business_date=DAY))
    assert {row["rows_read"] for row in judged} == {0}
    status, note = ledger(empty, "validate") or ("", "")
    assert status == "degraded"
    assert "stock_levels: no rows at all" in note
    assert "数据质量" in artifact(prefect_server, "validate-quality")


def test_a_stopped_feed_degrades_every_run_until_it_is_mended(empty: Database) -> None:
    from flows.validate import validate_steps
    from tasks.context import resolve_moment

    moment = resolve_moment(date(2026, 5, 1), None)
    with empty.connect() as connection:
        connection.execute(
            "insert into ops.batches (feed, window_start, window_end, rows_read, status, stop_reason) "
            "values ('rosters', %s, %s, 1, 'stopped', '整批缺少字段：营业日')",
            [moment.as_of - timedelta(days=60), moment.as_of - timedelta(days=50)],
        )
    for _ in range(2):
        validate_steps(moment)
        status, note = ledger(empty, "validate", moment.business_date) or ("", "")
        assert status == "degraded"
        assert "rosters: 整批缺少字段：营业日" in note


def test_learn_without_a_plan_says_so(empty: Database) -> None:
    from flows.learn import learn_steps
    from tasks.context import resolve_moment

    assert learn_steps(resolve_moment(DAY, None)) == ""
    assert ledger(empty, "learn") == ("done", "no plan was in force on 2026-06-17")


def test_each_deciding_stage_says_what_has_to_run_before_it(empty: Database) -> None:
    from flows.allocate import allocate_steps
    from flows.forecast import forecast_steps
    from flows.publish import publish_steps
    from flows.redistribute import redistribute_steps
    from tasks.context import resolve_moment

    moment = resolve_moment(DAY, None)
    expected = {
        forecast_steps: "run ingest and validate first",
        allocate_steps: "run forecast first",
        publish_steps: "No plan can be made for 2026-06-18 and none is in force: ",
    }
    for steps, sentence in expected.items():
        with pytest.raises(PermanentError, match=sentence):
            steps(moment)  # type: ignore[operator]
    # Runs of every few minutes begin before the day's first allocation is there, so this one only says so.
    assert redistribute_steps(moment) == ""
    assert ledger(empty, "redistribute") == (
        "degraded",
        "no allocation for 2026-06-18 yet; run day or allocate first",
    )
    assert (ledger(empty, "publish") or ("",))[0] == "failed"


def test_a_backfill_refuses_what_cannot_be_meant(empty: Database) -> None:
    from tasks.backfill import planned_partitions

    refused = {
        "swap them": (DAY, date(2026, 6, 17), ()),
        "run it in parts": (date(2025, 1, 1), DAY, ()),
        "knows no store S9": (DAY, DAY, ("S9",)),
    }
    for sentence, (first, last, stores) in refused.items():
        with pytest.raises(PermanentError, match=sentence):
            planned_partitions(first, last, ["forecast"], stores)
