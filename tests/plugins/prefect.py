"""One Prefect server for the whole test session: starting one takes a quarter of a minute."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import pytest

from rouxing.stack.processes import free_port
from rouxing.stack.server import ServerHandle, ensure_server

T = TypeVar("T")


def eventually(read: Callable[[], T], within_s: float = 60.0) -> T:
    """The first truthy value of `read`, or its last value when the time is over."""
    deadline = time.monotonic() + within_s
    while not (value := read()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return value


def seed_database(state: Path, server: ServerHandle) -> None:
    """Give a state folder the tables of a running server, which saves ten seconds of migrations."""
    (state / "prefect").mkdir()
    with (
        closing(sqlite3.connect(server.state / "prefect" / "prefect.db")) as source,
        closing(sqlite3.connect(state / "prefect" / "prefect.db")) as copy,
    ):
        source.backup(copy)


UP = """
import sys
from rouxing.settings import load_settings
from rouxing.stack.up import run_stack
sys.exit(run_stack(load_settings()))
"""


@contextmanager
def running_up(state: Path, settings: Mapping[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """`rouxing up` on a state folder, as a process of its own, and the file of its output."""
    log = state / "up.txt"
    environment = {
        "ROUXING_STATE_DIR": str(state),
        "ROUXING_PREFECT_PORT": str(free_port()),
        **settings,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", UP], env={**os.environ, **environment}, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield process, log
    finally:
        # Ended as a person would, so that nothing it started stays; by force only if it does not listen.
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(60)
        process.kill()
        process.wait()


def wait_for_line(process: subprocess.Popen[bytes], log: Path, line: str) -> None:
    assert eventually(lambda: line in log.read_text() or process.poll() is not None, within_s=120)
    assert process.poll() is None, log.read_text()


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerHandle]:
    """A server of the session's own; this process and its children talk to it, however early Prefect was imported."""
    with ensure_server(tmp_path_factory.mktemp("stack"), free_port()) as server:
        before = dict(os.environ)
        os.environ.update(server.environment)
        # Imported late: it takes seconds that the other rooms' tests need not pay.
        from prefect.settings import PREFECT_API_URL, PREFECT_SERVER_EPHEMERAL_ENABLED, temporary_settings

        with temporary_settings({PREFECT_API_URL: server.api_url, PREFECT_SERVER_EPHEMERAL_ENABLED: False}):
            yield server
            _hand_over_logs()
        os.environ.clear()
        os.environ.update(before)


def _hand_over_logs() -> None:
    """Prefect's threads hand over their last records while the server still runs; later they would wait in vain."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    APILogWorker.drain_all()
    EventsWorker.drain_all()


@pytest.fixture(scope="module")
def up_state(prefect_server: ServerHandle) -> Iterator[Path]:
    """A state folder for `rouxing up`, its Prefect tables already made.

    Not under pytest's own folder: every pytest session closes that to others, and for root the embedded PostgreSQL
    runs as another user.
    """
    with tempfile.TemporaryDirectory(prefix="rouxing-") as folder:
        seed_database(Path(folder), prefect_server)
        yield Path(folder)
