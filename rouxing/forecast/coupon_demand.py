"""How many coupons customers would like, seen through quotas that cut the claims off."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaincc

from rouxing.forecast.panel import Matrix

_SHRINKAGE_DAYS = 2.0
_SWEEPS = 6


def expected_claims(wanted: Matrix, quota: Matrix) -> Matrix:
    """Mean of min(demand, quota) for Poisson demand of mean w = ``wanted``: w P(X <= f - 1) + q P(X > f), f = floor q.

    A quota need not be whole: a store's part of its district's is not.

    >>> expected_claims(np.array([10.0, 10.0, 10.0]), np.array([0.0, 5.0, 100.0])).round(2).tolist()
    [0.0, 4.96, 10.0]
    """
    whole = np.floor(quota)
    return wanted * _at_most(whole - 1, wanted) + quota * (1.0 - _at_most(whole, wanted))


def demand_behind(claimed: Matrix, quota: Matrix, lift: Matrix, prior: Matrix) -> Matrix:
    """Mean demand per ordinary day behind the sum of claims of some days, per cell.

    ``claimed``: cells; ``quota``: cells x days, 0 where a day does not count; ``lift``: demand of each day over that of
    an ordinary one. The mean w solves sum of claims = sum of ``expected_claims(w x lift, quota)``, drawn to ``prior``
    with the weight of two days. Six rounds of w <- w x claimed / expected; where every quota is used up they only climb
    a little above it, since such days do not tell how much more was wanted.
    """
    wanted = prior
    for _ in range(_SWEEPS):
        expected = expected_claims(wanted[:, None] * lift, quota).sum(axis=1) + _SHRINKAGE_DAYS * wanted
        seen = claimed + _SHRINKAGE_DAYS * prior
        wanted = wanted * np.divide(seen, expected, out=np.ones_like(expected), where=expected > 0)
    return wanted


def _at_most(count: Matrix, mean: Matrix) -> Matrix:
    return np.where(count < 0, 0.0, gammaincc(np.maximum(count, 0.0) + 1.0, mean))
