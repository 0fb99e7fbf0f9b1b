"""What every step needs to know: for which day, as of when, for which stores, and where the data is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Literal

from rouxing.gateway.clock import now
from rouxing.model.dates import business_date_of, planning_moment
from rouxing.model.errors import PermanentError
from rouxing.settings import Settings, load_settings
from rouxing.warehouse.database import Database, open_database
from rouxing.warehouse.locks import stage_lock
from rouxing.warehouse.queries import named_query

Mode = Literal["live", "backfill"]
# The scope is part of the ledger's key, and PostgreSQL takes no keys of many thousand characters.
LONGEST_SCOPE = 500


@dataclass(frozen=True)
class Moment:
    """A business date planned at ``as_of``; only rows known by ``known_by`` count.

    ``known_by`` lies before ``as_of`` because a vendor's newest rows may not show yet: what a run could miss, no run
    uses. ``stores`` limits decisions to a part of the chain; empty = all.
    """

    business_date: date
    as_of: datetime
    known_by: datetime
    mode: Mode = "live"
    stores: tuple[str, ...] = ()

    @property
    def origin(self) -> date:
        """The last whole day before the planned one."""
        return self.business_date - timedelta(days=1)

    @property
    def scope(self) -> str:
        """The stores, comma separated; how many and a hash of them when that is too long for a key."""
        names = ",".join(self.stores)
        if len(names) <= LONGEST_SCOPE:
            return names
        return f"{len(self.stores)} stores {sha256(names.encode()).hexdigest()}"

    @property
    def stores_json(self) -> str:
        """The scope as the headers of drafts hold it."""
        return json.dumps(list(self.stores))

    @property
    def label(self) -> str:
        return f"{self.business_date:%Y-%m-%d}"


def resolve_moment(
    business_date: date | None, as_of: datetime | None, *, mode: Mode = "live", stores: tuple[str, ...] = ()
) -> Moment:
    """The moment a run is for.

    Neither given: now, by the clock of the settings. Only the date: its planning time 05:30. Only ``as_of``: its day.
    """
    settings = load_settings()
    if as_of is None:
        as_of = now(settings.clock, settings.vendor_url) if business_date is None else planning_moment(business_date)
    if as_of.tzinfo is None:
        raise PermanentError(f"as_of {as_of.isoformat()} has no time zone; write e.g. 2026-06-18T05:30:00+08:00.")
    business_date = business_date or business_date_of(as_of)
    known_by = as_of - timedelta(minutes=settings.settle_minutes)
    return Moment(business_date, as_of, known_by, mode, tuple(sorted(set(stores))))


@cache
def current_settings() -> Settings:
    """The settings of this process, read once."""
    return load_settings()


@cache
def current_database() -> Database:
    """The database of this process, opened and migrated once."""
    return open_database(current_settings())


@dataclass
class StageRun:
    """What a stage has to say for the partition ledger."""

    result_id: str = ""
    status: Literal["done", "degraded"] = "done"
    note: str = ""


@contextmanager
def stage_run(stage: str, moment: Moment) -> Iterator[StageRun]:
    """One run of a stage for a business date: alone by its lock, and written into the partition ledger.

    A run that gives up waiting for the lock has failed too: what is decided next has to know.
    """
    database = current_database()
    try:
        with stage_lock(database, stage, moment.business_date):
            run = StageRun()
            yield run
            _record(database, stage, moment, run.status, run.result_id, run.note)
    except Exception as error:
        _record(database, stage, moment, "failed", "", str(error))
        raise


def _record(database: Database, stage: str, moment: Moment, status: str, result_id: str, note: str) -> None:
    with database.connect() as connection:
        connection.execute(
            named_query("core/record_stage_run").encode(),
            {
                "stage": stage,
                "business_date": moment.business_date,
                "as_of": moment.as_of,
                "mode": moment.mode,
                "scope": moment.scope,
                "status": status,
                "result_id": result_id,
                "note": note,
            },
        )


Listener = Callable[[str, str, float], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Has ``listener(stage, part, share)`` told how far (0-1) a part of a stage has come in this process."""
    _listeners.append(listener)


def tell(stage: str, part: str, share: float) -> None:
    """Tells who listens how far a part of a stage has come."""
    for listener in _listeners:
        listener(stage, part, share)
