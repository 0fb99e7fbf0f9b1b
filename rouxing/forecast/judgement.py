"""Accuracy and coverage of forecasts against the rules, by horizon, district, size, age of the store and weekday."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from rouxing.forecast.history import day_numbers
from rouxing.forecast.panel import Matrix, summed
from rouxing.forecast.pit import randomised_pit, row_draws
from rouxing.model.quantiles import LEVELS, QUANTILE_COLUMNS

METHODS: Mapping[str, tuple[str, str]] = {
    "ours": ("p50", "mean"),
    "weekday_rule": ("rule", "rule"),
    "seasonal_naive": ("naive", "naive"),
}
"""Columns of each method: the point that is scored, and the mean whose bias is."""

BOARDS = ("all", "horizon", "district", "size", "age", "weekday", "used")
SIZES, AGES = ("small", "medium", "large"), ("settled", "thin", "new")
BELOW_COLUMNS = tuple(f"below_{name}" for name in QUANTILE_COLUMNS)
SCORE_COLUMNS = ("store_days", "pickups", "wape", "bias", *BELOW_COLUMNS, "coverage_80")

NEW_DAYS = 56
_THIN_DAYS = 28
_MONDAY_OFFSET = 3  # 1970-01-01 was a Thursday

Labels = npt.NDArray[np.object_]


def judged_rows(rows: pd.DataFrame, demand: pd.DataFrame, stores: pd.DataFrame | None) -> pd.DataFrame:
    """The closed rows of a backtest with ``pit`` and the groups they belong to: one column per board.

    ``rows``: store_id, origin, date, mean, p05..p95, rule, naive, method, horizon, actual (missing = not closed).
    ``demand``: store_id, date, of all days up to the last origin at least; it tells how old a store was at the origin:
    new within 56 days of its first day, thin with fewer than 28 days seen in the last 56, settled otherwise.
    ``stores``: store_id and district; absent = one district.
    """
    closed = rows[rows["actual"].notna()].reset_index(drop=True)
    quantiles = closed[list(QUANTILE_COLUMNS)].to_numpy(dtype=np.float64)
    weekday = (day_numbers(closed["date"]) + _MONDAY_OFFSET) % 7
    return closed.assign(
        pit=randomised_pit(quantiles, closed["actual"].to_numpy(dtype=np.float64), row_draws(closed)),
        all="all",
        district=_districts(closed["store_id"], stores),
        size=_sizes(closed),
        age=_ages(closed, demand),
        weekday=weekday,
        used=closed["method"],
    )


def boards(judged: pd.DataFrame) -> pd.DataFrame:
    """Scores of every group of every board: board, group_name, method, ``SCORE_COLUMNS``. ``judged``: ``judged_rows``.

    WAPE = sum abs(p - y) / sum y; bias = sum (m - y) / sum y, with p and m of ``METHODS``; below_pNN = share of rows
    whose randomised PIT lies below that level, which should be the level; coverage_80 = below_p90 - below_p10. The
    last two of ours only. Shares 0-1, missing where the group had no pickup.
    """
    parts = [_board(judged, name) for name in BOARDS if len(judged)]
    columns = ["board", "group_name", "method", *SCORE_COLUMNS]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _board(judged: pd.DataFrame, name: str) -> pd.DataFrame:
    labels = judged[name].to_numpy()
    groups, place = np.unique(labels, return_inverse=True)
    scores = [_scores(judged, place, len(groups), method) for method in METHODS]
    table = pd.concat(scores, ignore_index=True)
    return table.assign(board=name, group_name=[str(group) for group in groups] * len(METHODS))


def _scores(judged: pd.DataFrame, place: npt.NDArray[np.int64], groups: int, method: str) -> pd.DataFrame:
    point, mean = METHODS[method]
    actual = judged["actual"].to_numpy(dtype=np.float64)
    total = _sums(place, actual, groups)
    error = np.abs(judged[point].to_numpy(dtype=np.float64) - actual)
    excess = judged[mean].to_numpy(dtype=np.float64) - actual
    rows = _sums(place, np.ones(len(actual)), groups)
    below = np.full((groups, len(LEVELS)), np.nan)
    if method == "ours":
        pit = judged["pit"].to_numpy(dtype=np.float64)
        below = np.stack([_sums(place, pit <= level, groups) / rows for level in LEVELS], axis=1)
    return pd.DataFrame(
        {
            "method": [method] * groups,
            "store_days": rows.astype(np.int64),
            "pickups": total,
            "wape": _ratios(_sums(place, error, groups), total),
            "bias": _ratios(_sums(place, excess, groups), total),
            **dict(zip(BELOW_COLUMNS, below.T, strict=True)),
            "coverage_80": below[:, LEVELS.index(0.9)] - below[:, LEVELS.index(0.1)],
        }
    )


def _sums(place: npt.NDArray[np.int64], values: npt.NDArray[np.generic], groups: int) -> Matrix:
    return summed(place, values.astype(np.float64), (groups,))


def _ratios(part: Matrix, whole: Matrix) -> Matrix:
    result: Matrix = np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)
    return result


def _districts(store_ids: pd.Series, stores: pd.DataFrame | None) -> Labels:
    if stores is None or "district" not in stores.columns:
        return np.full(len(store_ids), "", dtype=object)
    districts = dict(zip(stores["store_id"], stores["district"], strict=True))
    return np.array([districts.get(store_id, "") for store_id in store_ids], dtype=object)


def _sizes(closed: pd.DataFrame) -> Labels:
    """Thirds of the stores by their mean weekday rule, which is known at the origin."""
    usual = closed.groupby("store_id")["rule"].mean()
    third = (usual.rank(method="first").to_numpy() - 1) * len(SIZES) // max(len(usual), 1)
    sizes = dict(zip(usual.index, third.astype(np.int64), strict=True))
    return np.array([SIZES[sizes[store_id]] for store_id in closed["store_id"]], dtype=object)


def _ages(closed: pd.DataFrame, demand: pd.DataFrame) -> Labels:
    days = day_numbers(demand["date"])
    result = np.full(len(closed), AGES[0], dtype=object)
    for origin in closed["origin"].unique():
        at_origin = (closed["origin"] == origin).to_numpy()
        end = int(day_numbers(pd.Series([origin]))[0])
        seen = pd.Series(days[days <= end], index=demand.loc[days <= end, "store_id"].to_numpy())
        first = seen.groupby(level=0).min().reindex(closed.loc[at_origin, "store_id"])
        recent = seen[seen > end - NEW_DAYS].groupby(level=0).size().reindex(first.index).fillna(0)
        is_new = first.isna().to_numpy() | (end - first.to_numpy() < NEW_DAYS)
        result[at_origin] = np.select([is_new, recent.to_numpy() < _THIN_DAYS], [AGES[2], AGES[1]], AGES[0])
    return result
