"""How the forecast is judged: past origins forecast again, boards, alerts, and who leads."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta

import pandas as pd

from rouxing.forecast.backtest import score_forecasts
from rouxing.forecast.champion import MODEL, Champion, choose_champion
from rouxing.forecast.demand import ForecastParameters
from rouxing.forecast.drift import drift_alerts
from rouxing.forecast.history import History
from rouxing.forecast.judgement import boards, judged_rows
from rouxing.forecast.observed import Observed, observe
from rouxing.forecast.rolling import forecast_again, judged_origins, known_at, with_actuals
from rouxing.plan.identity import canonical_json, code_version, frame_hash, identity, inputs_hash
from rouxing.settings import PROJECT_ROOT
from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.queries import named_query
from tasks.context import Moment, current_database, tell
from tasks.runner import shard_runner

JUDGED_HORIZON = 14


@dataclass(frozen=True)
class Judgement:
    """What rolling origins say of the forecast; without origins the frames are empty and the incumbent stays.

    ``scores`` are of the last 14 days, forecast from the day before them; all else is of the weekly origins.
    """

    backtest_ids: tuple[str, ...]
    scores: pd.DataFrame
    boards: pd.DataFrame
    alerts: pd.DataFrame
    champion: Champion
    observed: Observed | None


def judge(
    moment: Moment, history: History, judge_days: int, incumbent: str, parameters: ForecastParameters
) -> Judgement:
    """Forecasts again from each origin of the last ``judge_days`` days and from 14 days ago, unless a run has."""
    origins = judged_origins(moment.origin, judge_days)
    past: dict[str, pd.DataFrame] = {}
    for done, origin in enumerate(origins):
        past.update([_past_forecast(history, origin, parameters)])
        tell("forecast", "train", 0.1 + 0.5 * (done + 1) / len(origins))
    if not past:
        return Judgement((), pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), Champion.unjudged(incumbent), None)
    rows = with_actuals(pd.concat(past.values(), ignore_index=True), history.demand)
    judged = judged_rows(rows, history.demand, history.stores)
    latest, latest_rows = _past_forecast(history, moment.origin - timedelta(days=JUDGED_HORIZON), parameters)
    return Judgement(
        backtest_ids=tuple(dict.fromkeys((*past, latest))),
        scores=score_forecasts(with_actuals(latest_rows, history.demand)),
        boards=boards(judged),
        alerts=drift_alerts(judged),
        champion=choose_champion(incumbent, judged),
        observed=observe(judged),
    )


def incumbent_champion(connection: Connection, moment: Moment) -> str:
    """Who led before the moment; the model where nothing was ever judged."""
    found = read_frame(connection, "forecast/incumbent", as_of=moment.as_of)
    return str(found["kind"].iloc[0]) if len(found) else MODEL


def write_judgement(connection: Connection, forecast_id: str, judgement: Judgement) -> None:
    """Lines of the judgement, in the transaction of the forecast's header."""
    champion = asdict(judgement.champion)
    champion["won_origins"] = champion.pop("won")
    lines = {
        "mart.forecast_backtests": pd.DataFrame({"backtest_id": judgement.backtest_ids}),
        "mart.forecast_boards": judgement.boards,
        "mart.forecast_alerts": judgement.alerts,
        "mart.champions": pd.DataFrame([champion]),
    }
    for table, frame in lines.items():
        copy_frame(connection, table, frame.assign(forecast_id=forecast_id))


def _past_forecast(history: History, origin: date, parameters: ForecastParameters) -> tuple[str, pd.DataFrame]:
    """Name and rows of the forecast from a past origin: stored, or made now and stored."""
    known = known_at(history, origin)
    inputs = inputs_hash({name: frame_hash(frame) for name, frame in vars(known).items() if frame is not None})
    header = {"origin": origin, "horizon_days": JUDGED_HORIZON, "model": asdict(parameters)}
    code = code_version(PROJECT_ROOT)
    name = identity("backtest", inputs, header, code)
    with current_database().connect() as connection:
        stored = read_frame(connection, "forecast/backtest", backtest_id=name)
    if len(stored):
        return name, stored
    rows = forecast_again(known, origin, JUDGED_HORIZON, parameters, shard_runner("forecast"))
    values = {
        "backtest_id": name,
        "origin": origin,
        "horizon_days": JUDGED_HORIZON,
        "inputs_hash": inputs,
        "parameters": canonical_json(header),
        "code_version": code,
    }
    with current_database().connect() as connection:
        if connection.execute(named_query("forecast/insert_backtest").encode(), values).fetchone():
            copy_frame(connection, "mart.backtest_days", rows.drop(columns="origin").assign(backtest_id=name))
        # Read back: who made the rows and who finds them sum them in the same order.
        return name, read_frame(connection, "forecast/backtest", backtest_id=name)
