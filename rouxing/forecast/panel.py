"""The history of all stores as one matrix: stores down, days across."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from rouxing.forecast.arrays import Matrix
from rouxing.forecast.calendar import DayTable, day_table
from rouxing.forecast.history import Days, History, day_numbers
from rouxing.forecast.promotions import Promotions, planned_intensity, promotions_of

__all__ = ["Matrix", "Panel", "build_panel", "summed"]

_LEAST_SEEN = 0.4
_RUN_UP = 21  # days before the first row, so that look-backs need no special case


@dataclass(frozen=True)
class Panel:
    """Pickups of S stores on T days up to the origin (NaN = closed or unknown), and day types to the horizon's end.

    ``store_ids`` are sorted; column j is day ``days.first + j``; the last column, ``origin``, is the origin's. A day of
    which only a part could be met or was seen is scaled up to the whole; of less than 40 % it is unknown.
    """

    store_ids: npt.NDArray[np.object_]
    pickups: Matrix
    days: DayTable
    horizon: int
    promotions: Promotions
    warnings: tuple[str, ...]

    @property
    def base(self) -> Matrix:
        """Pickups freed of what planned pushes usually bring."""
        base: Matrix = self.pickups / self.promotions.lift[:, : self.pickups.shape[1]]
        return base

    @property
    def origin(self) -> int:
        return int(self.pickups.shape[1]) - 1

    def column_of(self, days: Days) -> Days:
        return days - self.days.first

    def rows_of(self, stores: pd.Series) -> Days:
        """Row of each store id, -1 where the store is not in the panel."""
        return pd.Index(self.store_ids).get_indexer(pd.Index(stores.to_numpy(dtype=object))).astype(np.int64)


def summed(cells: Days, weights: Matrix, shape: tuple[int, ...]) -> Matrix:
    """Sum of ``weights`` per flat cell number, float64 of ``shape``."""
    flat = np.bincount(cells, weights=weights, minlength=math.prod(shape))
    return flat.astype(np.float64).reshape(shape)


def build_panel(history: History, origin: int, horizon: int) -> Panel:
    """The panel of a history already cut at day number ``origin``; stores are all that any frame of it names."""
    stores = _all_stores(history)
    days = day_numbers(history.demand["date"])
    first = (int(days.min()) if len(days) else origin) - _RUN_UP
    table = day_table(history.calendar, first, origin + horizon)
    sums, counts = np.zeros((2, len(stores), origin - first + 1))
    rows = pd.Index(stores).get_indexer(pd.Index(history.demand["store_id"].to_numpy(dtype=object)))
    values = _whole_days(history.demand)
    # Sorted first: floating sums must not depend on the order of the rows.
    order = np.lexsort((values, days, rows))
    order = order[~np.isnan(values[order])]
    where = (rows[order], days[order] - first)
    np.add.at(sums, where, values[order])
    np.add.at(counts, where, 1.0)
    pickups = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    planned = planned_intensity(history.promotions, stores, first, (len(stores), len(table.weekday)))
    warnings = (*table.warnings, *_panel_warnings(stores, pickups, counts))
    return Panel(stores, pickups, table, horizon, promotions_of(planned, pickups, table), warnings)


def _whole_days(demand: pd.DataFrame) -> Matrix:
    """Pickups over the share of the day that could be met and seen; NaN below 40 %."""
    pickups = demand["pickups"].to_numpy(dtype=np.float64)
    if "open_share" not in demand.columns:
        return pickups
    share = demand["open_share"].fillna(1.0).to_numpy(dtype=np.float64)
    whole: Matrix = np.divide(pickups, share, out=np.full(len(pickups), np.nan), where=share >= _LEAST_SEEN)
    return whole


def _all_stores(history: History) -> npt.NDArray[np.object_]:
    frames = (history.demand, history.stores, history.bookings, history.claims)
    names: set[str] = set()
    for frame in frames:
        if frame is not None:
            names.update(frame["store_id"].unique())
    return np.array(sorted(names), dtype=object)


def _panel_warnings(stores: npt.NDArray[np.object_], pickups: Matrix, counts: Matrix) -> tuple[str, ...]:
    seen = ~np.isnan(pickups)
    recent = seen[:, -28:].any(axis=1)
    cases = {
        "stores without any demand row; their forecast is the chain's typical store": ~seen.any(axis=1),
        "stores with demand but none in the last 28 days; the forecast holds if they open": seen.any(axis=1) & ~recent,
        "stores with only zero pickups": seen.any(axis=1) & (np.nansum(pickups, axis=1) == 0),
        "stores with repeated store-days; their mean is used": (counts > 1).any(axis=1),
    }
    return tuple(f"{mask.sum()} {text} ({_some(stores[mask])})" for text, mask in cases.items() if mask.any())


def _some(stores: npt.NDArray[np.object_]) -> str:
    shown = ", ".join(str(store) for store in stores[:3])
    return shown if len(stores) <= 3 else f"{shown}, ..."
