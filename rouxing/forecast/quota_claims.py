"""Claims that the quotas of coming days would still bring: the usual demand for coupons, capped by the quota."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from rouxing.forecast.cohorts import Cohorts
from rouxing.forecast.coupon_demand import demand_behind, expected_claims
from rouxing.forecast.hazard import DAY_KINDS, HOLIDAY, day_kinds
from rouxing.forecast.history import Days, dates_of, day_numbers
from rouxing.forecast.panel import Matrix, Panel, summed
from rouxing.forecast.promotions import promotions_of

Names: TypeAlias = npt.NDArray[np.object_]

USUAL_DAYS = 14
_WEEKDAY_DAYS = 56
_SHRINKAGE_CLAIMS = 200.0


@dataclass(frozen=True)
class QuotaBook:
    """Quotas by version, in order of their day and of when they were set, and what was claimed under them.

    ``store`` and ``stock`` per pair (a stock nobody has claimed yet has the number after the last); ``claimed``: pairs
    x panel columns; ``push``: pairs x columns to the horizon's end, what a planned push usually does to claims.
    """

    store: Days
    stock: Days
    pair: Days
    day: Days
    set_day: Days
    coupons: Matrix
    claimed: Matrix
    push: Matrix
    panel: Panel

    def known(self, origin: int, first: int, last: int) -> Matrix:
        """Pairs x days first..last: the quota as known at the end of ``origin``, NaN where none was set."""
        start, end = np.searchsorted(self.day, [first, last + 1])
        rows = np.flatnonzero(self.set_day[start:end] <= origin) + start
        result = np.full((len(self.store), last - first + 1), np.nan)
        # Rows are in the order in which quotas were set, and of repeated places the last one is kept.
        result[self.pair[rows], self.day[rows] - first] = self.coupons[rows]
        return result

    def usual_claims(self, origin: int) -> tuple[Matrix, Matrix]:
        """Coupons per day that customers of each pair would like (pairs), and the factor of each day kind.

        From the last 14 days with a quota, drawn to the chain's usual share of it (see ``demand_behind``).
        """
        by_day = self._by_day_kind(origin)
        first = origin - USUAL_DAYS + 1
        quota = self.known(origin, first, origin)
        kinds = day_kinds(self.panel.days, first, USUAL_DAYS)
        # Holidays are left out: shops near homes and near offices go opposite ways on them.
        seen = ~np.isnan(quota) & (kinds != HOLIDAY)
        place = self.panel.column_of(np.arange(first, origin + 1))
        claimed = np.where(place >= 0, self.claimed[:, np.maximum(place, 0)], 0.0) * seen
        held = np.where(seen, quota, 0.0)
        days = seen.sum(axis=1)
        usual_quota = np.where(
            days > 0, held.sum(axis=1) / np.maximum(days, 1), self.ahead(origin, self.panel.horizon).mean(axis=1)
        )
        share = min(claimed.sum() / max(held.sum(), 1.0), 1.0)
        lift = by_day[kinds] * self.push[:, np.maximum(place, 0)]
        wanted = demand_behind(claimed.sum(axis=1), held, lift, share * usual_quota)
        return wanted, by_day

    def ahead(self, origin: int, horizon: int) -> Matrix:
        """Pairs x horizons: quota of each coming day as known at the end of ``origin``.

        A quota set for the origin day or later stays in force after the last day that has one; days left out before
        that have none.
        """
        listed = self.known(origin, origin, origin + horizon)
        has_quota = ~np.isnan(listed)
        last = horizon - np.argmax(has_quota[:, ::-1], axis=1)
        in_force = np.where(has_quota.any(axis=1), listed[np.arange(len(listed)), last], 0.0)
        beyond = np.arange(horizon + 1) > last[:, None]
        return np.where(beyond, in_force[:, None], np.nan_to_num(listed))[:, 1:]

    def claims_under(self, quotas: Matrix, origin: int, usual: tuple[Matrix, Matrix]) -> Matrix:
        """Pairs x horizons: claims expected on each coming day under ``quotas`` (pairs x horizons)."""
        wanted, by_day = usual
        coming = origin + 1 + np.arange(quotas.shape[1])
        lift = by_day[day_kinds(self.panel.days, origin + 1, len(coming))] * self.push[:, self.panel.column_of(coming)]
        return expected_claims(wanted[:, None] * lift, quotas)

    def wanted_ahead(self, origin: int, days: int, usual: tuple[Matrix, Matrix], stock_ids: Names) -> pd.DataFrame:
        """Frame store_id, stock_id, date, wanted_claims, assumed_coupons: the ``days`` days after ``origin``.

        What customers would claim if no quota cut them off, and the quota that ``to_come`` assumes. A stock that nobody
        has claimed yet has no row: it shares its number with all others of its kind.
        """
        wanted, by_day = usual
        coming = origin + 1 + np.arange(days)
        lift = by_day[day_kinds(self.panel.days, origin + 1, days)] * self.push[:, self.panel.column_of(coming)]
        known = self.stock < len(stock_ids)
        return pd.DataFrame(
            {
                "store_id": np.repeat(self.panel.store_ids[self.store[known]], days),
                "stock_id": np.repeat(stock_ids[self.stock[known]], days),
                "date": np.tile(dates_of(coming), int(known.sum())),
                "wanted_claims": (wanted[:, None] * lift)[known].ravel(),
                "assumed_coupons": self.ahead(origin, self.panel.horizon)[known, :days].ravel(),
            }
        ).astype({"store_id": "str", "stock_id": "str"})

    def to_come(self, claims: Matrix, share_of_new: Matrix, by_store: Matrix) -> Matrix:
        """Stores x horizons: pickups from coupons that will be claimed after the origin.

        ``share_of_new``: stocks x claim days ahead x horizons; a stock nobody has claimed yet does as the mean of all.
        """
        share = np.concatenate([share_of_new, share_of_new.mean(axis=0, keepdims=True)])
        result = np.zeros((len(by_store), share.shape[2]))
        for stock in range(len(share)):
            pairs = self.stock == stock
            np.add.at(result, self.store[pairs], claims[pairs] @ share[stock])
        return result * by_store[:, None]

    def _by_day_kind(self, origin: int) -> Matrix:
        """Claims on each kind of day over the mean day, last 56 days, drawn to 1 with the weight of 200 claims."""
        column = origin - self.panel.days.first
        place = np.arange(max(column - _WEEKDAY_DAYS + 1, 0), column + 1)
        claimed = (self.claimed[:, place] / self.push[:, place]).sum(axis=0)
        begun = np.maximum.accumulate(claimed > 0)  # days before the first claim tell nothing
        if not begun.any():
            return np.ones(DAY_KINDS)
        place, claimed = place[begun], claimed[begun]
        kinds = day_kinds(self.panel.days, self.panel.days.first + int(place[0]), len(place))
        usual = np.bincount(kinds, minlength=DAY_KINDS) * claimed.mean()
        seen = np.bincount(kinds, weights=claimed, minlength=DAY_KINDS)
        result: Matrix = (seen + _SHRINKAGE_CLAIMS) / (usual + _SHRINKAGE_CLAIMS)
        return result


def claims_by_carrier(claims: pd.DataFrame, coupon_stocks: pd.DataFrame, stores: pd.DataFrame) -> pd.DataFrame:
    """Frame stock_id, carrier_id, date, wanted_claims, assumed_coupons: stores of a zone's stock added up.

    Args:
        claims: of ``QuotaBook.wanted_ahead``.
        coupon_stocks: stock_id, carrier ("store" or "zone").
        stores: store_id, district_id.
    """
    zoned = claims["stock_id"].isin(coupon_stocks.loc[coupon_stocks["carrier"] == "zone", "stock_id"])
    district = claims["store_id"].map(stores.set_index("store_id")["district_id"])
    carriers = claims.assign(carrier_id=claims["store_id"].where(~zoned, district))
    key = ["stock_id", "carrier_id", "date"]
    return carriers.groupby(key, as_index=False)[["wanted_claims", "assumed_coupons"]].sum()


def quota_book(quotas: pd.DataFrame, cohorts: Cohorts, panel: Panel) -> QuotaBook:
    """The book of a quotas frame (see ``History``). Quotas without ``set_on`` were known from the beginning."""
    stock_ids = pd.Index(cohorts.stock_ids)
    stock = stock_ids.get_indexer(pd.Index(quotas["stock_id"].to_numpy(dtype=object))).astype(np.int64)
    store = panel.rows_of(quotas["store_id"])
    named = np.flatnonzero(store >= 0)
    store, stock = store[named], np.where(stock < 0, len(stock_ids), stock)[named]
    frame = quotas.iloc[named]
    set_day = day_numbers(frame["set_on"]) if "set_on" in frame.columns else np.zeros(len(frame), dtype=np.int64)
    coupons, day = frame["coupons"].to_numpy(dtype=np.float64), day_numbers(frame["date"])
    width = len(stock_ids) + 1
    pairs, pair = np.unique(store * width + stock, return_inverse=True)
    order = np.lexsort((coupons, set_day, day))
    claimed, store = _claimed(cohorts, panel, pairs, width), pairs // width
    return QuotaBook(
        store=store,
        stock=pairs % width,
        pair=pair[order].astype(np.int64),
        day=day[order],
        set_day=set_day[order],
        coupons=coupons[order],
        claimed=claimed,
        push=_pushes(claimed, store, panel)[store],
        panel=panel,
    )


def _pushes(claimed: Matrix, store: Days, panel: Panel) -> Matrix:
    """Stores x columns to the horizon's end: factor that planned marketing pushes bring to claims."""
    by_store = np.zeros_like(panel.pickups)
    np.add.at(by_store, store, claimed)
    by_store[:, ~np.maximum.accumulate(by_store.any(axis=0))] = np.nan
    return promotions_of(panel.promotions.intensity, by_store, panel.days).lift


def _claimed(cohorts: Cohorts, panel: Panel, pairs: Days, width: int) -> Matrix:
    """Pairs x columns: coupons claimed."""
    key, column = cohorts.store * width + cohorts.stock, panel.column_of(cohorts.claim_day)
    pair = np.minimum(np.searchsorted(pairs, key), max(len(pairs) - 1, 0))
    columns = panel.pickups.shape[1]
    inside = (column >= 0) & (column < columns) & (pairs[pair] == key) if len(pairs) else np.zeros(len(key), dtype=bool)
    return summed(pair[inside] * columns + column[inside], cohorts.coupons[inside], (len(pairs), columns))
