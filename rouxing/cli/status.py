"""``rouxing status``: the plan in force, freshness, last runs."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rouxing.model.dates import SHANGHAI
from rouxing.settings import Settings
from rouxing.stack.server import running_server
from rouxing.warehouse.database import open_database
from rouxing.warehouse.frames import read_frame

FAR_FUTURE = datetime(9999, 1, 1, tzinfo=UTC)


def show_status(settings: Settings) -> None:
    """Prints what a newcomer asks first; changes nothing."""
    console = Console()
    server = running_server(settings.state)
    console.print(f"Prefect UI: {server.ui_url if server else 'not running; start it with `rouxing up` (make up)'}")
    database = open_database(settings)
    with database.connect() as connection:
        plan = read_frame(connection, "publish/plan_in_force", as_of=FAR_FUTURE)
        plans = read_frame(connection, "publish/recent_plans", count=1000)
        freshness = read_frame(connection, "core/feed_freshness")
        runs = read_frame(connection, "core/recent_stage_runs")
    database.close()
    if plan.empty:
        console.print("No plan is in force yet.")
    else:
        newest = plan.iloc[0]
        day = f"{newest['business_date']:%Y-%m-%d}"
        console.print(f"Plan in force: [bold]{newest['plan_id']}[/] for {day} ({newest['rung']})")
        _print_governance(console, plans[plans["plan_id"] == newest["plan_id"]])
    console.print(_table("Feeds read until (Asia/Shanghai)", freshness))
    console.print(_table("Last runs", runs))


def _print_governance(console: Console, plan: pd.DataFrame) -> None:
    """Who answers for the plan in force, and what falling back to its rung costs."""
    for row in plan.to_dict("records"):
        by = row["approved_by"] or f"nobody yet ({row['approval_note'] or 'not asked'})"
        console.print(f"Approved by: {by}", markup=False, highlight=False)
        if pd.notna(row["fallback_cost_fen"]):
            console.print(f"Cost of the fallback: at most ¥{row['fallback_cost_fen'] / 100:,.0f}", highlight=False)


def _table(title: str, frame: pd.DataFrame) -> Table:
    table = Table(title=title, title_justify="left")
    for name in frame.columns:
        table.add_column(str(name))
    for row in frame.itertuples(index=False):
        table.add_row(*(Text(_cell(value)) for value in row))
    return table


def _cell(value: object) -> str:
    if not isinstance(value, pd.Timestamp):
        return str(value)
    if value.tzinfo is None:
        return f"{value:%Y-%m-%d}"
    return f"{value.tz_convert(SHANGHAI):%Y-%m-%d %H:%M}"
