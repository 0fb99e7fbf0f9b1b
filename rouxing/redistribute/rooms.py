"""Room of a store-day that a cycle decides with: what is gone counts at once, what came must have lasted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rouxing.optimize.checks import FloatArray
from rouxing.redistribute.parameters import QuotaParameters
from rouxing.redistribute.smoothing import blend, remembered

# Standard deviations of a difference between two draws are on average so many of one draw.
_RANGE = 1.128
# So many standard deviations off, twice in a row and to the same side, are no noise: the room is another one now.
_SHIFT = 3.0
_COLUMNS = ["stock_id", "store_id", "business_date"]


@dataclass(frozen=True, slots=True)
class Rooms:
    """Room of N store-days for claims beyond those of their forecast, pickups (N,).

    ``believed``: what quotas may bring, customers from next door included. ``seen``: what there is now; ``usual``: its
    mean over the cycles of the forecast; ``scatter``: mean distance between two cycles that follow each other.
    ``cycles`` (N,) counts them.
    """

    believed: FloatArray
    seen: FloatArray
    usual: FloatArray
    scatter: FloatArray
    cycles: FloatArray

    @property
    def withheld(self) -> FloatArray:
        """Room (N,) that is there and not believed in yet."""
        return self.seen - self.believed


def no_rooms(store_days: int) -> Rooms:
    """Store-days whose room nobody has asked for yet."""
    nothing = np.zeros(store_days)
    return Rooms(nothing, nothing, nothing, nothing, nothing)


def believed_rooms(
    state: pd.DataFrame, store_days: pd.DataFrame, used: FloatArray, left: FloatArray, parameters: QuotaParameters
) -> Rooms:
    """Rooms where quotas in force use ``used`` (N,) pickups and leave ``left`` (N,), below 0 where a limit breaks.

    A broken limit takes from the room in use what it is over by. Nothing else does: noise that breaks no limit leaves
    the quotas in force their room. More is given, by the share ``trust``, up to what this cycle and the one before both
    allow and the next will most likely not take back: ``caution`` standard deviations below the usual.

    Source: control chart of single values with moving ranges (Shewhart 1931; Montgomery, Statistical Quality Control).
    """
    rows = store_days.assign(stock_id="")
    last, usual, scatter, cycles = (
        remembered(state, f"room_{name}", rows, _COLUMNS) for name in ("seen", "usual", "scatter", "cycles")
    )
    seen = used + left
    is_new = np.isnan(last)
    last, usual, scatter = (np.where(is_new, now, was) for now, was in ((seen, last), (seen, usual), (0.0, scatter)))
    cycles = np.where(is_new, 0.0, cycles) + 1.0
    lowest, highest = np.minimum(seen, last), np.maximum(seen, last)
    reach = _SHIFT * scatter / _RANGE
    mean = blend(usual, seen, np.maximum(parameters.smoothing, 1.0 / cycles))
    mean = np.where(lowest > usual + reach, lowest, np.where(highest < usual - reach, highest, mean))
    scatter = blend(scatter, highest - lowest, np.maximum(parameters.smoothing, 1.0 / np.maximum(cycles - 1.0, 1.0)))
    safe = np.minimum(lowest, mean - parameters.caution * scatter / _RANGE)
    more = np.where(is_new, left, parameters.trust * np.maximum(safe - used, 0.0))
    return Rooms(used + np.where(left < 0, left, more), seen, mean, scatter, cycles)
