"""One run at a time for a stage of a business date, across processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from rouxing.model.errors import TransientError
from rouxing.warehouse.database import Database
from rouxing.warehouse.queries import named_query


@contextmanager
def stage_lock(database: Database, stage: str, business_date: date) -> Iterator[None]:
    """Holds the advisory lock of a stage and date; TransientError when another run has it.

    The lock lives in its own connection: PostgreSQL frees it when the process dies, however it dies.
    """
    with database.connect() as connection:
        row = connection.execute(
            named_query("core/try_stage_lock").encode(), {"name": f"{stage}/{business_date:%Y-%m-%d}"}
        ).fetchone()
        if row is None or not row[0]:
            raise TransientError(
                f"Another run of {stage} for {business_date} is at work; this one tries again when that has ended."
            )
        yield
