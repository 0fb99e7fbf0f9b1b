"""``rouxing limits``: what a plan may do without asking, and what customers must not suffer."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from rich.console import Console
from rich.table import Table

from rouxing.cli.present import connected
from rouxing.model.errors import PermanentError
from rouxing.plan.guards import NAMES
from rouxing.publish.approvals import auto_limits
from rouxing.settings import Settings
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.queries import named_query

NUMBERS = ("max_changed_share", "max_moved_coupons", "max_extra_cost_fen", "valid_hours")
LISTS = ("allowed_rungs", "allowed_verdicts")


def show_limits(settings: Settings) -> None:
    """Prints the limits of automatic approval and the guards that hold now."""
    with connected(settings) as (connection, now):
        limits = auto_limits(connection, now)
        guards = read_frame(connection, "publish/guards", now=now)
    table = Table(title="Limits", title_justify="left")
    for name in ("limit", "value", "meaning"):
        table.add_column(name)
    for name, value in asdict(limits).items():
        shown = ", ".join(value) if isinstance(value, tuple) else f"{value:,.15g}"
        table.add_row(name, shown, "automatic approval")
    for row in guards.to_dict("records"):
        table.add_row(str(row["metric"]), f"{row['limit_value']:,.15g}", f"guard: {NAMES[row['metric']][1]}")
    Console().print(table)


def set_limit(settings: Settings, name: str, value: str, by: str) -> None:
    """Sets one limit for plans made from now on; PermanentError for an unknown name or a value it cannot have."""
    with connected(settings) as (connection, now):
        if name in NAMES:
            values = {"metric": name, "limit_value": _number(name, value), "set_by": by, "set_at": now}
            connection.execute(named_query("publish/insert_guard").encode(), values)
        else:
            changed = replace(auto_limits(connection, now), **{name: _value(name, value)})
            row = {key: list(kept) if isinstance(kept, tuple) else kept for key, kept in asdict(changed).items()}
            connection.execute(named_query("publish/insert_auto_limits").encode(), {**row, "set_by": by, "set_at": now})
    Console().print(f"{name} is {value} from now on, set by {by}.", markup=False, highlight=False)


def _value(name: str, value: str) -> Any:
    if name in LISTS:
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if name not in NUMBERS:
        raise PermanentError(f"There is no limit {name!r}; there are {', '.join([*NUMBERS, *LISTS, *NAMES])}.")
    return _number(name, value)


def _number(name: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        raise PermanentError(f"{name} is a number, not {value!r}.") from None
    if not 0 <= number < 1e15 or (name == "max_changed_share" and number > 1):
        raise PermanentError(f"{name} cannot be {value}; it is at least 0, a share at most 1.")
    return number
