from __future__ import annotations

from collections.abc import Iterator

import pytest

from rouxing.warehouse.database import Connection, Database
from tests.plan.world import write_plan, write_world


@pytest.fixture
def plan(database: Database) -> Iterator[Connection]:
    """A connection with the sound plan of the small world in it; everything is rolled back afterwards."""
    raw = database.engine.raw_connection()
    connection = raw.driver_connection
    assert connection is not None
    write_world(connection)
    write_plan(connection)
    yield connection
    raw.rollback()
    raw.close()
