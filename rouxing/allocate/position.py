"""Where stock will stand: on hand now, on its way, asked for meanwhile; and the room left for more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from rouxing.allocate.grid import Grid
from rouxing.optimize.checks import FloatArray, IntArray, finite_array, refuse_where


@dataclass(frozen=True, slots=True)
class Holdings:
    """Units in the stores of ``grid``, (S, K): ``on_hand`` and, of these, ``available`` (not promised already).

    On their way, one entry each: flat ``cell``, ``days`` from the business date to the first day that can sell them,
    ``units``.
    """

    grid: Grid
    on_hand: FloatArray
    available: FloatArray
    cell: IntArray
    days: IntArray
    units: FloatArray

    @property
    def in_transit(self) -> FloatArray:
        """All units on their way (S, K), whenever they come."""
        return self.grid.summed(self.cell, self.units)

    def arriving(self, first: IntArray | int, last: IntArray | int) -> FloatArray:
        """Units (S, K) that can first be sold on one of the days ``first`` to ``last`` after the business date.

        Both are one for all stores or one per store (S,); ``last`` counts.
        """
        store = self.cell // max(len(self.grid.skus), 1)
        begin, end = (np.broadcast_to(np.asarray(bound), (len(self.grid.stores),)) for bound in (first, last))
        here = (self.days >= begin[store]) & (self.days <= end[store])
        return self.grid.summed(self.cell[here], self.units[here])


def holdings_now(grid: Grid, counts: pd.DataFrame, in_transit: pd.DataFrame, business_date: date) -> Holdings:
    """What every store holds and expects; a SKU that was not counted is none.

    Args:
        counts: location_id, sku_id, on_hand_units, locked_units at the latest count.
        in_transit: store_id, sku_id, in_transit_units, arrives_on (first day that can sell them; what is overdue
            counts as coming today).

    Raises:
        RefusedInputError: NaN, or units on their way that are negative or come on no day.
    """
    finite_array(counts["on_hand_units"], "counts.on_hand_units", minimum=None)
    finite_array(counts["locked_units"], "counts.locked_units", minimum=None)
    finite_array(in_transit["in_transit_units"], "in_transit.in_transit_units")
    refuse_where(in_transit["arrives_on"].isna(), "in_transit.arrives_on is missing")
    on_hand = grid.spread(counts, "on_hand_units", store="location_id")
    locked = grid.spread(counts, "locked_units", store="location_id")
    cell = grid.cells(in_transit)
    known = cell >= 0
    days = days_after(in_transit["arrives_on"], business_date)[known]
    units = in_transit["in_transit_units"].to_numpy(np.float64)[known]
    return Holdings(
        grid=grid,
        on_hand=on_hand,
        available=np.maximum(on_hand - locked, 0.0),
        cell=cell[known],
        days=np.maximum(days, 0),
        units=units,
    )


def arrival_dates(stores: pd.DataFrame, business_date: date) -> pd.DataFrame:
    """When a transfer dispatched on ``business_date`` reaches each store: store_id, arrives_on."""
    lead = pd.to_timedelta(stores["lead_time_days"], unit="D")
    return pd.DataFrame({"store_id": stores["store_id"], "arrives_on": pd.Timestamp(business_date) + lead})


def days_after(dates: pd.Series[pd.Timestamp], business_date: date) -> IntArray:
    """Whole days from ``business_date`` to each date."""
    since = pd.to_datetime(dates) - pd.Timestamp(business_date)
    return np.asarray(since.dt.days, dtype=np.int64)


def stock_at_arrival(
    holdings: Holdings, before: Sequence[FloatArray], lead_days: IntArray, covered_days: IntArray | int = 1
) -> FloatArray:
    """Units (S, K) that a transfer dispatched today finds when it arrives, those that come in its covered days with it.

    Day by day until then the mean demand is taken off, never below 0, and what arrives is added; what arrives after
    the covered days is not there.

    Args:
        before: mean demand (S, K) of today, tomorrow and so on, at least as many days as the longest lead time.
        lead_days: days to the arrival (S,).
        covered_days: one for all stores or one per store (S,).
    """
    left = holdings.available + holdings.arriving(0, 0)
    for day, asked in enumerate(before):
        waits = (lead_days > day)[:, None]
        left = np.where(waits, np.maximum(left - asked, 0.0) + holdings.arriving(day + 1, day + 1), left)
    return left + holdings.arriving(lead_days + 1, lead_days + covered_days - 1)


def free_room(stores: pd.DataFrame, skus: pd.DataFrame, holdings: Holdings) -> pd.DataFrame:
    """Stores with the room that is free: their columns and ambient_free_ml, cold_free_ml (may be below 0).

    Goods on hand and on their way take room until they are sold; none is taken to be sold before the transfer comes.
    """
    grid = holdings.grid
    volume = grid.of_skus(skus, "volume_ml")
    is_cold = grid.of_skus(skus.assign(is_cold=skus["storage_class"] == "cold"), "is_cold") > 0
    held = (holdings.on_hand + holdings.in_transit) * volume
    place = grid.place_of_stores(stores)
    return stores.assign(
        ambient_free_ml=stores["ambient_volume_ml"] - held[:, ~is_cold].sum(axis=1)[place],
        cold_free_ml=stores["cold_volume_ml"] - held[:, is_cold].sum(axis=1)[place],
    )


def units_by_day(
    holdings: Holdings,
    planned: FloatArray,
    lead_days: IntArray,
    asked: Sequence[FloatArray],
    made_up: FloatArray | float = 1.0,
) -> list[FloatArray]:
    """Units (S, K) there on each of the next days: on hand, arrived and planned by then, less what sold before.

    Args:
        planned: units (S, K) of the transfers dispatched today.
        lead_days: days to their arrival (S,).
        asked: mean demand (S, K) of each day.
        made_up: share (0-1) of what sells from the day of the arrival on that the transfers of the next days, which
            are not planned yet, can make up.
    """
    there = holdings.available + holdings.arriving(0, 0) + planned * (lead_days == 0)[:, None]
    days = [there]
    for day, wanted in enumerate(asked[:-1]):
        waits = (lead_days > day)[:, None]
        sold = np.minimum(wanted, there)
        come = holdings.arriving(day + 1, day + 1) + planned * (lead_days == day + 1)[:, None]
        there = there - np.where(waits, sold, sold * (1.0 - made_up)) + come
        days.append(there)
    return days
