"""The last word on every plan: no limit is left broken that cutting quotas can keep, whatever was decided before."""

from __future__ import annotations

import numpy as np

from rouxing.optimize.checks import BoolArray, FloatArray, IntArray
from rouxing.optimize.curves import CurveTable, DemandCurves
from rouxing.redistribute.problem import QuotaProblem

_ROUNDS = 8
# Asked for on top of what is over, so that rounding does not leave a limit broken by a hair.
_MORE = 1e-7


def trimmed(problem: QuotaProblem, quota: FloatArray) -> FloatArray:
    """Quotas (J,) cut until each limit holds with the customers that the cuts themselves send next door.

    What was raised in this cycle goes back first, then the least worth per pickup is cut down to its lower bound.
    Only limits that the lower bounds alone break stay broken, with all their cells at the lower bound. Whole in, whole
    out, never up.
    """
    quota = quota.copy()
    raised = np.minimum(quota, np.maximum(problem.previous, problem.lower))
    for floor in (raised, problem.lower):
        quota = _cut_down_to(problem, quota, floor)
    return _surrendered(problem, quota)


def _cut_down_to(problem: QuotaProblem, quota: FloatArray, floor: FloatArray) -> FloatArray:
    effects = problem.effects
    for _ in range(_ROUNDS):
        claims = problem.claims(quota)
        room = problem.room(claims)
        rows = np.nonzero(problem.broken(room))[0]
        if not rows.size:
            break
        row, cell, use = _entries(effects, rows)
        movable = quota[cell] > floor[cell]
        if not movable.any():
            break
        row, cell, use = row[movable], cell[movable], use[movable]
        relief = use * np.maximum(claims[cell] - _claims_of(problem, cell, floor[cell]), 0.0)
        needed = _needed(row, relief, problem.worth[cell] / use, cell, -room + _MORE)
        cells, target = _targets(cell, claims[cell] - needed / use)
        quota[cells] = _quota_for(problem, cells, target, floor[cells], quota[cells])
    return quota


def _entries(effects: object, rows: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Limit, cell and use of all entries of the limits ``rows``."""
    matrix = effects[rows].tocoo()  # type: ignore[index]
    used = matrix.data > 0
    return rows[matrix.row[used]], matrix.col[used].astype(np.int64), matrix.data[used]


def _needed(row: IntArray, relief: FloatArray, merit: FloatArray, cell: IntArray, excess: FloatArray) -> FloatArray:
    """Relief (entries) that each entry has to give: in order of merit, until its limit's ``excess`` is gone."""
    order = np.lexsort((cell, merit, row))
    ordered = relief[order]
    total = np.cumsum(ordered)
    first = np.searchsorted(row[order], row[order], side="left")
    ahead = total - ordered - (total[first] - ordered[first])
    result = np.empty(relief.size)
    result[order] = np.clip(excess[row[order]] - ahead, 0.0, ordered)
    return result


def _targets(cell: IntArray, claims: FloatArray) -> tuple[IntArray, FloatArray]:
    """Cells, each once, with the least number of claims that one of its limits asks for."""
    cells, place = np.unique(cell, return_inverse=True)
    target = np.full(cells.size, np.inf)
    np.minimum.at(target, place, claims)
    return cells, target


def _quota_for(
    problem: QuotaProblem, cells: IntArray, target: FloatArray, floor: FloatArray, quota: FloatArray
) -> FloatArray:
    """Largest whole quotas between ``floor`` and ``quota`` that let no more than ``target`` claims through.

    Where even the floor lets more through, the floor; where nothing was asked of a cell, its quota.
    """
    table = CurveTable.of(DemandCurves(problem.curves.shares, problem.curves.units[cells]))
    everyone = slice(0, cells.size)
    low, high = floor.copy(), quota.copy()
    fits = table.expected_min(quota, everyone) <= target
    low = np.where(fits, quota, low)
    while bool((high - low > 0.5).any()):
        middle = np.ceil((low + high) / 2.0)
        within = table.expected_min(middle, everyone) <= target
        low = np.where(within, middle, low)
        high = np.where(within, high, np.minimum(middle - 1.0, high))
    return np.maximum(low, floor)


def _claims_of(problem: QuotaProblem, cell: IntArray, quota: FloatArray) -> FloatArray:
    return DemandCurves(problem.curves.shares, problem.curves.units[cell]).expected_min(quota)


def _surrendered(problem: QuotaProblem, quota: FloatArray) -> FloatArray:
    """All cells of limits still broken at their lower bounds; each round settles at least one limit for good."""
    effects = problem.effects
    while True:
        broken = problem.broken(problem.room(problem.claims(quota)))
        held = _on(effects, broken) & (quota > problem.lower)
        if not held.any():
            return quota
        quota = np.where(held, problem.lower, quota)


def _on(effects: object, rows: BoolArray) -> BoolArray:
    """Cells (J,) that take part in one of the limits ``rows`` (bool)."""
    return np.asarray(effects.T @ rows.astype(np.float64) > 0)  # type: ignore[attr-defined]
