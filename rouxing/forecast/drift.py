"""Alerts when the newest closed days are forecast worse than the days before let one expect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from rouxing.forecast.panel import Matrix

ALERTS_A_MONTH = 2.0
LATEST_DAYS = 3
FEWEST_WINDOWS = 8
CHAIN = "chain"
ALERT_COLUMNS = ("scope", "cause", "first_day", "last_day", "value", "usual", "lower", "upper")
_CAUSES = ("bias", "coverage", "error")  # the first that holds explains those behind it
_MONTH_DAYS = 30
_MAD_TO_DEVIATION = 1.4826
_LEAST_DEVIATION = {"bias": 0.03, "coverage": 0.05, "error": 0.02}
_INNER = (0.1, 0.9)


@dataclass(frozen=True)
class _Series:
    """One measure of one scope in windows of three days, the newest last."""

    scope: str
    cause: str
    values: Matrix


def drift_alerts(judged: pd.DataFrame, alerts_a_month: float = ALERTS_A_MONTH) -> pd.DataFrame:
    """What is out of its usual range in the newest three closed days: one row per cause, ``ALERT_COLUMNS``.

    ``judged``: origin, date, district, mean, p50, actual, pit; of each store-day the newest origin counts. Measures per
    scope (chain, district) and three days: bias = sum (mean - y) / sum y; error = sum abs(p50 - y) / sum y; coverage =
    share of the 80 % interval. The usual range comes from the earlier windows of the same backtest: median and median
    absolute deviation, at the Student quantile that lets ``alerts_a_month`` false alarms through in 30 days over all
    series together. A bias explains coverage and error of its scope; a chain out of range explains its districts.
    Empty with fewer than eight earlier windows that do not overlap the newest.
    """
    newest = judged.loc[judged.groupby(["store_id", "date"])["origin"].idxmax()] if len(judged) else judged
    days = np.sort(newest["date"].unique())
    earlier = len(days) - 2 * LATEST_DAYS + 1
    if earlier < FEWEST_WINDOWS:
        return pd.DataFrame(columns=list(ALERT_COLUMNS))
    series = _all_series(newest, days)
    limit = _limit(alerts_a_month, len(series), earlier)
    rows = [row for one in series if (row := _judge(one, limit)) is not None]
    found = pd.DataFrame(rows, columns=list(ALERT_COLUMNS)).assign(first_day=days[-LATEST_DAYS], last_day=days[-1])
    return _one_per_cause(found)


def _limit(alerts_a_month: float, series: int, windows: int) -> float:
    """Deviations allowed. Windows overlap, so about a third of them are independent."""
    chance = alerts_a_month / (_MONTH_DAYS * series)
    return float(stats.t.isf(min(chance, 1.0) / 2, max(windows / LATEST_DAYS, 2.0)))


def _all_series(newest: pd.DataFrame, days: Matrix) -> list[_Series]:
    actual, low, high = newest["actual"], *_INNER
    sums = pd.DataFrame(
        {
            "scope": newest["district"].to_numpy(),
            "date": newest["date"].to_numpy(),
            "actual": actual.to_numpy(),
            "bias": (newest["mean"] - actual).to_numpy(),
            "error": (newest["p50"] - actual).abs().to_numpy(),
            "coverage": ((newest["pit"] > low) & (newest["pit"] <= high)).to_numpy(dtype=np.float64),
            "rows": 1.0,
        }
    )
    scopes = [(CHAIN, sums), *sums.groupby("scope")] if sums["scope"].nunique() > 1 else [(CHAIN, sums)]
    return [_Series(str(scope), cause, _windows(part, cause, days)) for scope, part in scopes for cause in _CAUSES]


def _windows(part: pd.DataFrame, cause: str, days: Matrix) -> Matrix:
    weight = "rows" if cause == "coverage" else "actual"
    daily = part.groupby("date")[[cause, weight]].sum().reindex(days, fill_value=0.0)
    summed = daily.rolling(LATEST_DAYS).sum().iloc[LATEST_DAYS - 1 :]
    values: Matrix = (summed[cause] / summed[weight].where(summed[weight] > 0)).to_numpy(dtype=np.float64)
    return values


def _judge(series: _Series, limit: float) -> tuple[object, ...] | None:
    latest, before = series.values[-1], series.values[:-LATEST_DAYS]
    before = before[~np.isnan(before)]
    if np.isnan(latest) or len(before) < FEWEST_WINDOWS:
        return None
    usual = float(np.median(before))
    deviation = max(_MAD_TO_DEVIATION * float(np.median(np.abs(before - usual))), _LEAST_DEVIATION[series.cause])
    lower, upper = usual - limit * deviation, usual + limit * deviation
    # Less error than usual is no trouble.
    is_out = latest > upper or (latest < lower and series.cause != "error")
    return (series.scope, series.cause, None, None, float(latest), usual, lower, upper) if is_out else None


def _one_per_cause(found: pd.DataFrame) -> pd.DataFrame:
    first = found.drop_duplicates("scope")
    chain = first[first["scope"] == CHAIN]
    return (chain if len(chain) else first).reset_index(drop=True)
