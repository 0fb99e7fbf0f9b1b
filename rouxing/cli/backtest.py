"""``rouxing backtest``: the forecasting code of the flow on real history."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

METHODS = {"ours": "Rouxing", "weekday_rule": "weekday rule", "seasonal_naive": "seasonal naive"}
RESPONSE_SCORES = {
    "claims": "claims with a label",
    "rate": "redeemed",
    "auc": "AUC",
    "coupon_auc": "mean AUC within a coupon",
    "log_loss": "log-loss",
    "calibration_error": "calibration error",
    "bias": "bias",
    "store_day_wape": "store-day cohort WAPE",
}
SCORES = {"wape": "WAPE", "rmsle": "RMSLE", "mase": "MASE", "bias": "bias", "coverage_80": "10-90 % cover"}


def run_backtest(folder: Path, origins: list[date], horizon: int, out: Path | None) -> None:
    """Prints the scores and writes the forecasts; PermanentError when the folder or an origin cannot be used."""
    console = Console()
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("Reading history", total=None)
        # scikit-learn takes seconds to import; the bar should stand before it.
        from rouxing.forecast.backtest import OUTPUT_COLUMNS, backtest_demand
        from rouxing.forecast.history_files import read_history

        history = read_history(folder)
        progress.update(bar, total=len(origins), description=f"Forecasting, {len(origins)} origins")
        started = time.perf_counter()
        result = backtest_demand(
            history, origins, horizon, progress=lambda done, total, _: progress.update(bar, completed=done)
        )
        seconds = time.perf_counter() - started
    console.print(_table(result.scores, f"{folder.name}: {len(origins)} origins, {horizon} days"))
    for warning in result.warnings:
        console.print(Text.assemble(("!", "yellow"), f" {warning}"), highlight=False)
    console.print(f"{len(result.rows):,} store-days forecast in {seconds:.1f} s", highlight=False)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        result.rows[list(OUTPUT_COLUMNS)].to_parquet(out, index=False)
        console.print(Text(f"Written to {out}"), soft_wrap=True, highlight=False)


def run_response(train: Path, test: Path, closed_by: date, horizon_days: int, out: Path | None) -> None:
    """Prints the scores and writes the forecasts; PermanentError when a file cannot be used."""
    console = Console()
    with Progress(console=console, transient=True) as progress:
        progress.add_task("Training and forecasting", total=None)
        from rouxing.forecast.response import backtest_response
        from rouxing.forecast.response_files import read_claims, write_forecasts

        started = time.perf_counter()
        result = backtest_response(read_claims(train), read_claims(test), closed_by, horizon_days)
        seconds = time.perf_counter() - started
    console.print(
        f"Trained on {result.trained_on:,} claims closed by {closed_by}; "
        f"{len(result.rows):,} claims forecast in {seconds:.1f} s",
        highlight=False,
    )
    if result.scores:
        console.print(_response_table(result.scores, f"{test.name}: redeemed within {horizon_days} days"))
    else:
        console.print("The test has no labels; nothing to score against")
    for warning in result.warnings:
        console.print(Text.assemble(("!", "yellow"), f" {warning}"), highlight=False)
    if out is not None:
        write_forecasts(result.rows, out)
        console.print(Text(f"Written to {out}"), soft_wrap=True, highlight=False)


def _response_table(scores: dict[str, float], title: str) -> Table:
    table = Table(title=Text(title))
    table.add_column("score")
    table.add_column("value", justify="right")
    for name, head in RESPONSE_SCORES.items():
        value = scores[name]
        table.add_row(head, f"{value:,.0f}" if name == "claims" else "" if pd.isna(value) else f"{value:.4f}")
    return table


def _table(scores: pd.DataFrame, title: str) -> Table:
    table = Table(title=Text(title))
    table.add_column("method")
    for head in SCORES.values():
        table.add_column(head, justify="right")
    for row in scores.to_dict("records"):
        cells = ["" if pd.isna(row[name]) else f"{row[name]:.4f}" for name in SCORES]
        table.add_row(METHODS[row["method"]], *cells)
    return table
