"""One engine for separable concave gains under shared limits: prices first, whole units after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csc_array, csr_array, diags_array

from rouxing.optimize.checks import BoolArray, FloatArray, IntArray, finite_array, refuse_where
from rouxing.optimize.dual import Blocks, price_candidates

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class PriceProblem:
    """Maximise sum_j G_j(x_j) subject to ``limits @ x <= capacity`` and ``lower <= x <= breakpoints[:, -1]``.

    G_j is piecewise linear and concave with G_j(lower_j) = 0: segment p of cell j ends at ``breakpoints[j, p]``
    (units, non-decreasing, the first segment starts at ``lower[j]``) and a unit in it gains ``gains[j, p]``
    (non-increasing in p). ``x_j - lower_j`` is a whole multiple of ``step[j]``, and so is each breakpoint.
    ``limits`` is sparse (R, J) and non-negative. ``tie_key`` (J,) sorts cells that are equally good; with distinct
    keys the answer does not depend on the order in which cells are given.
    """

    breakpoints: FloatArray
    gains: FloatArray
    limits: Any
    capacity: FloatArray
    lower: FloatArray
    step: FloatArray
    tie_key: Any


@dataclass(frozen=True, slots=True)
class PricedPlan:
    """A plan with its prices and proof.

    ``quantity`` (J,) units; ``prices`` (R,) gain per unit of a limit, >= 0; ``value`` gained above ``lower``;
    ``upper_bound``: no plan within the same limits is worth more; ``room_left`` (R,) what each limit has left,
    negative only where ``inherited`` (R,): there ``lower`` alone already breaks the limit and nothing was added.
    """

    quantity: FloatArray
    prices: FloatArray
    value: float
    upper_bound: float
    room_left: FloatArray
    inherited: BoolArray

    @property
    def gap_share(self) -> float:
        """Share (0-1) of the upper bound by which the plan may fall short of the best one."""
        return max(0.0, self.upper_bound - self.value) / self.upper_bound if self.upper_bound > 0 else 0.0


def solve_prices(problem: PriceProblem) -> PricedPlan:
    """The best whole-step plan that prices lead to, never over a limit (beyond rounding, 1e-9 of it), with a bound.

    Prices come down the Lagrangian dual (`optimize.dual`); segments are then admitted in order of gain minus price,
    each only as far as every limit has room, so no limit can break whatever the prices are. Where ``lower`` alone
    breaks a limit, cells on that limit stay at ``lower`` (the least bad) and the limit is marked.

    Source: Lagrangian relaxation of separable problems (Everett 1963, Operations Research 11, 399-417).

    Raises:
        RefusedInputError: NaN, negative limits, a gain that rises, breakpoints off the step grid.
    """
    _check(problem)
    order = np.argsort(np.asarray(problem.tie_key), kind="stable")
    limits = csr_array(problem.limits)[:, order] @ diags_array(problem.step[order])
    left = problem.capacity - csr_array(problem.limits) @ problem.lower
    inherited = left < -_ROUNDING * (1.0 + np.abs(problem.capacity))
    widths = _widths(problem)[order]
    gains = problem.gains[order] * problem.step[order, None]
    blocks = _blocks(widths, gains, csr_array(limits), np.maximum(left, 0.0))
    steps, prices, bound = _best_admitted(blocks, widths, gains)
    quantity = problem.lower.copy()
    quantity[order] += steps * problem.step[order]
    value = _value(steps, widths, gains)
    return PricedPlan(
        quantity=quantity,
        prices=_with_blocked_limits(prices, blocks, steps, _next_gain(steps, widths, gains)),
        value=value,
        upper_bound=max(bound, value),
        room_left=left - blocks.limits @ steps,
        inherited=inherited,
    )


def concave_gains(ends: FloatArray, worth: FloatArray) -> FloatArray:
    """Gain per unit (J, P) in the segments between ``ends`` (J, P + 1) of a concave ``worth`` taken at these ends.

    An empty segment takes the gain of the one before it, and rounding is levelled, so that gains never rise.
    """
    units = np.diff(ends, axis=1)
    is_empty = units <= 0
    gains = np.where(is_empty, np.inf, np.diff(worth, axis=1) / np.where(is_empty, 1.0, units))
    first = np.max(np.where(is_empty, -np.inf, gains), axis=1, initial=0.0, keepdims=True)
    return np.asarray(np.minimum.accumulate(np.minimum(gains, first), axis=1))


def _check(problem: PriceProblem) -> None:
    gains = finite_array(problem.gains, "gains", minimum=None)
    breakpoints = finite_array(problem.breakpoints, "breakpoints", minimum=None)
    step = finite_array(problem.step, "step")
    lower = finite_array(problem.lower, "lower", minimum=None)
    finite_array(problem.capacity, "capacity", minimum=None)
    finite_array(csr_array(problem.limits).data, "limits")
    refuse_where(step <= 0, "step is not above 0")
    # Differences of large sums carry rounding; a rise within it is flat.
    slack = 1e-9 * (1.0 + np.abs(gains).max(initial=0.0))
    refuse_where(np.diff(gains, axis=1) > slack, "gains rise along a cell; they must be concave")
    whole = (breakpoints - lower[:, None]) / step[:, None]
    refuse_where(np.abs(whole - np.round(whole)) > 1e-6, "breakpoints lie off the step grid")
    refuse_where(np.diff(whole, axis=1, prepend=0.0) < 0, "breakpoints fall along a cell or lie below lower")


def _widths(problem: PriceProblem) -> FloatArray:
    ends = np.round((problem.breakpoints - problem.lower[:, None]) / problem.step[:, None])
    return np.diff(ends, axis=1, prepend=0.0)


def _blocks(widths: FloatArray, gains: FloatArray, limits: Any, room: FloatArray) -> Blocks:
    columns = csc_array(limits)
    # A cell can never take more than a limit has room for on its own: this tightens the bound to whole steps.
    widths = _filled(_fitting_steps(columns, room), widths)
    useful = (widths > 0) & (gains > 0)
    cell = np.nonzero(useful)[0]
    return Blocks(cell, widths[useful], gains[useful], limits, columns, room)


def _fitting_steps(columns: Any, room: FloatArray) -> FloatArray:
    """Whole steps (J,) that each cell could take if it had all the room to itself; infinite without a limit."""
    steps = np.full(columns.shape[1], np.inf)
    used = columns.data > 0
    cell = np.repeat(np.arange(columns.shape[1]), np.diff(columns.indptr))[used]
    np.minimum.at(steps, cell, np.floor(room[columns.indices[used]] / columns.data[used]))
    return np.maximum(steps, 0.0)


def _filled(steps: FloatArray, widths: FloatArray) -> FloatArray:
    """Steps that fall into each segment (J, P) when every cell takes ``steps`` (J,)."""
    starts = np.cumsum(widths, axis=1) - widths
    return np.clip(steps[:, None] - starts, 0.0, widths)


def _best_admitted(blocks: Blocks, widths: FloatArray, gains: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Steps (J,) of the best plan met on the way down the dual, its prices (R,), and the lowest bound met.

    The plan is tried at every candidate: where many cells are nearly tied, the exact prices are not the best guide.
    """
    best_value, best_steps, best_prices, bound = -1.0, np.zeros(0), np.zeros(0), np.inf
    for prices, candidate_bound in price_candidates(blocks):
        steps = _admit(blocks, prices)
        value = _value(steps, widths, gains)
        if value > best_value:
            best_value, best_steps, best_prices = value, steps, prices
        bound = min(bound, candidate_bound)
    return best_steps, best_prices, bound


