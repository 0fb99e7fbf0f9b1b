"""What each cell would do at given prices: its closed-form answer, and the best whole number of steps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rouxing.optimize.checks import BoolArray, FloatArray
from rouxing.optimize.curves import CurveTable, Where

# Blur (share) that no longer matters: the response is the exact one up to rounding.
_SHARP = 1e-12
# Stand for no worth left, and for a share far below 0; their ratios stay finite.
_NOTHING = 1e-100
_FAR = 1e100


@dataclass(frozen=True, slots=True)
class Cells:
    """Decisions above their lower bounds, J cells sorted by tie key.

    ``level`` is what stands at y = 0 (base + lower); y is 0 .. ``top``, whole multiples of ``step``; ``kink`` is the
    former decision brought into 0 .. top. ``claims_level``, ``claims_kink``, ``claims_top``: E[min(D, .)] at y = 0, at
    the kink and at the top; ``kink_share``: P(D <= level + kink). Without a cost of moving kinks are 0.
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
    has_move: bool

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
        everyone, has_move = slice(0, worth.size), bool(move.any())
        kink = np.clip(previous, 0.0, top) if has_move else np.zeros(worth.size)
        claims_level = curves.expected_min(level, everyone)
        return cls(
            curves=curves,
            worth=worth,
            cost=cost,
            move=move,
            level=level,
            step=step,
            top=top,
            kink=kink,
            claims_level=claims_level,
            claims_kink=curves.expected_min(level + kink, everyone) if has_move else claims_level,
            claims_top=curves.expected_min(level + top, everyone),
            kink_share=1.0 - curves.exceedance(level + kink, everyone) if has_move else kink,
            has_move=has_move,
        )

    def with_top(self, top: FloatArray) -> Cells:
        """The same cells with tops no higher than before."""
        lower = np.nonzero(top < self.top)[0]
        level, kink, claims_top = self.level[lower], np.minimum(self.kink, top), self.claims_top.copy()
        claims_top[lower] = self.curves.expected_min(level + top[lower], lower)
        claims_kink, kink_share = self.claims_kink.copy(), self.kink_share.copy()
        if self.has_move:
            claims_kink[lower] = self.curves.expected_min(level + kink[lower], lower)
            kink_share[lower] = 1.0 - self.curves.exceedance(level + kink[lower], lower)
        return replace(self, top=top, kink=kink, claims_top=claims_top, claims_kink=claims_kink, kink_share=kink_share)

    def claims(self, above: FloatArray, where: Where) -> FloatArray:
        """E[min(D, level + y)] - E[min(D, level)] for y = ``above``: what y brings about."""
        reached = self.curves.expected_min(self.level[where] + above, where)
        return np.asarray(np.maximum(reached - self.claims_level[where], 0.0))

    def gain(self, above: FloatArray, claims: FloatArray, where: Where) -> FloatArray:
        """Worth of y = ``above`` with its ``claims``, less cost and the cost of moving, over that of y = 0."""
        gain = self.worth[where] * claims - self.cost[where] * above
        if self.has_move:
            kink = self.kink[where]
            gain -= self.move[where] * (np.abs(above - kink) - kink)
        return gain


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
    worth, start = cells.worth[where], cells.level[where]
    left = worth - effect
    divisor = np.maximum(left, _NOTHING)
    share, stays = _share(cells, left, divisor, cells.cost[where] + unit + blur * worth, where)
    level, reached, slope = cells.curves.quantile(np.clip(share, 0.0, 1.0), where)
    above = level - start
    leaves = share < 0
    slope = np.where(leaves, above / blur, slope)
    above *= np.clip(1.0 + share / blur, 0.0, 1.0)
    # Below the lowest quantile all that is offered is claimed: claims fall unit by unit.
    reached -= level - start - above
    if stays is not None:
        above, reached = np.where(stays, cells.kink[where], above), np.where(stays, cells.claims_kink[where], reached)
    made, top = (above > 0) * (reached - cells.claims_level[where]), cells.top[where]
    moves = (above > 0) & (above < top) & (left > 0)
    slope *= (moves if stays is None else moves & ~stays) / -divisor
    exceedance = np.clip(1.0 - share, 0.0, 2.0)
    return Response(
        above=np.clip(above, 0.0, top),
        claims=np.clip(made, 0.0, cells.claims_top[where] - cells.claims_level[where]),
        above_slope=slope,
        claims_slope=slope * exceedance * np.minimum(exceedance, 1.0),
    )


def _share(
    cells: Cells, left: FloatArray, divisor: FloatArray, cost: FloatArray, where: Where
) -> tuple[FloatArray, BoolArray | None]:
    """Share of the demand at the best level (below 0: as little as may be), and which cells stay at their kink."""
    pays = left > 0
    if not cells.has_move:
        return np.where(pays, 1.0 - cost / divisor, -_FAR), None
    move, kink, kink_share = cells.move[where], cells.kink[where], cells.kink_share[where]
    share = np.minimum(np.maximum(kink_share, 1.0 - (cost + move) / divisor), 1.0 - (cost - move) / divisor)
    # Where claims cost more than they are worth, the best is one of the ends or the kink.
    kept = left * (cells.claims_kink[where] - cells.claims_level[where]) + (move - cost) * kink > 0
    return np.where(pays, share, -_FAR), np.where(pays, share == kink_share, kept)


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
