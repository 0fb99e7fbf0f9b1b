"""Fixtures that more than one room uses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from rouxing.settings import Settings, load_settings
from rouxing.warehouse.database import Database, open_database

pytest_plugins = ["tests.plugins.prefect"]

# Read when Prefect is imported: no thread of it may start a temporary server of its own.
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_ENABLED", "false")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On several workers a file stays with its database on one, and the end-to-end files with their demo."""
    for item in items:
        room = item.path.parent.name
        group = room if room == "end_to_end" else f"{room}/{item.path.name}"
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def settings() -> Settings:
    return load_settings()


@pytest.fixture(scope="module")
def database_settings(settings: Settings) -> Settings:
    """Settings of a database of the module's own inside the embedded PostgreSQL."""
    return settings.model_copy(update={"database_name": f"test_{uuid4().hex[:12]}", "database_url": None})


@pytest.fixture(scope="module")
def database(database_settings: Settings, settings: Settings) -> Iterator[Database]:
    """A fresh, migrated database; dropped afterwards."""
    opened = open_database(database_settings)
    yield opened
    opened.close()
    admin = open_database(settings.model_copy(update={"database_name": "postgres"}), migrated=False)
    raw = admin.engine.raw_connection()
    connection = raw.driver_connection
    assert connection is not None
    connection.autocommit = True
    connection.execute(f"drop database {database_settings.database_name} with (force)")
    raw.close()
    admin.close()


@pytest.fixture(scope="session")
def real_history(settings: Settings) -> Path:
    """Folder of the real histories; skipped by name where absent, a failure in CI."""
    if settings.real_history.is_dir():
        return settings.real_history
    message = f"no real histories in {settings.real_history}; set ROUXING_REAL_HISTORY"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
