"""The peer of the pricing engine: the linear relaxation of its question, solved by SciPy's HiGHS.

Fractional, by dual simplex with presolve off: with its defaults it spends most of its time in presolve here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from rouxing.optimize.pricing import PricingProblem

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Relaxed:
    """``value`` by straight pieces, ``expected`` of the same quantities on the curves themselves, both above ``lower``;
    ``seconds`` it took.
    """

    value: float
    expected: float
    seconds: float


def cut(ends: FloatArray, pieces: int) -> FloatArray:
    """Ends (J, P) of pieces with each piece cut into so many equal ones."""
    parts = [ends[:, :-1] + np.diff(ends, axis=1) * part / pieces for part in range(pieces)]
    return np.column_stack([np.stack(parts, axis=2).reshape(len(ends), -1), ends[:, -1:]])


def relaxed(asked: PricingProblem, ends: FloatArray, seconds: float | None = None) -> Relaxed | None:
    """The relaxation with straight pieces between ``ends`` (J, P), from lower to upper; None if time ran out."""
    claims = asked.curves.expected_min(asked.base[:, None] + ends)
    cell, piece = np.nonzero(np.diff(ends, axis=1) > 1e-9)
    width = np.diff(ends, axis=1)[cell, piece]
    made = np.diff(claims, axis=1)[cell, piece] / width
    moved = np.diff(np.abs(ends - asked.previous[:, None]), axis=1)[cell, piece] / width
    effects = csr_array(asked.effect_limits)[:, cell].tocoo()
    by_unit = csr_array((effects.data * made[effects.col], (effects.row, effects.col)), shape=effects.shape)
    brought = _claims(asked, asked.lower) - _claims(asked, np.zeros(asked.lower.size))
    left = np.concatenate(
        [asked.unit_capacity - asked.unit_limits @ asked.lower, asked.effect_capacity - asked.effect_limits @ brought]
    )
    started = time.perf_counter()
    solved = linprog(
        -(asked.worth[cell] * made - asked.cost[cell] - asked.move_cost[cell] * moved),
        A_ub=csr_array(vstack([csr_array(asked.unit_limits)[:, cell], by_unit])),
        b_ub=np.maximum(left, 0.0),
        bounds=np.column_stack([np.zeros(width.size), width]),
        method="highs-ds",
        options={"presolve": False} | ({} if seconds is None else {"time_limit": seconds}),
    )
    spent = time.perf_counter() - started
    if solved.status != 0:
        return None
    quantity = asked.lower + np.bincount(cell, solved.x, minlength=asked.lower.size)
    return Relaxed(float(-solved.fun), _worth(asked, quantity) - _worth(asked, asked.lower), spent)


def _claims(asked: PricingProblem, quantity: FloatArray) -> FloatArray:
    return asked.curves.expected_min(asked.base + quantity)


def _worth(asked: PricingProblem, quantity: FloatArray) -> float:
    moved = asked.move_cost * np.abs(quantity - asked.previous)
    return float((asked.worth * _claims(asked, quantity) - asked.cost * quantity - moved).sum())
