"""What each cell would do at given prices: its closed-form answer, and the best whole number of steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rouxing.optimize.checks import BoolArray, FloatArray
from rouxing.optimize.curves import CurveTable, Where

# Blur (share) that no longer matters: the response is the exact one up to rounding.
_SHARP = 1e-12


@dataclass(frozen=True, slots=True)
class Cells:
    """Decisions above their lower bounds, J cells sorted by tie key.

    ``level`` is what stands at y = 0 (base + lower); y is 0 .. ``top``, whole multiples of ``step``; ``kink`` is the
    former decision brought into 0 .. top. ``claims_level``, ``claims_kink``, ``claims_top``: E[min(D, .)] at y = 0, at
    the kink and at the top; ``kink_share``: P(D <= level + kink).
    """

    curves: CurveTable
    worth: FloatArray
    cost: FloatArray
    move: FloatArray
    level: FloatArray
    step: FloatArray
    top: FloatArray
    kink: FloatArray
    claims_level: FloatArray
    claims_kink: FloatArray
    claims_top: FloatArray
    kink_share: FloatArray

    @classmethod
    def of(
        cls,
        curves: CurveTable,
        worth: FloatArray,
        cost: FloatArray,
        move: FloatArray,
        level: FloatArray,
        step: FloatArray,
        top: FloatArray,
        previous: FloatArray,
    ) -> Cells:
        """The cells with what follows from their bounds; ``previous`` is counted like y."""
        everyone, kink = slice(0, worth.size), np.clip(previous, 0.0, top)
        return cls(
            curves=curves,
            worth=worth,
            cost=cost,
            move=move,
            level=level,
            step=step,
            top=top,
            kink=kink,
            claims_level=curves.expected_min(level, everyone),
            claims_kink=curves.expected_min(level + kink, everyone),
            claims_top=curves.expected_min(level + top, everyone),
            kink_share=1.0 - curves.exceedance(level + kink, everyone),
        )

    def with_top(self, top: FloatArray) -> Cells:
        """The same cells with tops no higher than before."""
        if (top == self.top).all():
            return self
        return Cells.of(self.curves, self.worth, self.cost, self.move, self.level, self.step, top, self.kink)

    def claims(self, above: FloatArray, where: Where) -> FloatArray:
        """E[min(D, level + y)] - E[min(D, level)] for y = ``above``: what y brings about."""
        reached = self.curves.expected_min(self.level[where] + above, where)
        return np.asarray(np.maximum(reached - self.claims_level[where], 0.0))

    def gain(self, above: FloatArray, claims: FloatArray, where: Where) -> FloatArray:
        """Worth of y = ``above`` with its ``claims``, less cost and the cost of moving, over that of y = 0."""
        kink = self.kink[where]
        moved = self.move[where] * (np.abs(above - kink) - kink)
        return np.asarray(self.worth[where] * claims - self.cost[where] * above - moved)


@dataclass(frozen=True, slots=True)
class Response:
    """``above`` y (units), its ``claims``, and how fast they fall as the price of a unit or of a claim rises (<= 0)."""

    above: FloatArray
    claims: FloatArray
    above_slope: FloatArray
    claims_slope: FloatArray


def respond(cells: Cells, unit: FloatArray, effect: FloatArray, where: Where, blur: float) -> Response:
    """The best y (units, not whole) of each cell when a unit costs ``unit`` more and a claim ``effect``; O(J).

    With W = worth - effect > 0 and c = cost + unit the best level has P(D > level) = (c +- move) / W, and the cell
    stays at its kink where that lies between the two. ``blur`` rounds jumps off: a share over which a cell leaves
    its lowest quantile, and the part of worth by which c is raised.
    """
    worth = cells.worth[where]
    left, cost = worth - effect, cells.cost[where] + unit + blur * worth
    share, stays = _share(cells, left, cost, where)
    level, reached, density = cells.curves.quantile(np.clip(share, 0.0, 1.0), where)
    start = cells.level[where]
    above, leaves = level - start, share < 0
    density = np.where(leaves, above / blur, density)
    above = np.where(leaves, above * np.maximum(1.0 + share / blur, 0.0), above)
    reached = np.where(leaves, start + above, reached)
    above = np.where(stays, cells.kink[where], above)
    reached = np.where(stays, cells.claims_kink[where], reached)
    is_low, is_high = above <= 0, above >= cells.top[where]
    reached = np.where(is_high, cells.claims_top[where], reached) - cells.claims_level[where]
    is_still = stays | is_low | is_high
    slope = np.where(is_still, 0.0, -density / np.where(is_still, 1.0, left))
    exceedance = np.where(is_still, 0.0, 1.0 - share)
    return Response(
        above=np.where(is_high, cells.top[where], np.maximum(above, 0.0)),
        claims=np.where(is_low, 0.0, np.maximum(reached, 0.0)),
        above_slope=slope,
        claims_slope=slope * exceedance * np.minimum(exceedance, 1.0),
    )


def _share(cells: Cells, left: FloatArray, cost: FloatArray, where: Where) -> tuple[FloatArray, BoolArray]:
    """Share of the demand at the best level (below 0: as little as may be), and which cells stay at their kink."""
    move, kink, kink_share = cells.move[where], cells.kink[where], cells.kink_share[where]
    pays = left > 0
    divisor = np.where(pays, left, 1.0)
    share = np.clip(kink_share, 1.0 - (cost + move) / divisor, 1.0 - (cost - move) / divisor)
    # Where claims cost more than they are worth, the best is one of the ends or the kink.
    kept = left * (cells.claims_kink[where] - cells.claims_level[where]) + (move - cost) * kink > 0
    stays = np.where(pays, share == kink_share, kept)
    return np.where(pays, share, -np.inf), stays


def whole(cells: Cells, unit: FloatArray, effect: FloatArray, where: Where) -> tuple[Response, FloatArray]:
    """The best whole steps at these prices, and what they are worth at them (>= 0, exact per cell).

    The worth at prices is concave in y where a claim is worth more than it costs: the best is next to the
    unrounded one. Elsewhere y = 0, or next to the kink, is the best. Slopes are those of the unrounded answer.
    """
    step, top = cells.step[where], cells.top[where]
    smooth = respond(cells, unit, effect, where, _SHARP)
    low = np.minimum(np.floor(smooth.above / step + 1e-9) * step, top)
    high = np.minimum(low + step, top)
    claims_low, claims_high = cells.claims(low, where), cells.claims(high, where)
    worth_low = cells.gain(low, claims_low, where) - unit * low - effect * claims_low
    worth_high = cells.gain(high, claims_high, where) - unit * high - effect * claims_high
    up = worth_high > worth_low
    best = np.where(up, worth_high, worth_low)
    taken = best > 0
    above = np.where(taken, np.where(up, high, low), 0.0)
    claims = np.where(taken, np.where(up, claims_high, claims_low), 0.0)
    return Response(above, claims, smooth.above_slope, smooth.claims_slope), np.where(taken, best, 0.0)
