"""``rouxing replay``: a stored plan is made again, and every line must be the stored one."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from rouxing.plan.identity import code_version
from rouxing.settings import PROJECT_ROOT, Settings
from rouxing.warehouse.database import open_database
from rouxing.warehouse.plan_reasons import read_plan
from rouxing.warehouse.plan_replay import Replay, replay_plan


def replay(settings: Settings, plan_id: str) -> int:
    """Prints whether inputs and lines of a plan are the stored ones to the last bit; exit code 1 when they are not."""
    database = open_database(settings)
    console = Console()
    try:
        with database.connect() as connection:
            plan = read_plan(connection, plan_id)
            if plan["allocation_id"] is None:
                _say(console, f"{plan_id} holds no lines of its own: it keeps {plan['previous_plan_id']} in force.")
                return 0
            _say_code(console, plan)
            made = replay_plan(connection, plan, settings.settle_minutes)
    finally:
        database.close()
    _show(console, plan_id, made)
    return 0 if made.is_same else 1


def _say_code(console: Console, plan: dict[str, Any]) -> None:
    now = code_version(PROJECT_ROOT)
    for kind in ("allocation", "redistribution"):
        made = plan[f"{kind}_code_version"]
        if made != now:
            _say(console, f"The {kind} was made by code {made}; this is {now}: numbers may differ for that alone.")


def _show(console: Console, plan_id: str, made: Replay) -> None:
    for draft in made.changed_inputs:
        console.print(Text.assemble(("✗", "red"), f" inputs of the {draft} read otherwise than they did"))
    for table in made.tables:
        mark = ("✓", "green") if table.is_same else ("✗", "red")
        told = f" {table.table}: {table.stored.rows:,} rows, {table.stored.digest[:16] or 'empty'}"
        if not table.is_same:
            told += f", now {table.rebuilt.rows:,} rows, {table.rebuilt.digest[:16] or 'empty'}"
        console.print(Text.assemble(mark, told), soft_wrap=True)
    differing = [table.table for table in made.tables if not table.is_same]
    if differing:
        _say(console, f"{plan_id} is not what it was in {', '.join(differing)}.")
    elif not made.changed_inputs:
        _say(console, f"{plan_id} is made again to the same bytes.")


def _say(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, markup=False, highlight=False)
