"""The demo killed in the middle of its stages, and run twice."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from rouxing.settings import Settings
from rouxing.stack.processes import descendants
from rouxing.stack.server import ServerHandle
from tests.end_to_end.conftest import Finished, new_state
from tests.end_to_end.demo import COMMAND, demo_settings, fingerprint, finish, running_database, start
from tests.plugins.prefect import eventually

pytestmark = [pytest.mark.end_to_end, pytest.mark.prefect]

Watched = psycopg.Connection[tuple[object, ...]]

# True while the stage of yesterday is half done: something of it is written, something is not.
IN_THE_MIDDLE = {
    "ingest": "select count(*) > 3 from ops.batches",
    "forecast": "select exists (select from pg_locks where locktype = 'advisory' and"
    " (classid::bigint << 32) | objid::bigint = hashtextextended('forecast/2026-06-17', 0))",
    "publish": "select count(*) filter (where status = 'sent') > 5 and bool_or(status = 'pending') from ops.outbox",
}


@pytest.fixture
def state(prefect_server: ServerHandle) -> Iterator[Path]:
    folder = new_state(prefect_server)
    yield folder
    shutil.rmtree(folder)


def kill_in(stage: str, state: Path) -> None:
    """Runs the demo and kills it in the middle of a stage; what it started ends by itself."""
    process = start(state, *COMMAND)
    with reached(process, demo_settings(state), IN_THE_MIDDLE[stage]) as connection:
        started = descendants(process.pid)
        process.kill()
        process.communicate()
        assert started, "city and Prefect server were running"
        done = {str(row[0]) for row in connection.execute("select stage from ops.stage_runs")}
        assert stage not in done
    _, alive = psutil.wait_procs(started, timeout=20)
    assert not alive


def reached(process: subprocess.Popen[str], settings: Settings, condition: str) -> Watched:
    """A connection to the demo's database, once the condition holds."""
    connection = eventually(lambda: process.poll() is not None or running_database(settings), within_s=120)
    assert isinstance(connection, psycopg.Connection), process.communicate()
    assert eventually(lambda: process.poll() is not None or holds(connection, condition), within_s=120)
    return connection


def holds(connection: Watched, condition: str) -> bool:
    try:
        row = connection.execute(condition.encode()).fetchone()
    except psycopg.errors.UndefinedTable:
        return False
    return bool(row and row[0])


def prints_of(state: Path, finished: Finished, schemas: tuple[str, ...], tables: tuple[str, ...]) -> dict[str, str]:
    from rouxing.warehouse.database import open_database

    database = open_database(finished.settings.model_copy(update={"state_dir": state}))
    with database.connect() as connection:
        found = fingerprint(connection, schemas, tables)
    database.close()
    return dict(found)


@pytest.mark.usefixtures("undisturbed")
def test_a_demo_killed_thrice_ends_with_the_plan_of_an_undisturbed_one(
    state: Path, request: pytest.FixtureRequest
) -> None:
    for stage in IN_THE_MIDDLE:
        kill_in(stage, state)
    plan_id = finish(start(state, *COMMAND))
    # Asked for only now: the undisturbed demo ran meanwhile.
    finished: Finished = request.getfixturevalue("finished")
    assert plan_id == finished.plan_id
    facts = ("core", "mart", "plan")
    ours, theirs = (prints_of(folder, finished, facts, ()) for folder in (state, finished.settings.state))
    assert [name for name in theirs if ours[name] != theirs[name]] == []


def test_the_second_run_changes_nothing(finished: Finished) -> None:
    books = ("ops.quarantine", "ops.outbox", "ops.batches", "ops.stage_runs", "vault.identities")
    before = prints_of(finished.settings.state, finished, ("core", "mart", "plan"), books)
    assert finish(start(finished.settings.state, *COMMAND)) == finished.plan_id
    after = prints_of(finished.settings.state, finished, ("core", "mart", "plan"), books)
    assert [name for name in before if before[name] != after[name]] == []
    assert descendants_of_demo(finished.settings.state) == []


def descendants_of_demo(state: Path) -> list[str]:
    from tests.end_to_end.demo import servers_of

    return [process.name() for process in servers_of(state) if process.pid != psutil.Process().pid]
