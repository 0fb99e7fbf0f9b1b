"""What time it is for a command: that of the chain it speaks to, simulated or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from rouxing.gateway.clock import now
from rouxing.model.dates import SHANGHAI
from rouxing.model.errors import PermanentError, TransientError
from rouxing.settings import Settings
from rouxing.stack.city import wants_city
from rouxing.warehouse.database import Connection, open_database
from rouxing.warehouse.frames import read_frame

MOMENT_FORMATS = ["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]


@contextmanager
def connected(settings: Settings) -> Iterator[tuple[Connection, datetime]]:
    """A connection in one transaction, and the present moment."""
    database = open_database(settings)
    try:
        with database.connect() as connection:
            yield connection, present(settings, connection)
    finally:
        database.close()


def present(settings: Settings, connection: Connection) -> datetime:
    """The present moment; with a simulated chain the city's, or where no city runs that of its newest plan."""
    if settings.clock == "system" and not wants_city(settings):
        return datetime.now(UTC)
    try:
        return now("city", settings.vendor_url)
    except TransientError:
        newest = read_frame(connection, "publish/recent_plans", count=1)
        return datetime.now(UTC) if newest.empty else newest["as_of"].iloc[0].to_pydatetime()


def in_shanghai(moment: datetime) -> datetime:
    """A moment as a person typed it: Asia/Shanghai where it has no zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def shown(moment: datetime) -> str:
    """``2026-06-18 05:30`` in Asia/Shanghai."""
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def known_store(connection: Connection, store_id: str) -> None:
    """PermanentError for a store that master data does not know."""
    if len(read_frame(connection, "core/unknown_stores", stores=[store_id])):
        raise PermanentError(f"Master data knows no store {store_id}; check the number.")
