"""Log-odds of redemption corrected by the cohorts whose labels have closed since, as a live system could each day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from rouxing.forecast.history import Days
from rouxing.forecast.panel import Matrix

_LEVEL = (100.0, 7)  # weight of the prior and half-life in days, as below
_RECORDS = {"user": (1.0, 28), "store": (5.0, 14), "coupon": (2.0, 14)}
_NEWTON_STEPS = 8
_SAME_STORES = 0.8


@dataclass(frozen=True)
class Cohorts:
    """Claims with a forecast: ``log_odds`` (before recalibration), ``day`` of the claim, ``label`` (0, 1, NaN while
    unknown) and ``keys`` (store, coupon, user as text); one entry per claim."""

    log_odds: Matrix
    day: Days
    label: Matrix
    keys: pd.DataFrame


def recalibrate(closed: Cohorts, claims: Cohorts, horizon_days: int) -> Matrix:
    """Log-odds of ``claims`` after recalibration, float64.

    ``closed``: training cohorts with forecasts of a fit that had not seen them. A claim of day d is corrected from
    these and from the rows of ``claims`` whose label had closed by then: claim day + ``horizon_days`` <= d. Labels of
    all other rows change nothing for it.

    The correction is a level for all, then one for the customer, the store and the coupon, each from recent cohorts
    most and shrunk towards none: the mode of a logistic model with normal effects of variance 1 / weight.
    """
    if len(claims.day) == 0:
        return claims.log_odds
    history = _Joined(closed, claims)
    corrected = claims.log_odds.copy()
    for rows, known, linked in _days_alike(history, horizon_days):
        corrected[rows] = _corrected(history, known, rows + history.first, linked)
    return corrected


def stores_agree(closed: Cohorts, claims: Cohorts) -> bool:
    """Whether the coupons that both know belong to the same stores in both, so that their store ids mean the same."""
    history = _Joined(closed, claims)
    return bool(history.linked_by_day()[claims.day.argmax()]) if len(claims.day) else True


class _Joined:
    """Both sets in one row of arrays, claims from place ``first`` on, keys as whole numbers (-1 = missing)."""

    def __init__(self, closed: Cohorts, claims: Cohorts) -> None:
        self.first = len(closed.day)
        self.log_odds: Matrix = np.concatenate([closed.log_odds, claims.log_odds])
        self.day: Days = np.concatenate([closed.day, claims.day])
        self.label: Matrix = np.concatenate([closed.label, claims.label])
        keys = pd.concat([closed.keys, claims.keys], ignore_index=True)
        self.keys = {name: pd.factorize(keys[name])[0].astype(np.int64) for name in _RECORDS}

    def known_on(self, day: int, horizon_days: int) -> npt.NDArray[np.bool_]:
        """Rows with a closed label on ``day``; of ``closed``, all."""
        known: npt.NDArray[np.bool_] = ~np.isnan(self.label)
        known[self.first :] &= self.day[self.first :] + horizon_days <= day
        return known

    def linked_by_day(self) -> npt.NDArray[np.bool_]:
        """Per claim: whether the coupons seen up to its day show that stores have the same ids in both sets.

        Ids that are given anew with every file would carry one store's record over to another.
        """
        store, coupon = self.keys["store"], self.keys["coupon"]
        stores = int(store.max()) + 1
        pair = coupon * stores + store
        here = slice(self.first, None)
        where = np.unique(self.day[here], return_inverse=True)[1]
        shared = np.isin(coupon[here], coupon[: self.first])
        agree = np.isin(pair[here], pair[: self.first])
        counts = [np.bincount(where, weights=_first_of_each(pair[here], self.day[here], m)) for m in (shared, agree)]
        pairs, same = (np.cumsum(count) for count in counts)
        linked: npt.NDArray[np.bool_] = ((pairs > 0) & (same >= _SAME_STORES * pairs))[where]
        return linked

    def keys_of(self, name: str, linked: bool) -> Days:
        """Keys of one kind; stores of the claims apart from those of the closed set unless ``linked``."""
        key = self.keys[name]
        if linked or name != "store":
            return key
        apart = key.copy()
        apart[self.first :] += int(key.max()) + 1
        return apart


def _first_of_each(pair: Days, day: Days, counted: npt.NDArray[np.bool_]) -> Matrix:
    """1.0 at the earliest row of each pair that counts, else 0."""
    order = np.argsort(day, kind="stable")
    order = order[counted[order]]
    _, first = np.unique(pair[order], return_index=True)
    marks = np.zeros(len(pair))
    marks[order[first]] = 1.0
    return marks


def _days_alike(history: _Joined, horizon_days: int) -> Iterator[tuple[Days, npt.NDArray[np.bool_], bool]]:
    """Claims (places among the claims) that are corrected from the same known rows, with those rows."""
    day = history.day[history.first :]
    linked = history.linked_by_day()
    closing = np.unique(day[~np.isnan(history.label[history.first :])] + horizon_days)
    state = np.searchsorted(closing, day, side="right") * 2 + linked
    for value in np.unique(state):
        rows = np.flatnonzero(state == value)
        yield rows, history.known_on(int(day[rows[0]]), horizon_days), bool(value % 2)


def _corrected(history: _Joined, known: npt.NDArray[np.bool_], rows: Days, linked: bool) -> Matrix:
    past: Matrix = history.log_odds[known]
    future: Matrix = history.log_odds[rows]
    if len(past) == 0:
        return future
    label, day = history.label[known], history.day[known]
    age = day.max() - day
    weight, half_life = _LEVEL
    level = _effects(np.zeros(len(past), dtype=np.int64), past, label, 0.5 ** (age / half_life), weight)[0]
    past, future = past + level, future + level
    for name, (weight, half_life) in _RECORDS.items():
        key = history.keys_of(name, linked)
        effects = np.zeros(int(key.max()) + 2)  # the last place stays 0: it is where -1 points
        seen = key[known] >= 0
        found = _effects(key[known][seen], past[seen], label[seen], 0.5 ** (age[seen] / half_life), weight)
        effects[: len(found)] = found
        past, future = past + effects[key[known]], future + effects[key[rows]]
    return future


def _effects(key: Days, log_odds: Matrix, label: Matrix, weights: Matrix, prior: float) -> Matrix:
    """Shrunk shift of the log-odds per key: Newton steps of at most 1 towards the mode."""
    if len(key) == 0:
        return np.zeros(0)
    effect: Matrix = np.zeros(int(key.max()) + 1, dtype=np.float64)
    for _ in range(_NEWTON_STEPS):
        chance = expit(log_odds + effect[key])
        pull = np.bincount(key, weights * (label - chance), minlength=len(effect)) - prior * effect
        curve = np.bincount(key, weights * chance * (1 - chance), minlength=len(effect)) + prior
        effect = effect + np.clip(pull / curve, -1.0, 1.0)
    return effect
