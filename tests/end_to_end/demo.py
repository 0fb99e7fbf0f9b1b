"""Runs of the demo as a process of its own, and what they leave in the database."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil
import psycopg

from rouxing.settings import PROJECT_ROOT, Settings, load_settings
from rouxing.stack.processes import free_port

CITY = {"city_stores": 4, "city_days": 35, "city_seed": 1}
COMMAND = ("demo", "--stores", "4", "--days", "35", "--seed", "1")
PLAN = re.compile(r"^Plan (plan-[0-9a-f]{16})", re.MULTILINE)
# What tells when, in which order or how fast something was written, and nothing else.
UNEQUAL = ("seconds", "loaded_at", "batch_id", "landed_at", "judged_at", "finished_at", "sent_at", "updated_at")


def demo_settings(state: Path) -> Settings:
    """Settings of the demo of the small city on a state folder."""
    settings = load_settings(state_dir=state, **CITY)
    return settings.model_copy(update={"database_name": f"demo_{settings.city_name}"})


def start(state: Path, *command: str, **settings: str) -> subprocess.Popen[str]:
    """The command line on a state folder, as a process of its own."""
    environment = {"ROUXING_STATE_DIR": str(state), "ROUXING_PREFECT_PORT": str(free_port()), **settings}
    return subprocess.Popen(
        [sys.executable, "-m", "rouxing", *command],
        cwd=PROJECT_ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    """The plan id that a demo prints at its end."""
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, out + errors
    assert "Traceback" not in out + errors
    found = PLAN.search(out)
    assert found, out
    return found.group(1)


def running_database(settings: Settings) -> psycopg.Connection[tuple[object, ...]] | None:
    """A connection that leaves no handle on the embedded server, or None while there is no such database."""
    record = settings.state / "postgres" / "postmaster.pid"
    try:
        folder = record.read_text().splitlines()[4]
        return psycopg.connect(
            host=folder, user="postgres", dbname=settings.database_name, autocommit=True, connect_timeout=5
        )
    except (OSError, IndexError, psycopg.OperationalError):
        return None


def servers_of(state: Path) -> list[psutil.Process]:
    """Processes that work on a state folder, PostgreSQL apart."""
    return [process for process in psutil.process_iter() if _is_of(process, state)]


def _is_of(process: psutil.Process, state: Path) -> bool:
    try:
        where = [*process.cmdline(), process.environ().get("ROUXING_STATE_DIR"), process.environ().get("PREFECT_HOME")]
        return "postgres" not in process.name() and any(str(state) in (part or "") for part in where)
    except psutil.Error:
        return False


def fingerprint(
    connection: psycopg.Connection[tuple[object, ...]], schemas: tuple[str, ...], tables: tuple[str, ...] = ()
) -> Mapping[str, str]:
    """Hash of each table's rows, without what tells only when they were written."""
    names = connection.execute(
        "select table_schema || '.' || table_name from information_schema.tables"
        " where table_schema = any(%s) order by 1",
        [list(schemas)],
    ).fetchall()
    return {name: _table_hash(connection, name) for name in (*(str(row[0]) for row in names), *tables)}


def _table_hash(connection: psycopg.Connection[tuple[object, ...]], table: str) -> str:
    query = f"select (to_jsonb(t) - %s::text[])::text from {table} as t order by 1"
    digest = hashlib.sha256()
    for (row,) in connection.execute(query.encode(), [list(UNEQUAL)]):
        digest.update(str(row).encode())
    return digest.hexdigest()
