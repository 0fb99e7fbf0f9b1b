"""One run at a time for a stage of a business date, across processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import psycopg

from rouxing.model.errors import TransientError
from rouxing.warehouse.database import Database
from rouxing.warehouse.queries import named_query


@contextmanager
def stage_lock(database: Database, stage: str, business_date: date) -> Iterator[None]:
    """Holds the advisory lock of a stage and date; waits a minute for another run, then raises TransientError."""
    with named_lock(database, f"{stage}/{business_date:%Y-%m-%d}", f"{stage} for {business_date}"):
        yield


@contextmanager
def named_lock(database: Database, name: str, work: str) -> Iterator[None]:
    """Holds the advisory lock ``name``; ``work`` says to people what another run is at when the minute is over.

    The lock lives in its own connection: PostgreSQL frees it when the process dies, however it dies.
    """
    with database.connect() as connection:
        connection.execute("set local lock_timeout = '60s'")
        try:
            connection.execute(named_query("core/take_stage_lock").encode(), {"name": name})
        except psycopg.errors.LockNotAvailable as error:
            raise TransientError(
                f"Another run of {work} is still at work; start this one again when it has ended."
            ) from error
        yield
