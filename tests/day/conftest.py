"""The flows' steps in this process, on a warehouse of the module's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rouxing.settings import Settings
from rouxing.stack.server import ServerHandle
from rouxing.warehouse.database import Database


@pytest.fixture
def empty(
    prefect_server: ServerHandle, database: Database, database_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """The tasks of this process on an empty, migrated database."""
    from tasks.context import current_database, current_settings

    monkeypatch.setenv("ROUXING_DATABASE_NAME", database_settings.database_name)
    monkeypatch.delenv("ROUXING_DATABASE_URL", raising=False)
    current_settings.cache_clear()
    current_database.cache_clear()
    yield database
    current_database().close()
    current_settings.cache_clear()
    current_database.cache_clear()
