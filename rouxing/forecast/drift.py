"""Alerts when the newest closed days are forecast worse than the days before let one expect."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from rouxing.forecast.history import Days
from rouxing.forecast.panel import Matrix, summed

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
    scopes, place = _scopes(newest["district"])
    windows = _windows(newest, place, len(scopes), np.searchsorted(days, newest["date"].to_numpy()), len(days))
    limit = _limit(alerts_a_month, windows.shape[0] * windows.shape[1], earlier)
    found = _out_of_range(windows, limit)
    when = {"first_day": days[-LATEST_DAYS], "last_day": days[-1]}
    return _one_per_cause(found.assign(scope=np.array(scopes, dtype=object)[found["scope"].to_numpy()], **when))


def _limit(alerts_a_month: float, series: int, windows: int) -> float:
    """Deviations allowed. Windows overlap, so about a third of them are independent."""
    chance = alerts_a_month / (_MONTH_DAYS * series)
    return float(stats.t.isf(min(chance, 1.0) / 2, max(windows / LATEST_DAYS, 2.0)))


def _scopes(district: pd.Series) -> tuple[list[str], Days]:
    """The chain and its districts, and each row's district; one district is the chain itself."""
    names, place = np.unique(district.to_numpy(dtype=object), return_inverse=True)
    if len(names) < 2:
        return [CHAIN], np.zeros(len(district), dtype=np.int64)
    return [CHAIN, *map(str, names)], place.astype(np.int64) + 1


def _windows(newest: pd.DataFrame, scope: Days, scopes: int, day: Days, days: int) -> Matrix:
    """Causes x scopes x windows of three days, the newest last; NaN where a window has no pickups."""
    actual, mean, median, pit = (newest[name].to_numpy(dtype=np.float64) for name in ("actual", "mean", "p50", "pit"))
    inside = (pit > _INNER[0]) & (pit <= _INNER[1])
    ones = np.ones(len(actual))
    parts = {"bias": (mean - actual, actual), "coverage": (inside, ones), "error": (np.abs(median - actual), actual)}
    windows = np.full((len(_CAUSES), scopes, days - LATEST_DAYS + 1), np.nan)
    for row, cause in enumerate(_CAUSES):
        part, whole = (_moving_sums(weights, scope, scopes, day, days) for weights in parts[cause])
        np.divide(part, whole, out=windows[row], where=whole > 0)
    return windows


def _moving_sums(weights: npt.NDArray[np.generic], scope: Days, scopes: int, day: Days, days: int) -> Matrix:
    daily = summed(scope * days + day, weights.astype(np.float64), (scopes, days))
    daily[0] = daily.sum(axis=0)
    moving: Matrix = np.lib.stride_tricks.sliding_window_view(daily, LATEST_DAYS, axis=1).sum(axis=2)
    return moving


def _out_of_range(windows: Matrix, limit: float) -> pd.DataFrame:
    latest, before = windows[:, :, -1], windows[:, :, :-LATEST_DAYS]
    known = (~np.isnan(before)).sum(axis=2) >= FEWEST_WINDOWS
    safe = np.where(known[:, :, None], before, 0.0)
    usual = np.nanmedian(safe, axis=2)
    spread = _MAD_TO_DEVIATION * np.nanmedian(np.abs(safe - usual[:, :, None]), axis=2)
    reach = limit * np.maximum(spread, np.array([_LEAST_DEVIATION[cause] for cause in _CAUSES])[:, None])
    lower, upper = usual - reach, usual + reach
    too_low = latest < lower
    # Less error than usual is no trouble.
    too_low[_CAUSES.index("error")] = False
    cause, scope = np.nonzero(known & (too_low | (latest > upper)))
    values = {"value": latest, "usual": usual, "lower": lower, "upper": upper}
    return pd.DataFrame(
        {
            "scope": scope,
            "cause": [_CAUSES[place] for place in cause],
            **{name: value[cause, scope] for name, value in values.items()},
        }
    )


def _one_per_cause(found: pd.DataFrame) -> pd.DataFrame:
    # Rows are in the order of the causes.
    first = found.drop_duplicates("scope")[list(ALERT_COLUMNS)]
    chain = first[first["scope"] == CHAIN]
    return (chain if len(chain) else first).reset_index(drop=True)
