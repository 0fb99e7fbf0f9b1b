"""Forecast steps: read as of the moment, train and predict, judge, write."""

from __future__ import annotations

import io
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pandas as pd
from prefect import task

from rouxing.model.errors import PermanentError
from rouxing.plan.identity import canonical_json, code_version, frame_hash, identity, inputs_hash
from rouxing.settings import PROJECT_ROOT
from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.queries import named_query
from tasks.artifacts import leave_markdown, leave_table
from tasks.context import Moment, current_database, tell
from tasks.options import STEP

INPUTS = ("daily_pickups", "bookings", "claims", "slot_history", "sku_history")


@task(name="forecast-pickups", **STEP)
def forecast_pickups(moment: Moment, horizon_days: int, judge_days: int) -> str:
    """Trains, predicts, judges and writes one forecast; the same inputs are not computed twice."""
    from rouxing.forecast.demand import ForecastParameters

    database = current_database()
    tell("forecast", "train", 0.05)
    with database.connect() as connection:
        inputs = read_inputs(connection, moment)
    if inputs["stores"].empty or inputs["daily_pickups"].empty:
        raise PermanentError(f"No store or no pickup is known for {moment.label}; run ingest and validate first.")
    hashes = {name: frame_hash(frame) for name, frame in inputs.items()}
    header = {
        "business_date": moment.business_date,
        "as_of": moment.as_of,
        "horizon_days": horizon_days,
        "judge_days": judge_days,
        "stores": list(moment.stores),
        "model": asdict(ForecastParameters()),
    }
    code = code_version(PROJECT_ROOT)
    forecast_id = identity("forecast", inputs_hash(hashes), header, code)
    with database.connect() as connection:
        known = connection.execute(named_query("forecast/touch_run").encode(), {"forecast_id": forecast_id}).fetchone()
    if known is None:
        made = predict(moment, inputs, horizon_days, judge_days)
        with database.connect() as connection:
            write_forecast(connection, moment, forecast_id, header, code, hashes, inputs, made)
    tell("forecast", "train", 1.0)
    return forecast_id


def read_inputs(connection: Connection, moment: Moment) -> dict[str, pd.DataFrame]:
    """Everything the forecast is made of, as known by the moment."""
    as_of = {"known_by": moment.known_by, "origin": moment.origin, "business_date": moment.business_date}
    inputs = {name: read_frame(connection, f"forecast/{name}", **as_of) for name in INPUTS}
    return {**inputs, "stores": read_frame(connection, "core/stores", **as_of)}


def predict(moment: Moment, inputs: dict[str, pd.DataFrame], horizon_days: int, judge_days: int) -> dict[str, Any]:
    """Days, slots, SKUs, redemption curves, accuracy and the model, for the stores of the moment's scope."""
    from rouxing.forecast.backtest import backtest_demand
    from rouxing.forecast.commitments import redemption_curve
    from rouxing.forecast.demand import forecast_demand
    from rouxing.forecast.history import History
    from rouxing.forecast.profile import half_hour_profile, sku_split

    history = History(inputs["daily_pickups"], inputs["bookings"], inputs["claims"], inputs["stores"])
    forecast = forecast_demand(history, moment.origin, horizon_days)
    tell("forecast", "train", 0.5)
    accuracy = pd.DataFrame()
    if judge_days:
        judged = backtest_demand(history, [moment.origin - timedelta(days=judge_days)], judge_days)
        accuracy = judged.scores
    tell("forecast", "train", 0.9)
    scope = set(moment.stores or inputs["stores"]["store_id"])
    tables = {
        "days": forecast.days,
        "slots": half_hour_profile(inputs["slot_history"], inputs["stores"]),
        "skus": sku_split(inputs["sku_history"], inputs["daily_pickups"]),
    }
    return {
        **{name: table[table["store_id"].isin(scope)] for name, table in tables.items()},
        "curves": redemption_curve(inputs["claims"], moment.origin),
        "accuracy": accuracy,
        "warnings": list(forecast.warnings),
        "model": forecast.model,
    }


def write_forecast(
    connection: Connection,
    moment: Moment,
    forecast_id: str,
    header: dict[str, Any],
    code: str,
    hashes: dict[str, str],
    inputs: dict[str, pd.DataFrame],
    made: dict[str, Any],
) -> None:
    """Header and lines in one transaction."""
    import joblib

    model = io.BytesIO()
    joblib.dump(made["model"], model, compress=3)
    connection.execute(
        named_query("forecast/insert_run").encode(),
        {
            "forecast_id": forecast_id,
            "business_date": moment.business_date,
            "as_of": moment.as_of,
            "inputs_hash": inputs_hash(hashes),
            "parameters": canonical_json(header),
            "code_version": code,
            "model": model.getvalue(),
            "accuracy": made["accuracy"].to_json(orient="records"),
            "warnings": made["warnings"],
        },
    )
    day_columns = ["store_id", "date", "mean", "p05", "p10", "p25", "p50", "p75", "p90", "p95"]
    lines = {
        "mart.forecast_days": made["days"][[*day_columns, "rule", "committed", "method"]],
        "mart.forecast_slots": made["slots"][["store_id", "weekday", "slot", "share"]],
        "mart.forecast_skus": made["skus"][["store_id", "sku_id", "units_per_pickup", "walk_in_units_per_day"]],
        "mart.redemption_curves": made["curves"][["stock_id", "age_days", "redeemed_share"]],
        "mart.forecast_inputs": pd.DataFrame(
            [{"name": name, "rows": len(frame), "hash": hashes[name]} for name, frame in inputs.items()]
        ),
    }
    for table, frame in lines.items():
        copy_frame(connection, table, frame.assign(forecast_id=forecast_id))


@task(name="report-forecast", **STEP)
def report_forecast(forecast_id: str) -> None:
    """Leaves the chain's days, the accuracy and the warnings for people."""
    with current_database().connect() as connection:
        days = read_frame(connection, "forecast/days", forecast_id=forecast_id)
        accuracy = read_frame(connection, "forecast/accuracy", forecast_id=forecast_id)
        warnings = read_frame(connection, "forecast/warnings", forecast_id=forecast_id)
    chain = days.groupby("date")[["mean", "rule", "committed"]].sum().round(1).reset_index()
    leave_table("forecast-days", "全连锁每日自提预测 / Pickups per day, chain", chain, "Forecast, chain total")
    leave_table("forecast-accuracy", "近两周准确度 / Accuracy", accuracy.round(4), "Backtest before the business date")
    if len(warnings):
        leave_markdown("forecast-warnings", "\n".join(f"- {text}" for text in warnings["warning"]), "Where it is weak")