def _value(steps: FloatArray, widths: FloatArray, gains: FloatArray) -> float:
    return float((_filled(steps, widths) * gains).sum())


def _admit(blocks: Blocks, prices: FloatArray) -> FloatArray:
    """Whole steps (J,): segments in order of gain minus price, each as far as every limit has room.

    One round accepts all segments that fit together with everything ahead of them; a segment that did not is cut to
    what still fits and tried again. Each round settles at least the first one.
    """
    steps = np.zeros(blocks.limits.shape[1])
    score = blocks.gain - (blocks.columns.T @ prices)[blocks.cell]
    pending = np.argsort(-score, kind="stable")
    width = blocks.width[pending]
    while pending.size:
        room = np.maximum(blocks.room - blocks.limits @ steps, 0.0)
        width = np.minimum(width, _fitting_steps(blocks.columns, room)[blocks.cell[pending]])
        pending, width = pending[width > 0], width[width > 0]
        fits = _fits_in_turn(blocks, blocks.cell[pending], width, room)
        if not fits.any():
            break
        np.add.at(steps, blocks.cell[pending[fits]], width[fits])
        pending, width = pending[~fits], width[~fits]
    return steps


def _fits_in_turn(blocks: Blocks, cell: IntArray, width: FloatArray, room: FloatArray) -> BoolArray:
    """Which of the segments, taken in the given order, keep every limit even if all before them are taken."""
    pointers = blocks.columns.indptr
    counts = (pointers[cell + 1] - pointers[cell]).astype(np.int64)
    segment = np.repeat(np.arange(cell.size), counts)
    entry = np.arange(segment.size) - np.repeat(np.cumsum(counts) - counts, counts) + pointers[cell][segment]
    row = blocks.columns.indices[entry]
    by_row = np.argsort(row, kind="stable")
    use = (blocks.columns.data[entry] * width[segment])[by_row]
    total = np.cumsum(use)
    first = np.searchsorted(row[by_row], row[by_row], side="left")
    ahead = total - (total[first] - use[first])
    limit = room[row[by_row]]
    broken = (use > 0) & (ahead > limit + _ROUNDING * (1.0 + limit))
    fits = np.ones(cell.size, dtype=bool)
    fits[segment[by_row[broken]]] = False
    return fits


def _with_blocked_limits(prices: FloatArray, blocks: Blocks, steps: FloatArray, next_gain: FloatArray) -> FloatArray:
    """Prices where a limit that costs nothing but leaves no room costs what the best step it blocks would gain.

    Whole steps hide some limits from the dual: one that fits its steps exactly never binds there.
    """
    columns = blocks.columns
    used = columns.data > 0
    row, need = columns.indices[used], columns.data[used]
    cell = np.repeat(np.arange(columns.shape[1]), np.diff(columns.indptr))[used]
    blocks_it = (prices[row] == 0) & ((blocks.room - blocks.limits @ steps)[row] < need)
    worth = (next_gain - columns.T @ prices)[cell] / need
    raised = prices.copy()
    np.maximum.at(raised, row[blocks_it], worth[blocks_it])
    return raised


def _next_gain(steps: FloatArray, widths: FloatArray, gains: FloatArray) -> FloatArray:
    """Gain (J,) of one step more; 0 where a cell has no more steps."""
    has_room = np.cumsum(widths, axis=1) > steps[:, None]
    first = np.argmax(has_room, axis=1)
    return np.asarray(np.where(has_room.any(axis=1), gains[np.arange(steps.size), first], 0.0))
