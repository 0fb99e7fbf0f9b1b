"""What the demo prints at its end, read back from the database."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rouxing.publish.outbox import planned_calls
from rouxing.settings import Settings
from rouxing.warehouse.database import Connection, open_database
from rouxing.warehouse.frames import read_frame

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
CHANNELS = {
    "stock_transfer": "transfers DC to store",
    "staff": "staff per half hour, store-days",
    "slot_capacity": "slot capacities, store-days",
    "coupon_quota": "coupon quotas changed",
}


def print_summary(settings: Settings, plan_id: str, console: Console) -> None:
    """Plan, certificate, data, accuracy, calls, report, and how to open the Prefect UI."""
    database = open_database(settings)
    with database.connect() as connection:
        header = read_frame(connection, "report/header", plan_id=plan_id).iloc[0]
        _print_plan(console, header)
        _print_quality(console, connection, header["as_of"])
        _print_accuracy(console, connection, header["forecast_id"])
    _print_calls(console, planned_calls(database, plan_id))
    database.close()
    report = str(settings.reports / f"{plan_id}.html")
    console.print(Text.assemble("Report (open in a browser): ", (report, "bold")), soft_wrap=True)
    console.print(
        f"Prefect UI: run [bold]make up[/], then open http://127.0.0.1:{settings.prefect_port} "
        "(the runs of this demo are there too)",
        soft_wrap=True,
        highlight=False,
    )


def _print_plan(console: Console, header: pd.Series) -> None:
    label = "" if header["rung"] == "full" else f"  [yellow]{header['rung']}[/]"
    console.print(
        f"\n[bold green]Plan {header['plan_id']}[/] for {header['business_date']:%Y-%m-%d}{label}", highlight=False
    )
    if header["rung_reason"]:
        console.print(Text(f"  {header['rung_reason']}", "yellow"), highlight=False)
    console.print(f"{_certificate(header)}   [dim](simulated city)[/]", highlight=False)
    if pd.notna(header["fallback_cost_fen"]):
        cost = header["fallback_cost_fen"] / 100
        console.print(f"Cost of the fallback: at most ¥{cost:,.0f} of the quotas' worth", highlight=False)
    console.print(_approval(header), markup=False, highlight=False)
    if pd.notna(header["stock_value_fen"]):
        console.print(
            f"Worth: stock {_gap(header['stock_value_fen'], header['stock_bound_fen'])}, "
            f"quotas {_gap(header['quota_value_fen'], header['quota_bound_fen'])}",
            highlight=False,
        )


def _certificate(header: pd.Series) -> str:
    if header["rung"] == "freeze":
        return f"Nothing changes: plan {header['previous_plan_id']} stays in force"
    passed, total = header["checks_passed"], header["checks_total"]
    words = f"Certificate: {passed} / {total} checks passed"
    if header["verdict"] == "inherited_breach":
        return f"{words}; the other {total - passed} limits were broken before this plan, which makes none worse"
    return words if header["verdict"] == "pass" else f"{words}; the plan fails and is not published"


def _approval(header: pd.Series) -> str:
    if header["approved_by"]:
        return f"Approved by: {header['approved_by']}"
    return f"Not approved: {header['approval_note'] or 'nothing of it can be sent'}"


def _gap(value: float, bound: float) -> str:
    gap = 1 - value / bound if bound else 0.0
    return f"¥{value / 100:,.0f} (at most {max(gap, 0):.2%} below the best possible)"


def _print_quality(console: Console, connection: Connection, as_of: pd.Timestamp) -> None:
    quality = read_frame(connection, "validate/quality_summary", since=BEGINNING, until=as_of)
    table = Table(title="Data", title_justify="left")
    for name in ("feed", "rows read", "loaded", "unchanged", "quarantined", "state"):
        table.add_column(name, justify="left" if name in ("feed", "state") else "right")
    for row in quality.to_dict("records"):
        counts = [f"{row[f'rows_{part}']:,}" for part in ("read", "loaded", "unchanged", "quarantined")]
        table.add_row(row["feed"], *counts, row["status"])
    console.print(table)


def _print_accuracy(console: Console, connection: Connection, forecast_id: str | None) -> None:
    if forecast_id is None or pd.isna(forecast_id):
        return
    scores = read_frame(connection, "forecast/accuracy", forecast_id=forecast_id).set_index("method")
    ours, rule = scores.loc["ours"], scores.loc["weekday_rule"]
    console.print(
        f"Forecast, last 14 days: WAPE {ours['wape']:.3f} against {rule['wape']:.3f} of the weekday rule; "
        f"bias {ours['bias']:+.1%}; {ours['coverage_80']:.0%} of days within the 80 % interval",
        highlight=False,
    )


def _print_calls(console: Console, calls: pd.DataFrame) -> None:
    counts = calls["channel"].value_counts()
    parts = ", ".join(f"{counts.get(channel, 0)} {words}" for channel, words in CHANNELS.items())
    heading = f"Calls that would be sent (dry run, nothing left): {len(calls)}"
    console.print(f"{heading} = {parts}", highlight=False, soft_wrap=True)
