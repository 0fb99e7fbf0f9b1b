"""``rouxing forecast rescore``: a stored model forecasts again, and the numbers must be the stored ones."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import joblib
import numpy as np
import pandas as pd
from rich.console import Console
from rich.text import Text

from rouxing.model.errors import PermanentError
from rouxing.settings import Settings
from rouxing.warehouse.database import Connection, open_database
from rouxing.warehouse.forecast_inputs import read_forecast_inputs
from rouxing.warehouse.frames import read_frame

COMPARED = ("mean", "p05", "p10", "p25", "p50", "p75", "p90", "p95", "rule", "committed", "dispersion", "to_come")


def rescore(settings: Settings, forecast_id: str) -> int:
    """Prints whether inputs and forecast days are the stored ones to the last bit; exit code 1 when they are not."""
    database = open_database(settings)
    with database.connect() as connection:
        changed, stored, again = score_again(connection, forecast_id, settings.settle_minutes)
    database.close()
    differing = different_days(stored, again)
    console = Console()
    for name in changed:
        console.print(Text.assemble(("✗", "red"), f" input {name} reads otherwise than it did"))
    same = not changed and not differing
    told = (
        f"{len(stored):,} store-days of {forecast_id}: {differing or 'none'} differ from what the stored model says now"
    )
    console.print(Text.assemble(("✓", "green") if same else ("✗", "red"), f" {told}"), soft_wrap=True)
    return 0 if same else 1


def score_again(
    connection: Connection, forecast_id: str, settle_minutes: int
) -> tuple[list[str], pd.DataFrame, pd.DataFrame]:
    """Inputs that have changed, the stored days, and the days that the stored model gives from the inputs read again.

    The inputs are read as of the forecast's moment, so that later rows change nothing. PermanentError for a name that
    nobody knows.
    """
    from rouxing.forecast.demand import predict_demand
    from rouxing.forecast.features import feature_maker
    from rouxing.forecast.history import day_number
    from rouxing.forecast.inputs import history_of
    from rouxing.forecast.panel import build_panel

    found = read_frame(connection, "forecast/stored_model", forecast_id=forecast_id)
    if found.empty:
        raise PermanentError(f"There is no forecast {forecast_id!r}; the report and `rouxing status` name forecasts.")
    run = found.iloc[0]
    business_date = run["business_date"].date()
    origin = business_date - timedelta(days=1)
    known_by = run["as_of"].to_pydatetime() - timedelta(minutes=settle_minutes)
    inputs = read_forecast_inputs(connection, known_by, origin, business_date)
    known = history_of(inputs).as_of(origin)
    panel = build_panel(known, day_number(origin), int(run["parameters"]["horizon_days"]))
    days = predict_demand(joblib.load(io.BytesIO(run["model"])), feature_maker(known, panel))
    stored = read_frame(connection, "forecast/days", forecast_id=forecast_id)
    again = days[days["store_id"].isin(set(stored["store_id"]))]
    return _changed_inputs(connection, forecast_id, inputs), stored, again


def different_days(stored: pd.DataFrame, again: pd.DataFrame) -> int:
    """How many store-days differ in any number, by a single bit even; days that only one side has count too."""
    joined = stored.merge(again, on=["store_id", "date"], how="outer", suffixes=("", "_again"))
    pairs = [(joined[name].to_numpy(), joined[f"{name}_again"].to_numpy()) for name in COMPARED]
    differs = np.any([before != after for before, after in pairs], axis=0)
    return int(differs.sum())


def _changed_inputs(connection: Connection, forecast_id: str, inputs: dict[str, Any]) -> list[str]:
    from rouxing.plan.identity import frame_hash

    hashes = read_frame(connection, "forecast/input_hashes", forecast_id=forecast_id)
    known = dict(zip(hashes["name"], hashes["hash"], strict=True))
    return sorted(name for name, frame in inputs.items() if known.get(name) != frame_hash(frame))
