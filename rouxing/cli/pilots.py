"""``rouxing pilot``: a strategy in a few stores first, stopped when customers would suffer."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rouxing.cli.present import connected, in_shanghai, known_store, shown
from rouxing.model.dates import business_date_of
from rouxing.model.errors import PermanentError
from rouxing.plan.pilot import cohort
from rouxing.settings import Settings
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.queries import named_query


def start_pilot(
    settings: Settings,
    strategy: str,
    stores: list[str],
    share: float | None,
    seed: int,
    *,
    until: datetime,
    by: str,
) -> None:
    """Starts a pilot in the named stores, or in a share of the chain drawn by a seed; says which stores."""
    with connected(settings) as (connection, now):
        chosen = _chosen(connection, stores, share, seed, now, settings.settle_minutes)
        pilot_id = f"pilot-{sha256(f'{strategy} {now.timestamp()}'.encode()).hexdigest()[:8]}"
        ends_at = in_shanghai(until)
        if ends_at <= now:
            raise PermanentError(f"The pilot would be over before it begins; it is {shown(now)} now.")
        connection.execute(
            named_query("publish/start_pilot").encode(),
            {
                "pilot_id": pilot_id,
                "strategy": strategy,
                "stores": list(chosen),
                "cohort_share": share,
                "cohort_seed": None if share is None else seed,
                "started_by": by,
                "starts_at": now,
                "ends_at": ends_at,
                "known_at": now - timedelta(minutes=settings.settle_minutes),
            },
        )
    _say(
        f"{pilot_id} ({strategy}) runs until {shown(ends_at)} in {len(chosen)} stores: {', '.join(chosen)}. "
        "All other stores keep their numbers."
    )


def stop_pilot(settings: Settings, pilot_id: str, reason: str, by: str) -> None:
    """Stops a pilot: from now on no store is changed, until it is released or another starts."""
    values = {"reason": reason, "by": by}
    _end(settings, "publish/stop_pilot", pilot_id, values, "is stopped; no store is changed from now on")


def release_pilot(settings: Settings, pilot_id: str, by: str) -> None:
    """Ends a pilot by giving its strategy to the whole chain."""
    _end(settings, "publish/release_pilot", pilot_id, {"by": by}, "is released; the whole chain takes part from now on")


def list_pilots(settings: Settings) -> None:
    """Prints all pilots, the newest first."""
    with connected(settings) as (connection, now):
        pilots = read_frame(connection, "publish/list_pilots")
    table = Table(title=f"Pilots (Asia/Shanghai, now {shown(now)})", title_justify="left")
    for name in ("pilot", "strategy", "stores", "from", "until", "state"):
        table.add_column(name, overflow="fold")
    for row in pilots.to_dict("records"):
        moments = [shown(row[name].to_pydatetime()) for name in ("starts_at", "ends_at")]
        cells = [row["pilot_id"], row["strategy"], ", ".join(row["stores"]), *moments, _state(row, now)]
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table if len(pilots) else "There has been no pilot; plans are for the whole chain.")


def _state(row: dict[Any, Any], now: datetime) -> str:
    if pd.notna(row["released_at"]):
        return f"released by {row['released_by']}"
    if pd.notna(row["stopped_at"]):
        return f"stopped by {row['stopped_by']}: {row['stopped_reason']}"
    return "over, not released" if row["ends_at"].to_pydatetime() <= now else "runs"


def _chosen(
    connection: Connection, stores: list[str], share: float | None, seed: int, now: datetime, settle_minutes: int
) -> tuple[str, ...]:
    if bool(stores) == (share is not None):
        raise PermanentError("Name the stores (--store S012, repeatable) or a share of the chain (--share 0.1).")
    for store in stores:
        known_store(connection, store)
    if share is None:
        return tuple(sorted(set(stores)))
    known_by = now - timedelta(minutes=settle_minutes)
    known = read_frame(connection, "core/stores", known_by=known_by, business_date=business_date_of(now))
    if known.empty:
        raise PermanentError("Master data knows no store yet; run ingest and validate first.")
    return cohort(known["store_id"], share, seed)


def _end(settings: Settings, query: str, pilot_id: str, values: dict[str, Any], said: str) -> None:
    with connected(settings) as (connection, now):
        known_at = now - timedelta(minutes=settings.settle_minutes)
        row = connection.execute(
            named_query(query).encode(), {"pilot_id": pilot_id, "known_at": known_at, **values}
        ).fetchone()
    if row is None:
        raise PermanentError(f"No pilot {pilot_id} is open; `rouxing pilot list` shows all.")
    _say(f"{pilot_id} {said}.")


def _say(sentence: str) -> None:
    Console().print(sentence, markup=False, highlight=False, soft_wrap=True)
