"""How good the forecast would have been: rolling origins, each from what was known then."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from rouxing.forecast.demand import DemandForecast, ForecastParameters, forecast_demand
from rouxing.forecast.fits import Runner
from rouxing.forecast.history import History, dates_of, day_number, day_numbers
from rouxing.forecast.panel import Matrix, build_panel
from rouxing.forecast.rules import seasonal_naive
from rouxing.model.quantiles import QUANTILE_COLUMNS

OUTPUT_COLUMNS = ("store_id", "origin", "date", "mean", *QUANTILE_COLUMNS)
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class BacktestResult:
    """``rows``: store_id, origin, date, mean, p05..p95, rule, naive, actual (NaN where absent), scale (of MASE).

    ``scores``: see ``score_forecasts``. ``seconds``: run time per origin. ``warnings``: sentences, each once.
    """

    rows: pd.DataFrame
    scores: pd.DataFrame
    seconds: dict[date, float]
    warnings: tuple[str, ...]


def _silent(done: int, total: int, message: str) -> None:
    pass


def backtest_demand(
    history: History,
    origins: Sequence[date],
    horizon: int,
    progress: Progress = _silent,
    parameters: ForecastParameters | None = None,
    run: Runner | None = None,
) -> BacktestResult:
    """Forecast from each origin with what was known then, and score against what came.

    One row per store x origin x date of the horizon, stores that only the list of stores knows included.
    ``progress(done, total, message)`` is called after each origin. ``run``: see ``forecast_demand``.
    """
    rows: list[pd.DataFrame] = []
    seconds: dict[date, float] = {}
    warnings: list[str] = []
    for done, origin in enumerate(origins, start=1):
        started = time.perf_counter()
        forecast = forecast_demand(history, origin, horizon, parameters, run)
        seconds[origin] = time.perf_counter() - started
        rows.append(_rows_of(history, origin, horizon, forecast))
        warnings += forecast.warnings
        progress(done, len(origins), f"{origin}: {seconds[origin]:.1f} s")
    joined = pd.concat(rows, ignore_index=True)
    return BacktestResult(joined, score_forecasts(joined), seconds, tuple(dict.fromkeys(warnings)))


def score_forecasts(rows: pd.DataFrame) -> pd.DataFrame:
    """Scores of ours, the weekday rule and seasonal naive over rows with an actual; one row per method.

    WAPE = sum abs(p - y) / sum y; RMSLE = root of mean (ln(1 + p) - ln(1 + y))^2; MASE = mean of abs(p - y) / scale
    over stores with a scale; bias = sum (m - y) / sum y; koubei_loss = mean of abs(p - y) / (p + y); coverage_80 =
    share of actuals within p10..p90 (ours only). p is our p50 or the rule; m is our mean or the rule. All shares 0-1.
    """
    known = rows[rows["actual"].notna()]
    actual = known["actual"].to_numpy(dtype=np.float64)
    scale = known["scale"].to_numpy(dtype=np.float64)
    pairs = {"ours": ("p50", "mean"), "weekday_rule": ("rule", "rule"), "seasonal_naive": ("naive", "naive")}
    scores = {
        method: _scores(known[point].to_numpy(), known[mean].to_numpy(), actual, scale)
        for method, (point, mean) in pairs.items()
    }
    inside = (known["p10"].to_numpy() <= actual) & (actual <= known["p90"].to_numpy())
    scores["ours"]["coverage_80"] = float(inside.mean()) if len(known) else float("nan")
    return pd.DataFrame.from_dict(scores, orient="index").rename_axis("method").reset_index()


def _scores(point: Matrix, mean: Matrix, actual: Matrix, scale: Matrix) -> dict[str, float]:
    error = np.abs(point - actual)
    total = actual.sum()
    scaled = scale > 0
    relative = np.divide(error, point + actual, out=np.zeros_like(error), where=point + actual > 0)
    return {
        "rows": len(actual),
        "wape": _ratio(error.sum(), total),
        "rmsle": float(np.sqrt(_mean((np.log1p(point) - np.log1p(actual)) ** 2))),
        "mase": _mean(error[scaled] / scale[scaled]),
        "bias": _ratio((mean - actual).sum(), total),
        "koubei_loss": _mean(relative),
        "coverage_80": float("nan"),
    }


def _mean(values: Matrix) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def _rows_of(history: History, origin: date, horizon: int, forecast: DemandForecast) -> pd.DataFrame:
    known = history.as_of(origin)
    panel = build_panel(known, day_number(origin), horizon)
    days = forecast.days.assign(
        naive=seasonal_naive(panel).ravel(), scale=np.repeat(_weekly_change(panel.pickups), horizon)
    )
    rows = days.merge(_actuals(history, origin, horizon), on=["store_id", "date"], how="left")
    return rows[[*OUTPUT_COLUMNS, "horizon", "rule", "naive", "committed", "method", "actual", "scale"]]


def _actuals(history: History, origin: date, horizon: int) -> pd.DataFrame:
    days = day_numbers(history.demand["date"])
    first = day_number(origin)
    inside = (days > first) & (days <= first + horizon)
    demand = history.demand[inside]
    actuals = pd.DataFrame(
        {
            "store_id": demand["store_id"].astype("str"),
            "date": dates_of(days[inside]),
            "actual": demand["pickups"].astype(np.float64),
        }
    )
    return actuals.groupby(["store_id", "date"])["actual"].mean().reset_index()


def _weekly_change(pickups: Matrix) -> Matrix:
    """Mean absolute change against the same weekday a week before, per store: the scale of MASE."""
    change = np.abs(pickups[:, 7:] - pickups[:, :-7])
    count = (~np.isnan(change)).sum(axis=1)
    scale: Matrix = np.divide(np.nansum(change, axis=1), count, out=np.full(len(pickups), np.nan), where=count > 0)
    return scale
