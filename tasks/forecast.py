"""Forecast steps: read as of the moment, judge on past origins, train and predict, explain, write."""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
from prefect import task

from rouxing.model.errors import PermanentError
from rouxing.plan.identity import canonical_json, frame_hash, identity
from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Connection
from rouxing.warehouse.forecast_inputs import read_forecast_inputs
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.queries import named_query
from tasks.artifacts import leave_markdown, leave_table
from tasks.context import Moment, current_database, tell
from tasks.drafts import Draft, is_known, name_draft
from tasks.options import STEP
from tasks.runner import shard_runner

Frames = dict[str, pd.DataFrame]

_DAY_COLUMNS = (
    *("store_id", "date", "mean", "p05", "p10", "p25", "p50", "p75", "p90", "p95"),
    *("dispersion", "rule", "committed", "to_come", "method", "orders_mean", "show_up_share"),
)


@dataclass(frozen=True)
class Forecast:
    """What a run writes: ``lines`` by table, the fitted model, sentences about weak spots."""

    lines: Frames
    model: Any
    warnings: tuple[str, ...]


@task(name="forecast-pickups", **STEP)
def forecast_pickups(moment: Moment, horizon_days: int, judge_days: int) -> str:
    """Judges, trains, predicts, explains and writes one forecast; the same inputs are not computed twice."""
    from rouxing.forecast.demand import ForecastParameters
    from rouxing.forecast.inputs import history_of
    from tasks.judge import incumbent_champion, judge

    database = current_database()
    tell("forecast", "train", 0.05)
    with database.connect() as connection:
        inputs = read_forecast_inputs(connection, moment.known_by, moment.origin, moment.business_date)
        incumbent = incumbent_champion(connection, moment)
    if inputs["stores"].empty or inputs["daily_pickups"].empty:
        raise PermanentError(f"No store or no pickup is known for {moment.label}; run ingest and validate first.")
    parameters = ForecastParameters()
    asked = {
        "horizon_days": horizon_days,
        "judge_days": judge_days,
        "incumbent": incumbent,
        "model": asdict(parameters),
    }
    draft = name_draft("forecast", moment, inputs, **asked)
    if not is_known(database, "forecast/touch_run", forecast_id=draft.name):
        history = history_of(inputs)
        judgement = judge(moment, history, judge_days, incumbent, parameters)
        made = predict(moment, inputs, horizon_days, judgement)
        with database.connect() as connection:
            write_forecast(connection, draft, inputs, made, judgement)
    tell("forecast", "train", 1.0)
    return draft.name


def predict(moment: Moment, inputs: Frames, horizon_days: int, judgement: Any) -> Forecast:
    """Days and what they are made of, half hours, SKUs, redemption curves, for the stores of the moment's scope."""
    from rouxing.forecast.champion import led_by
    from rouxing.forecast.commitments import redemption_curve
    from rouxing.forecast.demand import forecast_demand, predict_demand
    from rouxing.forecast.explain import explain_days
    from rouxing.forecast.inputs import history_of
    from rouxing.forecast.observed import as_observed
    from rouxing.forecast.profile import half_hour_profile
    from rouxing.forecast.quota_claims import claims_by_carrier
    from rouxing.forecast.slots import forecast_slots
    from rouxing.forecast.totals import area_totals
    from tasks.forecast_skus import order_columns, sku_lines

    history = history_of(inputs)
    forecast = forecast_demand(history, moment.origin, horizon_days, run=shard_runner("forecast"))
    tell("forecast", "train", 0.9)
    model = as_observed(led_by(judgement.champion.kind, forecast.model), judgement.observed)
    days = predict_demand(model, forecast.maker)
    scope = set(moment.stores or inputs["stores"]["store_id"])
    coming_claims = forecast.maker.commitments.coming_claims
    slots = forecast_slots(days, inputs["slot_history"], inputs["stores"], moment.origin)
    by_store = {
        "mart.forecast_days": order_columns(days, inputs["order_outcomes"], moment.origin)[list(_DAY_COLUMNS)],
        "mart.forecast_shares": explain_days(model, forecast.maker, days),
        "mart.forecast_slots": half_hour_profile(inputs["slot_history"], inputs["stores"]),
        "mart.forecast_slot_days": slots.slots,
    }
    lines = {
        **{table: frame[frame["store_id"].isin(scope)] for table, frame in by_store.items()},
        **sku_lines(inputs, history, moment.origin, horizon_days, scope),
        "mart.forecast_totals": area_totals(
            days[days["store_id"].isin(scope)], inputs["stores"], model.calibration.shock
        ),
        "mart.redemption_curves": redemption_curve(inputs["claims"], moment.origin),
        "mart.forecast_claims": claims_by_carrier(coming_claims, inputs["coupon_stocks"], inputs["stores"]),
    }
    told = (*forecast.warnings, *slots.warnings, *(judgement.observed.warnings if judgement.observed else ()))
    return Forecast(lines, model, tuple(dict.fromkeys(told)))


