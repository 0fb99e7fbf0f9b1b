"""The marketing calendar as a matrix, and what a planned push usually does to pickups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rouxing.forecast.arrays import Matrix
from rouxing.forecast.calendar import DayTable
from rouxing.forecast.history import Days, day_numbers
from rouxing.forecast.weekday_means import WeekdayMeans

_FEWEST_PUSHED_DAYS = 3
_PRIOR_DAYS = 3.0
_STRONGEST = 0.5
_EVERY_STORE = -2


@dataclass(frozen=True)
class Promotions:
    """Planned intensity per store and day (stores x days to the horizon's end, 0 = none) and the factor it brings.

    ``lift`` = exp(effect x intensity): pickups with the push over pickups without.
    """

    intensity: Matrix
    lift: Matrix


def planned_intensity(
    promotions: pd.DataFrame | None, store_ids: np.ndarray, first: int, shape: tuple[int, int]
) -> Matrix:
    """Stores x days from day number ``first``: the strongest push planned; a row without a store is for every store."""
    intensity = np.zeros(shape)
    if promotions is None or promotions.empty:
        return intensity
    day = day_numbers(promotions["date"]) - first
    value = promotions["intensity"].to_numpy(dtype=np.float64)
    inside = (day >= 0) & (day < shape[1]) & np.isfinite(value)
    named = _store_rows(promotions, store_ids)
    every = inside & (named == _EVERY_STORE)
    some = inside & (named >= 0)
    of_chain = np.zeros(shape[1])
    np.maximum.at(of_chain, day[every], value[every])
    np.maximum.at(intensity, (named[some], day[some]), value[some])
    return np.maximum(intensity, of_chain)


def promotions_of(intensity: Matrix, pickups: Matrix, days: DayTable) -> Promotions:
    """The plan with the lift learned from ``pickups`` (stores x days up to the origin).

    Least squares of the log of the chain's pickups over those of the last days of the same kind on the day's mean
    intensity, over plain days, drawn to no effect with the weight of three days of intensity 1. Twice: the second
    time, what came before is freed of the first estimate. Fewer than three pushed days teach nothing.
    """
    effect = 0.0
    for _ in range(2):
        effect = _effect(intensity, pickups, days, effect)
    return Promotions(intensity, np.exp(effect * intensity))


def _store_rows(promotions: pd.DataFrame, store_ids: np.ndarray) -> Days:
    """Row of each promotion's store, -1 where it is unknown, -2 where it is for every store."""
    if "store_id" not in promotions.columns:
        return np.full(len(promotions), _EVERY_STORE, dtype=np.int64)
    stores = promotions["store_id"]
    rows = pd.Index(store_ids).get_indexer(pd.Index(stores.to_numpy(dtype=object))).astype(np.int64)
    return np.where(stores.isna().to_numpy(), _EVERY_STORE, rows)


def _effect(intensity: Matrix, pickups: Matrix, days: DayTable, before: float) -> float:
    columns = pickups.shape[1]
    known, base = intensity[:, :columns], pickups * np.exp(-before * intensity[:, :columns])
    expected = WeekdayMeans(base, days, depth=8).before()
    both = ~np.isnan(pickups) & ~np.isnan(expected)
    seen, wanted = np.where(both, pickups, 0.0).sum(axis=0), np.where(both, expected, 0.0).sum(axis=0)
    pushed = np.divide(
        np.where(both, known * expected, 0.0).sum(axis=0), wanted, out=np.zeros(columns), where=wanted > 0
    )
    usable = days.is_normal[:columns] & (seen > 0) & (wanted > 0)
    if (pushed[usable] > 0).sum() < _FEWEST_PUSHED_DAYS:
        return 0.0
    push, change = pushed[usable], np.log(seen[usable] / wanted[usable])
    change = change - np.median(change[push == 0]) if (push == 0).any() else change
    return float(np.clip(push @ change / (push @ push + _PRIOR_DAYS), 0.0, _STRONGEST))
