"""What holds for every step: the ledger tells of runs that never began, and a repeat is tried where it can help."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from rouxing.model.dates import business_date_of
from rouxing.model.errors import PermanentError, RouxingError, TransientError
from rouxing.stack.api import PrefectApi
from rouxing.stack.server import ServerHandle
from rouxing.warehouse.database import Database
from rouxing.warehouse.locks import stage_lock
from tests.plugins.prefect import eventually

pytestmark = pytest.mark.prefect
DAY = date(2026, 6, 18)


def ledger(database: Database) -> list[tuple[Any, ...]]:
    with database.connect() as connection:
        return connection.execute("select stage, status, note from ops.stage_runs order by stage").fetchall()


def cancel_who_waits(database: Database) -> bool:
    """Ends a wait for a lock, as the lock's own patience of a minute would."""
    query = (
        "select pg_cancel_backend(pid) from pg_stat_activity "
        "where datname = current_database() and wait_event_type = 'Lock' and wait_event = 'advisory'"
    )
    with database.connect() as connection:
        return connection.execute(query).fetchone() is not None


def test_a_run_that_waits_in_vain_stands_in_the_ledger(empty: Database) -> None:
    from tasks.context import resolve_moment, stage_run

    def run() -> None:
        with stage_run("forecast", resolve_moment(DAY, None)):
            raise AssertionError("the lock is held by another")

    with stage_lock(empty, "forecast", DAY), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(run)
        assert eventually(lambda: cancel_who_waits(empty))
        with pytest.raises(psycopg.errors.QueryCanceled):
            waiting.result()
    assert [(stage, status) for stage, status, _ in ledger(empty)] == [("forecast", "failed")]
    assert "canceling statement" in ledger(empty)[0][2]


@pytest.mark.parametrize(
    ("error", "options", "calls"),
    [(TransientError, "STEP", 2), (PermanentError, "STEP", 1), (TransientError, "ONCE", 1)],
)
def test_a_step_is_repeated_once_when_that_can_help(
    empty: Database, error: type[RouxingError], options: str, calls: int
) -> None:
    from prefect import flow, task

    import tasks.options

    asked: list[int] = []

    @task(**{**getattr(tasks.options, options), "retry_delay_seconds": 0})
    def step() -> None:
        asked.append(1)
        raise error("no answer")

    @flow
    def steps() -> None:
        step()

    with pytest.raises(error):
        steps()
    assert len(asked) == calls


def test_a_backfill_leaves_today_to_the_live_runs(empty: Database) -> None:
    from tasks.backfill import planned_partitions

    today = business_date_of(datetime.now(UTC))
    with pytest.raises(PermanentError, match=f"today is {today}; end it at {today - timedelta(days=1)} or earlier"):
        planned_partitions(DAY, max(DAY, today), ["learn"], ())


def test_a_backfill_tells_what_became_of_each_partition(empty: Database, prefect_server: ServerHandle) -> None:
    from flows.backfill import backfill

    first, last = date(2026, 3, 1), date(2026, 3, 2)
    done = asyncio.run(backfill(start_date=first, end_date=last, stages=["learn"], preview=False))
    assert [(row["before"], row["after"]) for row in done] == [("never run", "done")] * 2
    with pytest.raises(PermanentError):
        asyncio.run(backfill(start_date=first, end_date=last, stages=["forecast"], preview=False))
    (left,) = PrefectApi(prefect_server.api_url).post(
        "/artifacts/latest/filter", {"artifacts": {"key": {"any_": ["backfill-partitions"]}}, "limit": 1}
    )
    assert left["data"].count("failed") == 1
    assert left["data"].count("not run") == 1
