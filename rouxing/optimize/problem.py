"""The question of the pricing engine, its answer, and the question as the engine works on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import csc_array, csr_array

from rouxing.optimize.checks import BoolArray, FloatArray, IntArray, finite_array, refuse_where
from rouxing.optimize.curves import DemandCurves
from rouxing.optimize.links import Limits, families
from rouxing.optimize.passing import Diversion
from rouxing.optimize.response import Cells

_NOT_BELOW_ZERO = ("worth", "cost", "step", "move_cost")
_CELL_VECTORS = ("worth", "cost", "base", "lower", "upper", "step", "previous", "move_cost")


@dataclass(frozen=True, slots=True)
class Prices:
    """Worth of one more of each limit: ``unit`` (Ru,) per unit, ``effect`` (Re,) per unit of effect; >= 0."""

    unit: FloatArray
    effect: FloatArray


@dataclass(frozen=True, slots=True)
class PricingProblem:
    """Maximise sum_j worth_j E[min(D_j, base_j + x_j)] - cost_j x_j - move_cost_j |x_j - previous_j| over x (J,).

    Subject to ``unit_limits`` @ x <= ``unit_capacity``, ``effect_limits`` @ (E[min(D, base + x)] - E[min(D, base)]) <=
    ``effect_capacity``, ``lower`` <= x <= ``upper``, and x - lower a whole multiple of ``step``. The limits are
    sparse (Ru, J) and (Re, J) and non-negative; either may have no rows. ``tie_key`` (J,) sorts cells that are
    equally good; with distinct keys the answer does not depend on the order in which cells are given. ``start``: the
    prices of an earlier solve of much the same problem. ``diversion``: effects that cells miss and that other limits
    on effects get on top of those of their own cells.
    """

    curves: DemandCurves
    worth: FloatArray
    cost: FloatArray
    base: FloatArray
    lower: FloatArray
    upper: FloatArray
    step: FloatArray
    previous: FloatArray
    move_cost: FloatArray
    unit_limits: Any
    unit_capacity: FloatArray
    effect_limits: Any
    effect_capacity: FloatArray
    tie_key: Any
    start: Prices | None = None
    diversion: Diversion | None = None


@dataclass(frozen=True, slots=True)
class PricedPlan:
    """A plan with its prices and its proof.

    ``quantity`` (J,) units; ``value`` above that of ``lower``; ``upper_bound``: no plan of whole steps within the same
    limits is worth more. ``unit_room`` (Ru,), ``effect_room`` (Re,): what each limit has left, negative only where
    ``unit_inherited`` or ``effect_inherited``: there ``lower`` alone breaks the limit and nothing was added.
    """

    quantity: FloatArray
    prices: Prices
    value: float
    upper_bound: float
    unit_room: FloatArray
    effect_room: FloatArray
    unit_inherited: BoolArray
    effect_inherited: BoolArray

    @property
    def gap_share(self) -> float:
        """Share (0-1) of the upper bound by which the plan may fall short of the best one."""
        return max(0.0, self.upper_bound - self.value) / self.upper_bound if self.upper_bound > 0 else 0.0


def check(problem: PricingProblem) -> None:
    """Refuse by name what no plan can be made from."""
    cells = problem.curves.units.shape[0]
    for name in _CELL_VECTORS:
        minimum = 0.0 if name in _NOT_BELOW_ZERO else None
        refuse_where(
            finite_array(getattr(problem, name), name, minimum=minimum).size != cells, f"{name} is not one a cell"
        )
    refuse_where(np.asarray(problem.step) <= 0, "step is not above 0")
    refuse_where(np.asarray(problem.upper) < problem.lower, "upper is below lower")
    _check_curves(problem.curves)
    for kind in ("unit", "effect"):
        limits = csr_array(getattr(problem, f"{kind}_limits"))
        capacity = finite_array(getattr(problem, f"{kind}_capacity"), f"{kind}_capacity", minimum=None)
        finite_array(limits.data, f"{kind}_limits")
        refuse_where(limits.shape != (capacity.size, cells), f"{kind}_limits is not one row a limit, one column a cell")
        if problem.start is not None:
            start = finite_array(getattr(problem.start, kind), f"start.{kind}")
            refuse_where(start.size != capacity.size, f"start.{kind} is not one price a limit")
    if problem.diversion is not None:
        _check_diversion(problem.diversion, cells, np.size(problem.effect_capacity))


def _check_diversion(diversion: Diversion, cells: int, limits: int) -> None:
    reference = finite_array(diversion.reference, "diversion.reference", minimum=None)
    refuse_where(reference.size != cells or diversion.is_passed.size != cells, "diversion.reference is not one a cell")
    parts = {"already": diversion.already} | {
        name: getattr(diversion.passing, name) for name in ("group", "give", "take", "most")
    }
    for name, values in parts.items():
        refuse_where(finite_array(values, f"diversion.{name}").size != limits, f"diversion.{name} is not one a limit")


def _check_curves(curves: DemandCurves) -> None:
    units = finite_array(curves.units, "curves.units")
    refuse_where(units[:, 1:] < units[:, :-1], "curves.units fall along a cell")
    shares = finite_array(curves.shares, "curves.shares")
    refuse_where(np.diff(shares) <= 0, "curves.shares do not rise")
    refuse_where(shares[[0, -1]] != (0.0, 1.0), "curves.shares do not go from 0 to 1")
    refuse_where(shares.size != units.shape[1], "curves.units is not one column a share")


def whole_steps(problem: PricingProblem) -> FloatArray:
    """Whole steps (J,) that fit between lower and upper; one that lacks a hair of rounding fits."""
    room = np.asarray(problem.upper, dtype=np.float64) - np.asarray(problem.lower, dtype=np.float64)
    return np.asarray(np.floor(room / problem.step + 1e-9))


def cells_of(problem: PricingProblem, order: IntArray) -> Cells:
    """The question above its lower bounds, in the order of the tie keys."""
    curves = problem.curves
    if not _is_sorted(order):
        curves = DemandCurves(curves.shares, curves.units[order])
    worth, cost, base, lower, _, step, previous, move = (
        np.asarray(getattr(problem, name), dtype=np.float64)[order] for name in _CELL_VECTORS
    )
    top = step * whole_steps(problem)[order]
    diverted = problem.diversion.of(order) if problem.diversion else None
    reference = np.where(diverted.is_passed, diverted.reference - lower, 0.0) if diverted else None
    return Cells.of(curves.table, worth, cost, move, base + lower, step, top, previous - lower, reference)


def limits_of(problem: PricingProblem, cells: Cells, order: IntArray) -> tuple[Limits, FloatArray]:
    """All limits, first those on units, and what lower leaves of each (below 0 where it breaks the limit)."""
    unit_limits, effect_limits = csr_array(problem.unit_limits), csr_array(problem.effect_limits)
    if not _is_sorted(order):
        unit_limits, effect_limits = unit_limits[:, order], effect_limits[:, order]
    base = np.asarray(problem.base, dtype=np.float64)[order]
    lower = np.asarray(problem.lower, dtype=np.float64)[order]
    made = cells.claims_level - cells.curves.expected_min(base, slice(0, order.size)) if lower.any() else lower
    left = np.concatenate([problem.unit_capacity - unit_limits @ lower, problem.effect_capacity - effect_limits @ made])
    units = problem.unit_capacity.size
    split = families(unit_limits, False, 0, left.size)
    split += families(effect_limits, True, units, left.size)
    passing, turned = None, None
    if problem.diversion is not None:
        passing = problem.diversion.passing.after(units)
        turned = np.append(np.zeros(units), problem.diversion.already + effect_limits @ cells.spare)
    return Limits(split, np.maximum(left, 0.0), passing, turned).in_whole_steps(cells.step), left


def narrowed(problem: PricingProblem, chosen: BoolArray) -> PricingProblem:
    """The question of the ``chosen`` cells (J,) alone: what the others take at their lower bounds is off the limits."""
    rest = ~chosen
    base, lower = (np.asarray(values, dtype=np.float64)[rest] for values in (problem.base, problem.lower))
    curves = DemandCurves(problem.curves.shares, problem.curves.units[rest])
    made = curves.expected_min(base + lower) - curves.expected_min(base)
    unit_limits, effect_limits = csc_array(problem.unit_limits), csc_array(problem.effect_limits)
    diverted = None
    if problem.diversion is not None:
        others = problem.diversion.of(rest)
        spare = np.maximum(curves.expected_min(base + others.reference) - curves.expected_min(base + lower), 0.0)
        missed = others.already + effect_limits[:, rest] @ (spare * others.is_passed)
        diverted = replace(problem.diversion.of(chosen), already=missed)
    vectors: dict[str, Any] = {name: np.asarray(getattr(problem, name))[chosen] for name in (*_CELL_VECTORS, "tie_key")}
    return replace(
        problem,
        **vectors,
        curves=DemandCurves(problem.curves.shares, problem.curves.units[chosen]),
        unit_limits=unit_limits[:, chosen],
        unit_capacity=problem.unit_capacity - unit_limits[:, rest] @ lower,
        effect_limits=effect_limits[:, chosen],
        effect_capacity=problem.effect_capacity - effect_limits[:, rest] @ made,
        diversion=diverted,
    )


def _is_sorted(order: IntArray) -> bool:
    return bool((np.diff(order) == 1).all())
