"""Coupon claims summed into cells, and the tables of a window of claim days that hazards are fitted on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from rouxing.forecast.calendar import Flags
from rouxing.forecast.history import Days, day_numbers
from rouxing.forecast.panel import Matrix, summed

_ONE_CLASS = "all"


@dataclass(frozen=True)
class Cohorts:
    """Claims as cells, one per store, stock, customer class, claim day, closing age and outcome; by claim day.

    ``closed_age`` is the age in days at redemption or expiry, ``ages`` (past every age) while a coupon is open.
    ``valid`` days, ``kind`` number: per stock. ``coupons``: count per cell. So the cost of whatever is computed from
    cells does not grow with the number of coupons.
    """

    stock_ids: npt.NDArray[np.object_]
    valid: Days
    kind: Days
    store: Days
    stock: Days
    customer: Days
    claim_day: Days
    closed_age: Days
    redeemed: Flags
    coupons: Matrix

    @property
    def ages(self) -> int:
        return int(self.valid.max(initial=1))

    @property
    def customers(self) -> int:
        return int(self.customer.max(initial=0)) + 1

    def between(self, first: int, last: int) -> slice:
        """Cells claimed on the days first..last."""
        start, end = np.searchsorted(self.claim_day, [first, last + 1])
        return slice(int(start), int(end))


@dataclass(frozen=True)
class WindowTables:
    """Coupons by stock x claim day (from ``first``) x age: redeemed at that age, and present at its start.

    ``present`` forgets redemptions: coupons claimed and not withdrawn before. ``open`` counts only those neither
    redeemed nor withdrawn. Ages that a stock is not valid for hold zero.
    """

    first: int
    redeemed: Matrix
    present: Matrix
    open: Matrix

    def lived(self, end: int) -> Flags:
        """Claim days x ages: whether coupons of the day have reached the age by the end of day ``end``."""
        days, ages = self.open.shape[1:]
        reached: Flags = self.first + np.arange(days)[:, None] + np.arange(ages) <= end
        return reached

    def reweighted(self, exposure: Matrix) -> WindowTables:
        """The tables with open coupons counted ``exposure`` times."""
        return replace(self, open=self.open * exposure)

    def until(self, end: int) -> WindowTables:
        """The tables as they stood at the end of day ``end``: what came later is zero."""
        seen = self.lived(end)
        return WindowTables(self.first, self.redeemed * seen, self.present * seen, self.open * seen)


def cohorts_of(claims: pd.DataFrame | None, store: Days) -> Cohorts:
    """Cells of a claims frame (see ``History``); ``store`` numbers the store of each row.

    Rows closed before they were claimed are left out.
    """
    if claims is None or claims.empty:
        none = np.zeros(0, dtype=np.int64)
        flags, amounts = none.astype(bool), none.astype(np.float64)
        return Cohorts(none.astype(object), none, none, none, none, none, none, none, flags, amounts)
    stock, stock_ids = pd.factorize(claims["stock_id"].to_numpy(dtype=object), sort=True)
    valid = np.zeros(len(stock_ids), dtype=np.int64)
    np.maximum.at(valid, stock, claims["valid_days"].to_numpy(dtype=np.int64))
    kind = np.zeros(len(stock_ids), dtype=np.int64)
    np.maximum.at(kind, stock, _codes(claims, "kind"))
    ages = int(valid.max())
    claim_day = day_numbers(claims["claim_date"])
    is_open = claims["closed_date"].isna().to_numpy()
    closed_age = np.where(is_open, ages, np.minimum(day_numbers(claims["closed_date"]) - claim_day, ages))
    redeemed = claims["redeemed"].to_numpy(dtype=bool) & ~is_open
    columns = (claim_day, store, stock.astype(np.int64), _codes(claims, "customer_class"), closed_age, redeemed)
    keys, coupons = _cells(columns, claims["coupons"].to_numpy(dtype=np.float64), closed_age >= 0)
    day, shop, batch, customer, age, outcome = keys
    return Cohorts(stock_ids, valid, kind, shop, batch, customer, day, age, outcome.astype(bool), coupons)


def window_tables(cohorts: Cohorts, first: int, last: int, weight: Matrix | None = None) -> WindowTables:
    """Tables of the claims of days first..last, each coupon counted once or with the ``weight`` of its cell."""
    part = cohorts.between(first, last)
    shape = (len(cohorts.valid), last - first + 1, cohorts.ages + 1)
    cell = np.ravel_multi_index((cohorts.stock[part], cohorts.claim_day[part] - first, cohorts.closed_age[part]), shape)
    coupons = cohorts.coupons[part] if weight is None else (cohorts.coupons * weight)[part]
    redeemed = cohorts.redeemed[part]
    taken = summed(cell[redeemed], coupons[redeemed], shape)
    lost = summed(cell[~redeemed], coupons[~redeemed], shape)
    valid = np.arange(cohorts.ages) < cohorts.valid[:, None, None]
    present = (taken + lost).sum(axis=2, keepdims=True) - _before(lost)
    return WindowTables(first, taken[..., :-1] * valid, present * valid, (present - _before(taken)) * valid)


def _before(closed: Matrix) -> Matrix:
    """Closed at an earlier age; ``closed`` has one age more for what never closed."""
    return np.cumsum(closed, axis=2)[..., :-1] - closed[..., :-1]


def kind_names(claims: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Name of each number of ``Cohorts.kind``."""
    names: npt.NDArray[np.object_] = pd.factorize(_names(claims, "kind"), sort=True)[1]
    return names


def _names(claims: pd.DataFrame, column: str) -> npt.NDArray[np.object_]:
    if column not in claims.columns:
        return np.full(len(claims), _ONE_CLASS, dtype=object)
    return claims[column].astype("str").to_numpy(dtype=object)


def _codes(claims: pd.DataFrame, column: str) -> Days:
    return pd.factorize(_names(claims, column), sort=True)[0].astype(np.int64)


def _cells(columns: tuple[npt.NDArray[np.generic], ...], coupons: Matrix, kept: Flags) -> tuple[Days, Matrix]:
    """Distinct rows of the columns (columns x cells), sorted, with the coupons of each."""
    stacked = np.stack([column[kept].astype(np.int64) for column in columns])
    low = stacked.min(axis=1, initial=2**62, keepdims=True)
    shape = tuple((stacked - low).max(axis=1, initial=0) + 1)
    keys, cell = np.unique(np.ravel_multi_index(tuple(stacked - low), shape), return_inverse=True)
    cells: Days = np.array(np.unravel_index(keys, shape)) + low
    return cells, np.bincount(cell, weights=coupons[kept]).astype(np.float64)
