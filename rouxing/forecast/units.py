"""Demand for units of a SKU, from the day's pickups and the SKU's part in them; arrivals per half hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaincinv

from rouxing.forecast.history import Days, day_number, day_numbers
from rouxing.forecast.panel import Matrix, summed
from rouxing.forecast.skus import SkuSplit, day_kinds
from rouxing.model.quantiles import LEVELS, QUANTILE_COLUMNS, SPREAD_10_90

# Correlation of the forecast errors of two days of one store: .20-.22 on the city, a week ahead.
DAY_CORRELATION = 0.2
_SHAPES = np.geomspace(1e-3, 1e6, 600)


@dataclass(frozen=True)
class _Cells:
    """One entry per store-day and SKU: rows of the days and of the rates, units expected, and what moves them.

    ``shock``: relative deviation shared by all SKUs of the store-day; ``rate_error``: by all days of the SKU;
    ``dispersion``: variance over mean of the rest.
    """

    day: Days
    rate: Days
    mean: Matrix
    shock: Matrix
    rate_error: Matrix
    dispersion: Matrix


def sku_demand(
    days: pd.DataFrame,
    split: SkuSplit,
    redemptions: pd.DataFrame | None = None,
    calendar: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Demand of each SKU on each store-day as a mean and quantiles, units.

    Args:
        days: ``store_id, date, mean, p10, p90`` (pickups; hand in orders to get units reserved).
        split: of ``sku_split``.
        redemptions: ``store_id, sku_id, date, units`` that exchange coupons will bring (``expected_exchanges``); on
            the store-days they name they take the place of the usual rate of exchanges.
        calendar: ``date, is_holiday``, optional ``is_workday``; absent = the official Chinese one.

    Returns:
        ``store_id, date, sku_id, mean, p05 .. p95``, in the order of ``days``, then by SKU. The means of a store-day
        add up to pickups x units per pickup + walk-in units. A SKU's units are taken as gamma distributed with the
        variance dispersion x mean + (mean x day shock)^2 + (mean x rate error)^2 (law of total variance); the day's
        own relative uncertainty is the shock, one for all SKUs of the store-day.
    """
    cells = _cells(days, split, redemptions, calendar)
    variance = cells.dispersion * cells.mean + cells.mean**2 * (cells.shock**2 + cells.rate_error**2)
    frame = days[["store_id", "date"]].iloc[cells.day].reset_index(drop=True)
    frame["sku_id"] = split.rates["sku_id"].iloc[cells.rate].array
    return frame.assign(mean=cells.mean, **_quantiles(cells.mean, variance))


