"""The chance that an open coupon is redeemed on a day, by its age, days to expiry, the day's kind, coupon and kind."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rouxing.forecast.calendar import DayTable
from rouxing.forecast.cohorts import Cohorts, WindowTables
from rouxing.forecast.history import Days
from rouxing.forecast.panel import Matrix

WINDOW_DAYS = 56  # of claims that count
DAY_KINDS = 8  # Monday .. Sunday, holiday
HOLIDAY = DAY_KINDS - 1
SHRINKAGE_COUPONS = 50.0
_SHRINKAGE_REDEMPTIONS = 25.0
_SHRINKAGE_HOLIDAY_DAYS = 14
_LAST_DAYS = 3  # before expiry, each with a factor of its own
_SWEEPS = 8
_HIGHEST = 0.95


@dataclass(frozen=True)
class Hazard:
    """``by_age``: stocks x ages, hazard on an ordinary day (shares 0-1); ``by_day``: factor of each day kind."""

    by_age: Matrix
    by_day: Matrix

    def on_ordinary_days(self) -> Hazard:
        """The hazard with every day an ordinary one."""
        return replace(self, by_day=np.ones_like(self.by_day))

    def redeemed_share(self, day_kind: Days) -> Matrix:
        """Stocks x claim days x ages: share of claimed coupons redeemed at that age.

        ``day_kind`` (claim days x ages) is the kind of the day on which coupons of a claim day have an age.
        """
        hazard = np.minimum(self.by_age[:, None, :] * self.by_day[day_kind], _HIGHEST)
        still_open = np.cumprod(1.0 - hazard, axis=2)
        before = np.concatenate([np.ones((*hazard.shape[:2], 1)), still_open[..., :-1]], axis=2)
        return before * hazard


def day_kinds(days: DayTable, first: int, count: int) -> Days:
    """Kind of ``count`` days from day number ``first``: weekday 0-6, or 7 on a holiday.

    Days before or after the table are taken for plain weekdays.
    """
    wanted = np.arange(first, first + count)
    kind: Days = (days.weekday[0] + wanted - days.first) % 7
    place = wanted - days.first
    inside = (place >= 0) & (place < len(days.weekday))
    kind[inside & days.is_holiday[np.clip(place, 0, len(days.weekday) - 1)]] = HOLIDAY
    return kind


def kinds_by_age(days: DayTable, first: int, claim_days: int, ages: int) -> Days:
    """Claim days x ages: kind of the day on which a coupon claimed on day ``first`` + row has the age of the column."""
    kinds = day_kinds(days, first, claim_days + ages)
    kind: Days = kinds[np.arange(claim_days)[:, None] + np.arange(ages)]
    return kind


def fit_hazard(tables: WindowTables, cohorts: Cohorts, days: DayTable) -> Hazard:
    """The hazard as the tables know it: discrete-time Poisson model with factors, ages not lived through left out.

    redemptions at an age ~ coupons open at its start x rate x factor of age x kind x last days x day kind. Each factor
    has a gamma prior around 1 worth 25 redemptions (holidays: those of two weeks more) and is set in turn to its
    posterior mode given the others. Each stock's age then is drawn to the factors with the weight of 50 coupons:
    (d + 50 q) / (n + 50).
    """
    kinds = kinds_by_age(days, tables.first, tables.open.shape[1], cohorts.ages)
    of_kind = (kinds[:, :, None] == np.arange(DAY_KINDS)).astype(np.float64)
    redeemed = np.einsum("pca,cak->pak", tables.redeemed, of_kind)
    at_risk = np.einsum("pca,cak->pak", tables.open, of_kind)
    rate = redeemed.sum() / max(at_risk.sum(), 1.0)
    labels = _labels(cohorts, redeemed.shape)
    factors = _fitted(redeemed, at_risk * rate, labels)
    by_day = factors[-1]
    typical = rate * np.prod([factor[label] for factor, label in zip(factors[:-1], labels[:-1], strict=True)], axis=0)
    typical = typical[:, :, 0]
    exposure = (at_risk * by_day).sum(axis=2)
    by_age = (redeemed.sum(axis=2) + SHRINKAGE_COUPONS * typical) / (exposure + SHRINKAGE_COUPONS)
    by_age[np.arange(cohorts.ages) >= cohorts.valid[:, None]] = 0.0
    return Hazard(by_age, by_day)


def _labels(cohorts: Cohorts, shape: tuple[int, ...]) -> list[Days]:
    """Group of each stock x age x day kind in each factor: age, coupon kind, days to expiry, day kind (last)."""
    age = np.arange(shape[1])[None, :, None]
    left = np.clip(cohorts.valid[:, None, None] - 1 - age, 0, _LAST_DAYS)
    groups = (age, cohorts.kind[:, None, None], left, np.arange(DAY_KINDS)[None, None, :])
    return [np.broadcast_to(group, shape) for group in groups]


def _fitted(redeemed: Matrix, expected: Matrix, labels: list[Days]) -> list[Matrix]:
    factors = [np.ones(int(label.max(initial=0)) + 1) for label in labels]
    prior = _priors(redemptions=float(redeemed.sum()), factors=factors)
    seen = [_by_group(redeemed, label, factor) for label, factor in zip(labels, factors, strict=True)]
    for _ in range(_SWEEPS):
        for place, label in enumerate(labels):
            others = [factors[i][labels[i]] for i in range(len(labels)) if i != place]
            usual = _by_group(expected * np.prod(others, axis=0), label, factors[place])
            factors[place] = (seen[place] + prior[place]) / (usual + prior[place])
    return factors


def _priors(redemptions: float, factors: list[Matrix]) -> list[Matrix]:
    """Weight of each group's prior in redemptions."""
    prior = [np.full(len(factor), _SHRINKAGE_REDEMPTIONS) for factor in factors]
    prior[0][:] = 1.0  # the lag itself
    # Weekdays come back every week; a holiday comes once in weeks and must not pass for a rate that has moved.
    prior[-1][HOLIDAY] += _SHRINKAGE_HOLIDAY_DAYS * redemptions / WINDOW_DAYS
    return prior


def _by_group(amounts: Matrix, label: Days, like: Matrix) -> Matrix:
    return np.bincount(label.ravel(), weights=amounts.ravel(), minlength=len(like)).astype(np.float64)
