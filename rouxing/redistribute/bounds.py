"""How far each quota may move in one cycle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rouxing.optimize.checks import FloatArray
from rouxing.redistribute.parameters import QuotaParameters


@dataclass(frozen=True, slots=True)
class QuotaBounds:
    """Quotas in force, and the least and the most that this cycle may set, coupons (J,)."""

    previous: FloatArray
    lower: FloatArray
    upper: FloatArray


def quota_bounds(cells: pd.DataFrame, parameters: QuotaParameters) -> QuotaBounds:
    """Bounds of the cells: the hardest rule wins.

    Never below what is issued; a protected campaign never below the quota in force; otherwise no further from it than
    the change limit. A store that its people closed goes down to what is issued at once, one with no_new_quota never
    above what is in force. Outside the scope nothing moves.
    """
    previous, issued = (cells[name].to_numpy(np.float64) for name in ("previous_coupons", "issued_coupons"))
    kind = cells["override_kind"].to_numpy(object)
    move = np.floor(np.maximum(parameters.change_share * previous, parameters.change_minimum_coupons))
    floor = np.where(cells["is_protected"].to_numpy(bool), previous, np.maximum(previous - move, 0.0))
    lower = np.where(kind == "closed", issued, np.maximum(floor, issued))
    upper = np.maximum(previous + move, lower)
    upper = np.where(kind == "no_new_quota", np.maximum(previous, lower), upper)
    upper = np.where(kind == "closed", lower, upper)
    in_scope = cells["in_scope"].to_numpy(bool)
    return QuotaBounds(previous, np.where(in_scope, lower, previous), np.where(in_scope, upper, previous))
