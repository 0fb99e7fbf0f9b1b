"""A day that is stopped stops at once, leaves nothing half done, and the next run finishes it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from rouxing.settings import PROJECT_ROOT
from tests.end_to_end.conftest import TOMORROW, Scenario
from tests.plugins.prefect import eventually

pytestmark = [pytest.mark.end_to_end, pytest.mark.prefect]

# As the worker runs it: the flow in the main thread of a process of its own.
RUN = f"""
import asyncio
from datetime import date
from flows.day import day
asyncio.run(day(business_date=date({TOMORROW.year}, {TOMORROW.month}, {TOMORROW.day})))
"""
LEDGER = "select stage, status from ops.stage_runs where business_date = %s"
WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


@contextmanager
def held(scenario: Scenario, table: str) -> Iterator[None]:
    """Whoever writes to the table waits."""
    with scenario.database.connect() as connection:
        connection.execute(f"lock table {table} in exclusive mode".encode())
        yield


def stopped_day(scenario: Scenario) -> subprocess.Popen[str]:
    """A day that was sent SIGTERM while its forecast waited for the database, once it has ended."""
    with subprocess.Popen(
        [sys.executable, "-c", RUN], cwd=PROJECT_ROOT, env=os.environ, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert eventually(lambda: process.poll() is not None or scenario.rows(WAITING)[0][0], within_s=240)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
        finally:
            process.kill()
    return process


def test_a_stopped_day_plans_nothing_and_the_next_run_plans_it(scenario: Scenario) -> None:
    from flows.day import day

    with held(scenario, "mart.forecast_runs"):
        process = stopped_day(scenario)
        assert process.returncode == -signal.SIGTERM
        assert eventually(lambda: scenario.rows(WAITING)[0][0] == 0), "the query of the stopped run has ended too"
        assert dict(scenario.rows(LEDGER, TOMORROW)).keys() == {"ingest", "validate"}
        assert scenario.rows("select count(*) from plan.headers where business_date = %s", TOMORROW) == [(0,)]
    plan_id = asyncio.run(day(business_date=TOMORROW))
    assert scenario.rows("select rung from plan.headers where plan_id = %s", plan_id) == [("full",)]
    assert set(dict(scenario.rows(LEDGER, TOMORROW)).values()) == {"done"}
