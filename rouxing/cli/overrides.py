"""``rouxing override``: what a store sets itself for a while."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rouxing.cli.present import connected, in_shanghai, known_store, shown
from rouxing.model.errors import PermanentError
from rouxing.plan.overrides import SWITCHES, Override, checked
from rouxing.settings import Settings
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.queries import named_query


def set_override(
    settings: Settings,
    store: str,
    kind: str,
    value: float | None,
    *,
    since: datetime | None,
    until: datetime | None,
    reason: str,
    by: str,
) -> None:
    """Writes an override and says from which plan on it counts; PermanentError says what is missing."""
    if until is None:
        raise PermanentError("An override needs an end: --until '2026-06-20 22:00' (Asia/Shanghai).")
    if value is None and kind not in SWITCHES:
        raise PermanentError(f"{kind} needs a number, e.g. `rouxing override {store} {kind} 80 ...`.")
    with connected(settings) as (connection, now):
        known_store(connection, store)
        starts = in_shanghai(since) if since else now
        number = 1.0 if value is None else value
        override = checked(Override(store, kind, number, reason, by, starts, in_shanghai(until)), now)
        known_at = now - timedelta(minutes=settings.settle_minutes)
        row = connection.execute(
            named_query("publish/insert_override").encode(), {**asdict(override), "known_at": known_at}
        ).fetchone()
    _say(
        f"Override {row[0] if row else ''}: {store} {kind} {number:g} from {shown(override.starts_at)} until "
        f"{shown(override.ends_at)}. Every plan made from now on keeps to it."
    )


def end_override(settings: Settings, override_id: int, by: str) -> None:
    """Ends an override now; PermanentError when it is over already or there is no such one."""
    with connected(settings) as (connection, now):
        known_at = now - timedelta(minutes=settings.settle_minutes)
        values = {"override_id": override_id, "revoked_at": known_at, "revoked_by": by, "now": now}
        row = connection.execute(named_query("publish/end_override").encode(), values).fetchone()
    if row is None:
        raise PermanentError(f"No override {override_id} holds; `rouxing override --list` shows those that do.")
    _say(f"Override {override_id} of {row[0]} ({row[1]}) has ended; the next plan is free of it.")


def list_overrides(settings: Settings) -> None:
    """Prints the overrides that hold or are still to come."""
    with connected(settings) as (connection, now):
        rows = read_frame(connection, "publish/list_overrides", now=now)
    table = Table(title=f"Overrides (Asia/Shanghai, now {shown(now)})", title_justify="left")
    for name in rows.columns:
        table.add_column(str(name))
    for row in rows.itertuples(index=False):
        table.add_row(*(Text(_cell(value)) for value in row))
    Console().print(table if len(rows) else "No override holds.")


def _cell(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return shown(value.to_pydatetime())
    return f"{value:g}" if isinstance(value, float) else str(value)


def _say(sentence: str) -> None:
    Console().print(sentence, markup=False, highlight=False, soft_wrap=True)