def sku_cover(
    days: pd.DataFrame,
    split: SkuSplit,
    first: date,
    last: date,
    redemptions: pd.DataFrame | None = None,
    calendar: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Demand of each SKU summed over the days ``first`` to ``last``, units: ``store_id, sku_id, mean, p05 .. p95``.

    Arguments as in ``sku_demand``. Not a sum of quantiles: what is left to chance partly cancels out over the days,
    the error of a SKU's rate does not, and day shocks of a store go together with a correlation of
    ``DAY_CORRELATION``. A cell that no day of the stretch names has no row.
    """
    number = day_numbers(days["date"])
    inside = (number >= day_number(first)) & (number <= day_number(last))
    cells = _cells(days[inside], split, redemptions, calendar)
    named = np.zeros(len(split.rates), dtype=bool)
    named[cells.rate] = True
    rows, place = np.flatnonzero(named), (np.cumsum(named) - 1)[cells.rate]

    def total(values: Matrix) -> Matrix:
        return summed(place, values, rows.shape)

    mean, moved = total(cells.mean), cells.mean * cells.shock
    together = (1 - DAY_CORRELATION) * total(moved**2) + DAY_CORRELATION * total(moved) ** 2
    variance = total(cells.dispersion * cells.mean) + together + total(cells.mean * cells.rate_error) ** 2
    names = split.rates[["store_id", "sku_id"]].iloc[rows].reset_index(drop=True)
    return names.assign(mean=mean, **_quantiles(mean, variance))


def whole_units(quantile: Matrix) -> Matrix:
    """Fewest whole units that cover the demand with the chance of a gamma ``quantile``: half a unit is rounded up to.

    Demand comes in whole units and the gamma stands for it with every unit spread half to both sides.
    """
    return np.ceil(np.maximum(quantile - 0.5, 0.0))


def slot_arrivals(days: pd.DataFrame, profile: pd.DataFrame, quantile: str) -> pd.DataFrame:
    """Arrivals per half hour on days of the height of ``quantile``: store_id, business_date, slot, arrivals.

    Args:
        days: ``store_id, date`` and the column named by ``quantile`` (pickups).
        profile: ``store_id, weekday`` (0 = Monday), ``slot, share``.
        quantile: column of ``days``, e.g. ``p75``.
    """
    table = days[["store_id", "date", quantile]].assign(weekday=days["date"].dt.day_of_week)
    table = table.merge(profile, on=["store_id", "weekday"]).rename(columns={"date": "business_date"})
    return table[["store_id", "business_date", "slot"]].assign(arrivals=table[quantile] * table["share"])


def _cells(
    days: pd.DataFrame, split: SkuSplit, redemptions: pd.DataFrame | None, calendar: pd.DataFrame | None
) -> _Cells:
    rates = split.rates
    day, rate = _pairs(days["store_id"], rates["store_id"])
    kind = day_kinds(day_numbers(days["date"]), calendar)[day]
    sku, names = pd.factorize(rates["sku_id"], sort=True)
    sku_ids = np.asarray(names, dtype=object)
    weekday = _factors(split.weekdays, "sku_id", sku_ids)[sku[rate], kind]
    pickups, deviation = _day_moments(days)
    by_pickup, by_coupon, by_day, dispersion, rate_error = (
        rates[name].to_numpy(dtype=np.float64)[rate]
        for name in ("units_per_pickup", "exchange_units_per_pickup", "walk_in_units_per_day", "units_dispersion",
                     "rate_error")
    )  # fmt: skip

    def total(values: Matrix) -> Matrix:
        """Sum over the SKUs of each store-day, back at every cell."""
        return summed(day, values, (len(days),))[day]

    def moved(units: Matrix) -> Matrix:
        """Units moved between SKUs by the weekday, their sum kept."""
        lifted = units * weekday
        kept, there = total(units), total(lifted)
        return lifted * np.divide(kept, there, out=np.ones_like(kept), where=there > 0)

    coupons = _exchanged(days, day, sku[rate], sku_ids, by_coupon * pickups[day], redemptions)
    coupons = coupons * np.minimum(1.0, pickups[day] / np.maximum(total(coupons), 1e-12))
    regular = (by_pickup - by_coupon) / (1.0 - total(by_coupon)).clip(min=1e-12)
    store_ids, store = np.unique(days["store_id"].to_numpy(dtype=object), return_inverse=True)
    week = _factors(split.walk_ins, "store_id", store_ids)[store[day], kind]
    walk_in = moved(by_day) * week
    mean = moved(regular) * (pickups[day] - total(coupons)).clip(min=0.0) + coupons + walk_in
    shock = np.divide(deviation, pickups, out=np.zeros_like(pickups), where=pickups > 0)[day]
    return _Cells(day, rate, mean, shock, rate_error, dispersion)


def _pairs(day_stores: pd.Series, rate_stores: pd.Series) -> tuple[Days, Days]:
    """Row numbers of days and of rates of the same store, all pairs, days in their order."""
    store, stores = pd.factorize(rate_stores)
    order = np.argsort(store, kind="stable")
    count = np.bincount(store, minlength=len(stores))
    first = np.cumsum(count) - count
    place = pd.Index(stores).get_indexer(pd.Index(day_stores))
    known = np.flatnonzero(place >= 0)
    repeats = count[place[known]]
    day = np.repeat(known, repeats)
    step = np.arange(len(day)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return day, order[first[place[day]] + step]


def _factors(table: pd.DataFrame, key: str, ids: npt.NDArray[np.object_]) -> Matrix:
    """Ids x weekdays; 1 where the table has none."""
    result = np.ones((len(ids), 7))
    row = pd.Index(ids).get_indexer(pd.Index(table[key].to_numpy(dtype=object)))
    known = row >= 0
    result[row[known], table["weekday"].to_numpy(dtype=np.int64)[known]] = table["factor"].to_numpy()[known]
    return result


def _day_moments(days: pd.DataFrame) -> tuple[Matrix, Matrix]:
    """Mean and standard deviation of each day's pickups."""
    mean, low, high = (days[name].to_numpy(dtype=np.float64) for name in ("mean", "p10", "p90"))
    return mean, (high - low) / SPREAD_10_90


def _exchanged(
    days: pd.DataFrame,
    day: Days,
    sku: Days,
    sku_ids: npt.NDArray[np.object_],
    usual: Matrix,
    redemptions: pd.DataFrame | None,
) -> Matrix:
    """Units by exchange coupon per cell: as told on the store-days that ``redemptions`` name, elsewhere as usual.

    ``day``, ``sku``: row of ``days`` and place in ``sku_ids`` of each cell.
    """
    if redemptions is None or redemptions.empty:
        return usual
    rows = pd.DataFrame({"store_id": days["store_id"].to_numpy(), "number": day_numbers(days["date"])})
    told = redemptions.assign(number=day_numbers(redemptions["date"])).merge(
        rows.assign(row=np.arange(len(rows))), on=["store_id", "number"]
    )
    is_named = np.zeros(len(days), dtype=bool)
    is_named[told["row"]] = True
    place = pd.Index(sku_ids).get_indexer(pd.Index(told["sku_id"]))
    known = place >= 0
    keys, at = np.unique(told["row"].to_numpy()[known] * len(sku_ids) + place[known], return_inverse=True)
    # The last entry is what a cell that nobody told has.
    units = np.append(np.bincount(at, told["units"].to_numpy(np.float64)[known]), 0.0)
    cells = day * len(sku_ids) + sku
    found = np.searchsorted(keys, cells)
    is_told = np.append(keys, -1)[found] == cells
    return np.where(is_named[day], units[np.where(is_told, found, len(keys))], usual)


def _quantiles(mean: Matrix, variance: Matrix) -> dict[str, Matrix]:
    """Gamma quantiles by level. A gamma's quantile over its mean depends on its shape alone: read from a table."""
    shape = np.divide(mean**2, variance, out=np.full_like(mean, _SHAPES[-1]), where=variance > 0)
    place = np.log(shape.clip(min=_SHAPES[0]))
    return {
        column: mean * np.interp(place, np.log(_SHAPES), relative)
        for relative, column in zip(_gamma_table(), QUANTILE_COLUMNS, strict=True)
    }


@cache
def _gamma_table() -> list[Matrix]:
    """Per level: the quantile over the mean at each of ``_SHAPES``."""
    return [gammaincinv(_SHAPES, level) / _SHAPES for level in LEVELS]