def write_forecast(connection: Connection, draft: Draft, inputs: Frames, made: Forecast, judgement: Any) -> None:
    """Header, lines, judgement and the model's register entry in one transaction."""
    import joblib

    from tasks.judge import write_judgement

    model = io.BytesIO()
    joblib.dump(made.model, model, compress=3)
    scores = judgement.scores.to_json(orient="records")
    connection.execute(
        named_query("forecast/insert_run").encode(),
        {
            **draft.columns,
            "forecast_id": draft.name,
            "model": model.getvalue(),
            "accuracy": scores,
            "warnings": list(made.warnings),
        },
    )
    hashes = [{"name": name, "rows": len(frame), "hash": frame_hash(frame)} for name, frame in inputs.items()]
    for table, frame in {**made.lines, "mart.forecast_inputs": pd.DataFrame(hashes)}.items():
        copy_frame(connection, table, frame.assign(forecast_id=draft.name))
    write_judgement(connection, draft.name, judgement)
    register_model(connection, draft, scores)


def register_model(connection: Connection, draft: Draft, scores: str) -> None:
    """The registry's row of the model that the draft trained."""
    trained = {name: draft.header[name] for name in ("horizon_days", "model")}
    header = {"origin": draft.moment.origin, **trained}
    values = {
        "model_id": identity("model", draft.inputs_hash, header, draft.code_version),
        "forecast_id": draft.name,
        "origin": draft.moment.origin,
        "inputs_hash": draft.inputs_hash,
        "parameters": canonical_json(trained),
        "code_version": draft.code_version,
        "scores": scores,
    }
    connection.execute(named_query("forecast/insert_model").encode(), values)


@task(name="report-forecast", **STEP)
def report_forecast(forecast_id: str) -> None:
    """Leaves the chain's days, boards, alerts, who leads and the warnings for people."""
    from rouxing.report.judgement_page import judgement_markdown

    names = ("days", "shares", "accuracy", "boards", "alerts", "champion", "warnings")
    with current_database().connect() as connection:
        found = {name: read_frame(connection, f"forecast/{name}", forecast_id=forecast_id) for name in names}
    chain = found["shares"].groupby("date").sum(numeric_only=True).round(1).reset_index()
    leave_table("forecast-days", "全连锁每日自提预测与构成 / Pickups per day, chain", chain, "Forecast, chain total")
    judged = judgement_markdown(found["boards"], found["alerts"], found["champion"])
    leave_markdown("forecast-judgement", judged, "Accuracy, coverage, alerts, who leads")
    leave_table("forecast-accuracy", "回测准确度 / Accuracy", found["accuracy"].round(4), "Rolling backtest")
    if len(found["warnings"]):
        leave_markdown(
            "forecast-warnings", "\n".join(f"- {text}" for text in found["warnings"]["warning"]), "Weak spots"
        )
