"""Claims as the cycles of one forecast have seen them, smoothed: so that noise of five minutes moves no quota."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rouxing.optimize.checks import FloatArray
from rouxing.optimize.curves import DemandCurves
from rouxing.redistribute.claims import claim_curves
from rouxing.redistribute.keys import CELL, KeyBook
from rouxing.redistribute.parameters import QuotaParameters


@dataclass(frozen=True, slots=True)
class Smoothed:
    """Smoothed claims of a day (J,) and the curves they make.

    ``has_memory``: False in a first cycle, where they are what is seen now.
    """

    wanted_claims: FloatArray
    curves: DemandCurves
    has_memory: bool


def smoothed(state: pd.DataFrame, cells: pd.DataFrame, curves: DemandCurves, parameters: QuotaParameters) -> Smoothed:
    """Claims as the cycles of the forecast have seen them: their mean, exponentially weighted once there are many.

    ``curves``: claims as seen now. ``state``: measure (wanted_claims and those of `rooms`), stock_id (empty for
    stores), carrier_id, business_date, value. A cell that is new is as it is seen. Source of the weight: measured, see
    benchmarks/redistribute/stability.py.
    """
    issued, rest = (cells[name].to_numpy(np.float64) for name in ("issued_coupons", "rest_claims"))
    seen = issued + rest
    if not len(state):
        return Smoothed(seen, curves, False)
    cycles = state.loc[state["measure"] == "room_cycles", "value"].max()
    weight = max(parameters.smoothing, 1.0 / (1.0 + np.nan_to_num(cycles)))
    before = remembered(state, "wanted_claims", cells, CELL)
    wanted = np.where(np.isnan(before), seen, blend(before, seen, weight))
    rest = np.maximum(wanted - issued, 0.0)
    return Smoothed(wanted, claim_curves(issued, rest, cells["rest_dispersion"].to_numpy(np.float64)), True)


def blend(before: FloatArray, seen: FloatArray, weight: FloatArray | float) -> FloatArray:
    """What is remembered, moved by ``weight`` (0-1) towards what is seen."""
    return np.asarray(before + weight * (seen - before))


def remembered(state: pd.DataFrame, measure: str, rows: pd.DataFrame, columns: list[str]) -> FloatArray:
    """Values of a measure for the rows with these keys, NaN where nothing is remembered."""
    known = state[state["measure"] == measure].reset_index(drop=True)
    place = KeyBook.of(known, CELL).rows(rows, columns)
    return np.asarray(np.append(known["value"].to_numpy(np.float64), np.nan)[place])
