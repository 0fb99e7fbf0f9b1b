"""Rolling origins that judge a forecast: one a week, each as it would have been made on that day."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from rouxing.forecast.backtest import backtest_demand
from rouxing.forecast.demand import ForecastParameters
from rouxing.forecast.fits import Runner
from rouxing.forecast.history import History

WEEK_DAYS = 7
SEEN_WHOLE = 0.95
_COUNTS = {"bookings": "quantity", "claims": "coupons"}


def judged_origins(origin: date, judge_days: int) -> list[date]:
    """The Sundays of the last ``judge_days`` days before ``origin``, oldest first.

    Fixed weekdays rather than a distance to ``origin``: the runs of a week share their origins, and each is forecast
    again once.
    """
    newest = origin - timedelta(days=origin.isoweekday())
    return [newest - timedelta(days=WEEK_DAYS * week) for week in reversed(range(judge_days // WEEK_DAYS))]


def known_at(history: History, origin: date) -> History:
    """What was known at the end of ``origin``, the same frames whenever it is looked at.

    Counts of claims that have closed since fall apart into rows of their own; here they are one row again.
    """
    known = history.as_of(origin)
    frames = {
        name: _recounted(getattr(known, name), count)
        for name, count in _COUNTS.items()
        if getattr(known, name) is not None
    }
    ordered = {
        field.name: frame.sort_values(list(frame.columns), kind="stable").reset_index(drop=True)
        for field in fields(known)
        if (frame := frames.get(field.name, getattr(known, field.name))) is not None
    }
    return replace(known, **ordered)


def forecast_again(
    known: History, origin: date, horizon_days: int, parameters: ForecastParameters, run: Runner | None = None
) -> pd.DataFrame:
    """Rows of ``backtest_demand`` of one origin, without actuals; ``known`` is the history as of that origin."""
    return backtest_demand(known, [origin], horizon_days, parameters=parameters, run=run).rows.drop(columns="actual")


def with_actuals(rows: pd.DataFrame, demand: pd.DataFrame) -> pd.DataFrame:
    """Rows with ``actual`` from ``demand``; missing where a day is not closed or was seen only in part (< 95 %)."""
    if "open_share" in demand.columns:
        demand = demand[demand["open_share"].fillna(1.0) >= SEEN_WHOLE]
    actuals = demand.groupby(["store_id", "date"])["pickups"].mean().rename("actual").reset_index()
    joined = rows.merge(actuals.astype({"store_id": "str"}), on=["store_id", "date"], how="left")
    return joined.assign(actual=joined["actual"].astype(np.float64))


def _recounted(frame: pd.DataFrame, count: str) -> pd.DataFrame:
    names = [name for name in frame.columns if name != count]
    counted = frame.groupby(names, dropna=False, sort=False)[count].sum().reset_index()
    return counted[list(frame.columns)]
