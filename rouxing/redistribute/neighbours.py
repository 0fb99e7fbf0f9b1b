"""Customers who find no coupon at a store and try another one of their district."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rouxing.optimize.checks import FloatArray, IntArray
from rouxing.optimize.passing import Passing


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Who takes the customers that a store turns away, for N store-days.

    ``group`` (N,) numbers the district on the day; ``share`` (N,) the store's share (0-1) of its district's coupon
    claims, over all stores of the district; ``spill_share`` of those turned away try another store; the others stay
    away. ``most`` (N,) pickups that a store takes at most: who comes beyond that finds it full too, so that nobody is
    sent on a second time.
    """

    group: IntArray
    share: FloatArray
    spill_share: float
    most: FloatArray

    def spill(self, turned_away: FloatArray) -> FloatArray:
        """Pickups (N,) that come from neighbours which turn ``turned_away`` (N,) pickups away."""
        return self.passing.received(turned_away)

    @property
    def passing(self) -> Passing:
        """Customers of store s choose among the other stores n of the district with weight share_n / (1 - share_s)."""
        others = 1.0 - self.share
        has_others = others > 1e-9
        give = np.where(has_others, 1.0 / np.where(has_others, others, 1.0), 0.0)
        return Passing(self.group, give, self.spill_share * self.share, self.most)
