"""Effects that cells miss below a reference and that come, in part, to other limits of their group."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rouxing.optimize.checks import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Passing:
    """Who gets what a limit's cells miss, for R limits.

    With ``turned`` (R,) effects missed, limit n gets ``take``_n x the sum of ``give``_s x turned_s over the other
    limits s of its ``group`` (R,), but no more than ``most``_n. All arrays are (R,), all but the group >= 0.
    """

    group: IntArray
    give: FloatArray
    take: FloatArray
    most: FloatArray

    def received(self, turned: FloatArray) -> FloatArray:
        """Effects (R,) that come to each limit."""
        return np.minimum(self.asked(turned), self.most)

    def asked(self, turned: FloatArray) -> FloatArray:
        """What would come to each limit (R,) if all took all."""
        return self.take * self._of_others(self.give * turned)

    def saved(self, prices: FloatArray) -> FloatArray:
        """What an effect missed at each limit (R,) costs the others of its group at ``prices`` (R,) of what they get.

        The transpose of `asked`.
        """
        return self.give * self._of_others(self.take * prices)

    def _of_others(self, amount: FloatArray) -> FloatArray:
        in_group = np.bincount(self.group, amount)[self.group] if self.group.size else amount
        return np.asarray(np.maximum(in_group - amount, 0.0))

    def after(self, units: int) -> Passing:
        """The same behind ``units`` limits that neither give nor get."""
        nothing = np.zeros(units)
        group = np.append(np.zeros(units, dtype=np.int64), self.group)
        parts = (np.append(nothing, part) for part in (self.give, self.take, self.most))
        return Passing(group, *parts)

    def under_chord(self, turned: FloatArray) -> Passing:
        """The most that is linear and never above what is received, for all that is missed up to ``turned`` (R,)."""
        asked = self.asked(turned)
        share = np.divide(self.most, asked, out=np.ones(asked.size), where=asked > self.most)
        return replace(self, take=self.take * share, most=np.full(asked.size, np.inf))


@dataclass(frozen=True, slots=True)
class Diversion:
    """Effects that are missed since decisions are below a ``reference`` (J,), and the limits they come to.

    Effect limit s misses the sum of its use x max(E[min(D, base + reference)] - E[min(D, base + x)], 0) over the cells
    of ``is_passed`` (J,), and ``already`` (Re,); ``passing`` says to which limits that comes.
    """

    reference: FloatArray
    is_passed: BoolArray
    already: FloatArray
    passing: Passing

    def of(self, chosen: Any) -> Diversion:
        """The same of some cells, in that order."""
        return replace(self, reference=self.reference[chosen], is_passed=self.is_passed[chosen])
