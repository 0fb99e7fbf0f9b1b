"""One Prefect server for the whole test session: starting one takes a quarter of a minute."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
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
        os.environ.clear()
        os.environ.update(before)
