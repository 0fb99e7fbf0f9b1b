"""What open coupons will bring: a hazard refitted every week, recalibrated every day, both as known on the day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from rouxing.forecast.calendar import DayTable, day_table
from rouxing.forecast.cohorts import Cohorts, WindowTables, cohorts_of, window_tables
from rouxing.forecast.hazard import WINDOW_DAYS, Hazard, fit_hazard, kinds_by_age
from rouxing.forecast.history import Days, History, day_number
from rouxing.forecast.panel import Matrix, summed
from rouxing.forecast.recalibration import cohort_levels, shrunken_ratio

REFIT_DAYS = 7
_MOST_REDEEMED = 0.98
_TINY = 1e-9
_LEVEL_ROUNDS = 2


@dataclass(frozen=True)
class Redemptions:
    """Redemption as known at the end of day ``end``, good for origins ``end`` .. ``end`` + 6.

    ``share``: stocks x claim days (from ``first``) x ages, share of claimed coupons redeemed at that age in a typical
    store; ``until_age`` its sum up to an age. ``by_store`` and ``by_customer`` multiply it. The level of a claim day,
    recalibrated at each origin, multiplies it once more (``levels``).
    """

    cohorts: Cohorts
    hazard: Hazard
    first: int
    share: Matrix
    until_age: Matrix
    by_store: Matrix
    by_customer: Matrix
    redeemed: Matrix
    expected: Matrix

    def levels(self, origin: int) -> Matrix:
        """Level of each claim day from ``origin`` - 55 to ``origin``, from redemptions up to then.

        Young cohorts are judged by the share that should have been redeemed at their age, not by what is still open.
        """
        claim_day = np.arange(origin - WINDOW_DAYS + 1, origin + 1)
        place = claim_day - self.first
        lived = claim_day[:, None] + np.arange(self.redeemed.shape[1]) <= origin
        return cohort_levels((self.redeemed[place] * lived).sum(axis=1), (self.expected[place] * lived).sum(axis=1))

    def to_come_of_open(self, origin: int, horizon: int, stores: int) -> Matrix:
        """Stores x horizons: redemptions expected of the coupons open at the end of ``origin``.

        A coupon with multiplier m that is open at age a is redeemed at age b with the chance
        m share(b) / (1 - m until_age(a)): the multiplier moves who redeems at all, the lag stays.
        """
        part, _, weight = self._open(origin)
        stock, place, ages = self.cohorts.stock[part], self.cohorts.claim_day[part] - self.first, self.share.shape[2]
        days = np.arange(max(origin - ages + 1, self.first), origin + 1)
        later = (origin - days)[:, None] + np.arange(1, horizon + 1)
        padded = np.concatenate([self.share, np.zeros((*self.share.shape[:2], horizon))], axis=2)
        share = padded[:, (days - self.first)[:, None], np.minimum(later, ages + horizon - 1)]
        column = stock * len(days) + place + self.first - days[0]
        size = (stores, share.shape[0] * len(days))
        weights = csr_array((weight, (self.cohorts.store[part], column)), shape=size)
        return np.asarray(weights @ share.reshape(-1, horizon))

    def expected_of_open(self, origin: int) -> tuple[Days, Matrix]:
        """Cells with coupons open at the end of ``origin``, and redemptions expected of each until they expire."""
        part, age, weight = self._open(origin)
        until = self.until_age[self.cohorts.stock[part], self.cohorts.claim_day[part] - self.first]
        return part, weight * (until[:, -1] - until[np.arange(len(age)), age])

    def share_of_new(self, origin: int, horizon: int) -> Matrix:
        """Stocks x claim days ahead x horizons: share of coupons claimed on a coming day redeemed on each later one."""
        ahead = np.arange(1, horizon + 1)
        age = ahead - ahead[:, None]
        share = self.share[:, (origin + ahead - self.first)[:, None], np.clip(age, 0, self.share.shape[2] - 1)]
        share = share * ((age >= 0) & (age < self.share.shape[2]))
        whole = self.until_age[:, origin + ahead - self.first, -1]
        level = np.minimum(self.levels(origin)[-1], _MOST_REDEEMED / np.maximum(whole, _TINY))
        result: Matrix = share * level[:, :, None]
        return result

    def _open(self, origin: int) -> tuple[Days, Days, Matrix]:
        """Cells open at the end of ``origin`` that can still be redeemed, their age, and coupons x m / (1 - m until).

        m is the multiplier of a cell, until the share redeemed up to its age.
        """
        cohorts = self.cohorts
        window = cohorts.between(max(origin - cohorts.ages + 1, self.first), origin)
        age = origin - cohorts.claim_day[window]
        valid = cohorts.valid[cohorts.stock[window]]
        still = np.flatnonzero((cohorts.closed_age[window] > age) & (valid > age + 1))
        part, age = still + window.start, age[still]
        stock, place = cohorts.stock[part], cohorts.claim_day[part] - self.first
        much = self.by_store[cohorts.store[part]] * self.by_customer[cohorts.customer[part]]
        much = np.minimum(
            much * self._level_of(part, origin), _MOST_REDEEMED / np.maximum(self.until_age[stock, place, -1], _TINY)
        )
        return part, age, cohorts.coupons[part] * much / (1.0 - much * self.until_age[stock, place, age])

    def _level_of(self, part: Days, origin: int) -> Matrix:
        levels = self.levels(origin)
        return levels[np.maximum(self.cohorts.claim_day[part] - origin + WINDOW_DAYS - 1, 0)]


def weekly_redemptions(
    cohorts: Cohorts, days: DayTable, origins: range, stores: int, horizon: int
) -> Iterator[tuple[range, Redemptions]]:
    """Blocks of at most seven origins (day numbers), latest first, and the redemption as known at each block's start.

    The last block is the last origin alone: its forecast uses all that is known.
    """
    for start in range(origins.stop - 1, origins.start - 1, -REFIT_DAYS):
        last = min(start + REFIT_DAYS, origins.stop) - 1
        if len(cohorts.store[cohorts.between(start - WINDOW_DAYS + 1, last)]):
            yield range(start, last + 1), fit_redemptions(cohorts, days, start, last, stores, horizon)


def fit_redemptions(cohorts: Cohorts, days: DayTable, end: int, last: int, stores: int, horizon: int) -> Redemptions:
    """Redemption as known at the end of day ``end``, ready for origins up to ``last``; claims of 56 days count.

    Cells are in the order of claim days; the tables hold stocks x days x ages, so the cost of a fit is one pass over
    the cells of nine weeks, however many coupons they hold.
    """
    first = min(end - WINDOW_DAYS, end - cohorts.ages) + 1
    tables = window_tables(cohorts, first, last)
    kinds = kinds_by_age(days, first, last + horizon - first + 1, cohorts.ages)
    hazard = _fit_at_level(_only(tables.until(end), end - WINDOW_DAYS + 1), cohorts, days, kinds)
    share = hazard.redeemed_share(kinds)
    by_customer, by_store = _multipliers(cohorts, share, first, end, stores)
    weight = by_store[cohorts.store] * by_customer[cohorts.customer]
    expected = window_tables(cohorts, first, last, weight).present * share[:, : last - first + 1]
    until = np.cumsum(share, axis=2)
    sums = tables.redeemed.sum(axis=0), expected.sum(axis=0)
    return Redemptions(cohorts, hazard, first, share, until, by_store, by_customer, *sums)


def redemption_curve(claims: pd.DataFrame, origin: date) -> pd.DataFrame:
    """Frame stock_id, age_days, redeemed_share: share of claimed coupons redeemed on the day of that age.

    What coupons claimed now will do on ordinary days in a typical store: the hazard as of the end of ``origin`` at the
    level of the latest cohorts. One row per stock and age 0 .. valid_days - 1; sorted. Claims not known at the origin
    are ignored.
    """
    known = known_claims(claims, origin)
    if known.empty:
        return pd.DataFrame({"stock_id": [], "age_days": [], "redeemed_share": []}).astype({"stock_id": "str"})
    end = day_number(origin)
    cohorts = cohorts_of(known, np.zeros(len(known), dtype=np.int64))
    days = day_table(None, end - WINDOW_DAYS, end + 1)
    fitted = fit_redemptions(cohorts, days, end, end, stores=1, horizon=1)
    share = fitted.hazard.on_ordinary_days().redeemed_share(np.zeros((1, cohorts.ages), dtype=np.int64))[:, 0]
    level = np.minimum(fitted.levels(end)[-1], _MOST_REDEEMED / np.maximum(share.sum(axis=1, keepdims=True), _TINY))
    stock, age = np.nonzero(np.arange(cohorts.ages) < cohorts.valid[:, None])
    return pd.DataFrame(
        {"stock_id": cohorts.stock_ids[stock], "age_days": age, "redeemed_share": (share * level)[stock, age]}
    ).astype({"stock_id": "str"})


def known_claims(claims: pd.DataFrame, origin: date) -> pd.DataFrame:
    """The claims as they stood at the end of ``origin``."""
    known = History(pd.DataFrame({"store_id": [], "date": [], "pickups": []}), claims=claims).as_of(origin).claims
    assert known is not None
    return known


def _fit_at_level(tables: WindowTables, cohorts: Cohorts, days: DayTable, kinds: Days) -> Hazard:
    """The hazard of a cohort of level 1, the levels found along with it.

    Without them the first ages, which young cohorts have lived, would know a new base rate and the later ages would
    not, and the lag would look shorter than it is. The first levels take all days for ordinary: a rate that moves on
    the first holiday in weeks is the levels' to explain, which lasts, before it is the holiday's.
    """
    hazard = fit_hazard(tables, cohorts, days).on_ordinary_days()
    for _ in range(_LEVEL_ROUNDS):
        share = hazard.redeemed_share(kinds[: tables.open.shape[1]])
        levels = cohort_levels(tables.redeemed.sum(axis=(0, 2)), (tables.present * share).sum(axis=(0, 2)))
        before = np.cumsum(share, axis=2) - share
        level = np.minimum(levels[:, None], _MOST_REDEEMED / np.maximum(before + share, _TINY))
        hazard = fit_hazard(tables.reweighted(level * (1.0 - before) / (1.0 - level * before)), cohorts, days)
    return hazard


def _only(tables: WindowTables, first: int) -> WindowTables:
    """The tables without claims of days before ``first``."""
    kept = (tables.first + np.arange(tables.open.shape[1]) >= first)[:, None]
    return WindowTables(tables.first, tables.redeemed * kept, tables.present * kept, tables.open * kept)


def _multipliers(cohorts: Cohorts, share: Matrix, first: int, end: int, stores: int) -> tuple[Matrix, Matrix]:
    """Redemption of each customer class, then of each store given its classes, against a typical one."""
    part = cohorts.between(end - WINDOW_DAYS + 1, end)
    stock, claim_day, coupons = cohorts.stock[part], cohorts.claim_day[part], cohorts.coupons[part]
    closed_age, redeemed = cohorts.closed_age[part], cohorts.redeemed[part]
    reached = end - claim_day
    withdrawn_at = np.where(redeemed, cohorts.ages, closed_age)
    age = np.minimum(np.minimum(reached, withdrawn_at), cohorts.ages - 1)
    expected = coupons * np.cumsum(share, axis=2)[stock, claim_day - first, age]
    observed = coupons * (redeemed & (closed_age <= reached))
    by_customer = _relative(cohorts.customer[part], observed, expected, cohorts.customers)
    given_customer = expected * by_customer[cohorts.customer[part]]
    return by_customer, _relative(cohorts.store[part], observed, given_customer, stores)


def _relative(group: Days, observed: Matrix, expected: Matrix, groups: int) -> Matrix:
    """Ratio of each group to all groups together; the common level belongs to the cohorts."""
    seen, usual = (summed(group, amount, (groups,)) for amount in (observed, expected))
    return shrunken_ratio(seen, usual * seen.sum() / max(usual.sum(), _TINY))
