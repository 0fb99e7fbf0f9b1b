"""The embedded server: shared, killed, moved into a deep folder; its migrations from several processes at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psutil
import pytest

from rouxing.model.errors import PermanentError, TransientError
from rouxing.settings import PROJECT_ROOT, Settings, load_settings
from rouxing.warehouse.database import Database, open_database
from rouxing.warehouse.locks import stage_lock
from rouxing.warehouse.migrations import MIGRATIONS, migrate

USER = """
import sys
from rouxing.settings import load_settings
from rouxing.warehouse.database import open_database
database = open_database(load_settings())
print("open", flush=True)
sys.stdin.readline()
with database.connect() as connection:
    print(connection.execute("select count(*) from ops.watermarks").fetchone()[0], flush=True)
"""
HOLDER = """
import sys
from datetime import date
from rouxing.settings import load_settings
from rouxing.warehouse.database import open_database
from rouxing.warehouse.locks import stage_lock
with stage_lock(open_database(load_settings()), "forecast", date(2026, 6, 18)):
    print("open", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A project path longer than a socket's name may be; not under pytest's folder, which is closed to PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="rouxing-") as folder:
        Path(folder).chmod(0o755)
        deep = Path(folder) / ("deep" * 15) / ("deeper" * 15)
        deep.mkdir(parents=True)
        yield deep


@pytest.fixture
def here(home: Path) -> Settings:
    assert len(str(home)) > 107
    return load_settings(state_dir=home, database_url=None)


def user(settings: Settings, code: str = USER) -> subprocess.Popen[str]:
    """Another process that has the database open and waits for a line."""
    process = start(settings, code)
    assert process.stdout
    assert process.stdout.readline() == "open\n"
    return process


def start(settings: Settings, code: str) -> subprocess.Popen[str]:
    environment = {"ROUXING_STATE_DIR": str(settings.state), "ROUXING_DATABASE_NAME": settings.database_name}
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=PROJECT_ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def postmaster(settings: Settings) -> psutil.Process:
    return psutil.Process(int((settings.state / "postgres" / "postmaster.pid").read_text().splitlines()[0]))


def counts(database: Database) -> int:
    with database.connect() as connection:
        (number,) = connection.execute("select count(*) from ops.watermarks").fetchone() or (-1,)
    return int(number)


def test_two_processes_share_the_server_and_one_may_be_killed(here: Settings) -> None:
    first, second = user(here), user(here)
    server = postmaster(here)
    first.kill()
    first.communicate()
    assert second.communicate("go\n")[0] == "0\n"
    assert second.returncode == 0
    psutil.wait_procs([server], timeout=20)
    assert not server.is_running(), "the last user stops the server, though the other never said goodbye"


def test_a_killed_server_starts_again(here: Settings) -> None:
    database = open_database(here)
    server = postmaster(here)
    server.kill()
    server.wait(20)
    again = open_database(here)
    assert counts(again) == 0
    assert postmaster(here).pid != server.pid
    assert counts(database) == 0, "connections of the pool are checked before they are used"
    again.close()
    database.close()


def test_several_processes_migrate_a_new_database_at_once(here: Settings) -> None:
    fresh = here.model_copy(update={"database_name": "fresh"})
    racers = [start(fresh, USER) for _ in range(3)]
    said = [racer.communicate("go\n")[0] for racer in racers]
    assert said == ["open\n0\n"] * 3
    database = open_database(fresh)
    with database.connect() as connection:
        rows = connection.execute("select count(*) from _yoyo_migration").fetchone()
    assert rows == (len(list(MIGRATIONS.glob("*.sql"))),)
    assert migrate(database.engine.url) == []
    database.close()


def test_a_killed_migration_holds_nobody_up(here: Settings) -> None:
    database = open_database(here)
    with database.connect() as connection:
        connection.execute("insert into yoyo_lock (locked, ctime, pid) values (1, now(), 1)")
    assert migrate(database.engine.url) == []
    database.close()


def test_a_user_without_rights_is_told_so(here: Settings) -> None:
    admin = open_database(here)
    with admin.connect() as connection:
        connection.execute("drop role if exists reader")
        connection.execute("create role reader login")
    url = admin.engine.url.set(username="reader", drivername="postgresql", database="postgres")
    with pytest.raises(PermanentError, match="must be allowed to create schemas"):
        open_database(load_settings(state_dir=here.state_dir, database_url=url.render_as_string(hide_password=False)))
    admin.close()


def test_a_stage_lock_keeps_others_out_until_its_process_dies(here: Settings) -> None:
    database = open_database(here)
    holder = user(here, HOLDER)
    assert lock_is_free(database, "forecast") is False
    assert lock_is_free(database, "allocate") is True
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with stage_lock(database, "forecast", date(2026, 6, 18)):
        pass
    database.close()


def lock_is_free(database: Database, stage: str) -> bool:
    with database.connect() as connection:
        query = "select pg_try_advisory_xact_lock(hashtextextended(%s, 0))"
        row = connection.execute(query.encode(), [f"{stage}/2026-06-18"]).fetchone()
    return bool(row and row[0])


def test_a_server_that_went_away_is_a_transient_error(here: Settings) -> None:
    database = open_database(here)
    server = postmaster(here)
    server.kill()
    server.wait(20)
    with pytest.raises(TransientError, match="PostgreSQL does not answer"):
        counts(database)
    database.close()
