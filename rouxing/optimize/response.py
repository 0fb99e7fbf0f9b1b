"""What each cell would do at given prices: its closed-form answer, and the best whole number of steps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rouxing.optimize.checks import BoolArray, FloatArray, IntArray
from rouxing.optimize.curves import CurveTable, Where

# Blur (share) that no longer matters: the response is the exact one up to rounding.
_SHARP = 1e-12
# Stand for no worth left, and for a share far below 0; their ratios stay finite.
_NOTHING = 1e-100
_FAR = 1e100


@dataclass(frozen=True, slots=True)
class CellPrices:
    """What a unit and what a claim of each cell costs, and what a claim below the reference saves other limits."""

    unit: FloatArray
    effect: FloatArray
    relief: FloatArray

    def of(self, chosen: IntArray, count: int) -> CellPrices:
        """Those of the chosen cells among ``count``; one price stands for all."""
        return CellPrices(*(np.broadcast_to(part, count)[chosen] for part in (self.unit, self.effect, self.relief)))


NO_PRICES = CellPrices(np.zeros(1), np.zeros(1), np.zeros(1))


@dataclass(frozen=True, slots=True)
class Cells:
    """Decisions above their lower bounds, J cells sorted by tie key.

    ``level`` is what stands at y = 0 (base + lower); y is 0 .. ``top``, whole multiples of ``step``; ``kink`` is the
    former decision brought into 0 .. top. ``claims_level``, ``claims_kink``, ``claims_top``: E[min(D, .)] at y = 0, at
    the kink and at the top; ``kink_share``: P(D <= level + kink). Without a cost of moving kinks are 0. ``mark``: the
    decision (brought into 0 .. top) up to which claims save other limits something, ``mark_share`` as at the kink,
    ``spare`` the claims above y = 0 up to it; all 0 where nothing is passed on.
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
    mark: FloatArray
    mark_share: FloatArray
    spare: FloatArray
    has_mark: bool

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
        reference: FloatArray | None = None,
    ) -> Cells:
        """The cells with what follows from their bounds; ``previous`` and ``reference`` are counted like y."""
        everyone, has_move = slice(0, worth.size), bool(move.any())
        nothing = np.zeros(worth.size)
        kink = np.clip(previous, 0.0, top) if has_move else nothing
        claims_level = curves.expected_min(level, everyone)
        marked = np.maximum(reference, 0.0) if reference is not None else nothing
        has_mark = bool(marked.any())
        mark = np.minimum(marked, top)
        spare = np.maximum(curves.expected_min(level + marked, everyone) - claims_level, 0.0) if has_mark else nothing
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
            mark=mark,
            mark_share=1.0 - curves.exceedance(level + mark, everyone) if has_mark else nothing,
            spare=spare,
            has_mark=has_mark,
        )

    def with_top(self, top: FloatArray) -> Cells:
        """The same cells with tops no higher than before."""
        lower = np.nonzero(top < self.top)[0]
        level, kink, mark = self.level[lower], np.minimum(self.kink, top), np.minimum(self.mark, top)
        claims_top, claims_kink = self.claims_top.copy(), self.claims_kink.copy()
        kink_share, mark_share = self.kink_share.copy(), self.mark_share.copy()
        claims_top[lower] = self.curves.expected_min(level + top[lower], lower)
        if self.has_move:
            claims_kink[lower] = self.curves.expected_min(level + kink[lower], lower)
            kink_share[lower] = 1.0 - self.curves.exceedance(level + kink[lower], lower)
        if self.has_mark:
            mark_share[lower] = 1.0 - self.curves.exceedance(level + mark[lower], lower)
        return replace(
            self,
            top=top,
            kink=kink,
            claims_top=claims_top,
            claims_kink=claims_kink,
            kink_share=kink_share,
            mark=mark,
            mark_share=mark_share,
        )

    def claims(self, above: FloatArray, where: Where) -> FloatArray:
        """E[min(D, level + y)] - E[min(D, level)] for y = ``above``: what y brings about."""
        reached = self.curves.expected_min(self.level[where] + above, where)
        return np.asarray(np.maximum(reached - self.claims_level[where], 0.0))

    def relief(self, claims: FloatArray, where: Where) -> FloatArray:
        """The part of ``claims`` above those of y = 0 that others would get if they were missed."""
        return np.minimum(claims, self.spare[where])

    def gain(self, above: FloatArray, claims: FloatArray, where: Where) -> FloatArray:
        """Worth of y = ``above`` with its ``claims``, less cost and the cost of moving, over that of y = 0."""
        gain = self.worth[where] * claims - self.cost[where] * above
        if self.has_move:
            kink = self.kink[where]
            gain -= self.move[where] * (np.abs(above - kink) - kink)
        return gain

    def net(self, above: FloatArray, claims: FloatArray, prices: CellPrices, where: Where) -> FloatArray:
        """The gain less what y costs at ``prices``."""
        net = self.gain(above, claims, where) - prices.unit * above - prices.effect * claims
        return net + prices.relief * self.relief(claims, where) if self.has_mark else net


@dataclass(frozen=True, slots=True)
class Response:
    """``above`` y (units), its ``claims``, and how fast they fall as the price of a unit or of a claim rises (<= 0)."""

    above: FloatArray
    claims: FloatArray
    above_slope: FloatArray
    claims_slope: FloatArray


@dataclass(frozen=True, slots=True)
class _Choice:
    """Share of the demand at the best level (below 0: as little as may be) and the worth (> 0) that it divides by.

    ``held``: cells that stay at a kink or a mark; ``at`` says which y that is and ``claims`` how many claims it has.
    """

    share: FloatArray
    divisor: FloatArray
    pays: BoolArray
    held: BoolArray | None
    at: FloatArray
    claims: FloatArray


def respond(cells: Cells, prices: CellPrices, where: Where, blur: float) -> Response:
    """The best y (units, not whole) of each cell at the ``prices``; O(J).

    With W = worth - effect > 0 and c = cost + unit the best level has P(D > level) = (c +- move) / W, and the cell
    stays at its kink where that lies between the two. Below the mark W is higher by the relief, so that a cell stays
    there too. ``blur`` rounds jumps off: a share over which a cell leaves its lowest quantile, and the part of worth
    by which c is raised.
    """
    worth, start = cells.worth[where], cells.level[where]
    choice = _choice(cells, worth - prices.effect, prices.relief, cells.cost[where] + prices.unit + blur * worth, where)
    share, held = choice.share, choice.held
    level, reached, slope = cells.curves.quantile(np.clip(share, 0.0, 1.0), where)
    above = level - start
    leaves = share < 0
    slope = np.where(leaves, above / blur, slope)
    above *= np.clip(1.0 + share / blur, 0.0, 1.0)
    # Below the lowest quantile all that is offered is claimed: claims fall unit by unit.
    reached -= level - start - above
    if held is not None:
        above, reached = np.where(held, choice.at, above), np.where(held, choice.claims, reached)
    made, top = (above > 0) * (reached - cells.claims_level[where]), cells.top[where]
    moves = (above > 0) & (above < top) & choice.pays
    slope *= (moves if held is None else moves & ~held) / -choice.divisor
    exceedance = np.clip(1.0 - share, 0.0, 2.0)
    return Response(
        above=np.clip(above, 0.0, top),
        claims=np.clip(made, 0.0, cells.claims_top[where] - cells.claims_level[where]),
        above_slope=slope,
        claims_slope=slope * exceedance * np.minimum(exceedance, 1.0),
    )


def _choice(cells: Cells, left: FloatArray, relief: FloatArray, cost: FloatArray, where: Where) -> _Choice:
    above = _without_mark(cells, left, left, cost, where)
    if not cells.has_mark:
        return above
    spare, mark_share = cells.spare[where], cells.mark_share[where]
    below = _without_mark(cells, left + np.where(spare > 0, relief, 0.0), left, cost, where)
    held = [np.zeros(1, dtype=bool) if one.held is None else one.held for one in (below, above)]
    # Below the lowest quantile all levels have one share: there the kink tells on which side of the mark an answer is.
    mark, kink = cells.mark[where], cells.kink[where]
    is_above = (above.share > mark_share) | ((above.share == mark_share) & (~held[1] | (kink >= mark)))
    is_below = (below.share < mark_share) | ((below.share == mark_share) & (~held[0] | (kink <= mark)))
    is_below &= ~is_above
    stops = ~is_above & ~is_below
    made = np.minimum(cells.claims_top[where], cells.claims_level[where] + spare)
    return _Choice(
        share=np.where(stops, mark_share, np.where(is_below, below.share, above.share)),
        divisor=np.where(is_above, above.divisor, below.divisor),
        pays=below.pays,
        held=stops | np.where(is_below, *held),
        at=np.where(stops, mark, kink),
        claims=np.where(stops, made, cells.claims_kink[where]),
    )


def _without_mark(cells: Cells, left: FloatArray, beyond: FloatArray, cost: FloatArray, where: Where) -> _Choice:
    """The choice where a claim has ``left`` of its worth, ``beyond`` the mark too."""
    pays, divisor = left > 0, np.maximum(left, _NOTHING)
    kink, claims_kink = cells.kink[where], cells.claims_kink[where]
    if not cells.has_move:
        return _Choice(np.where(pays, 1.0 - cost / divisor, -_FAR), divisor, pays, None, kink, claims_kink)
    move, kink_share = cells.move[where], cells.kink_share[where]
    share = np.minimum(np.maximum(kink_share, 1.0 - (cost + move) / divisor), 1.0 - (cost - move) / divisor)
    # Where claims cost more than they are worth, the best is one of the ends or the kink.
    made = claims_kink - cells.claims_level[where]
    earned = left * made if beyond is left else beyond * made + (left - beyond) * cells.relief(made, where)
    held = np.where(pays, share == kink_share, earned + (move - cost) * kink > 0)
    return _Choice(np.where(pays, share, -_FAR), divisor, pays, held, kink, claims_kink)


def whole(cells: Cells, prices: CellPrices, where: Where) -> tuple[Response, FloatArray]:
    """The best whole steps at these prices, and what they are worth at them (>= 0, exact per cell).

    The worth at prices is concave in y where a claim is worth more than it costs: the best is next to the unrounded
    one. Elsewhere y = 0, next to the kink or next to the mark is the best. Slopes are those of the unrounded answer.
    """
    smooth = respond(cells, prices, where, _SHARP)
    above, claims, best = _next_to(cells, smooth.above, prices, where)
    if cells.has_mark:
        odd = np.nonzero((cells.worth[where] <= prices.effect) & (prices.relief > 0) & (cells.spare[where] > 0))[0]
        number = odd + where.start if isinstance(where, slice) else where[odd]
        few = prices.of(odd, best.size)
        for place in (cells.mark[number], cells.kink[number]):
            tried, made, worth = _next_to(cells, place, few, number)
            better = worth > best[odd]
            chosen = odd[better]
            above[chosen], claims[chosen], best[chosen] = tried[better], made[better], worth[better]
    taken = best > 0
    answers = Response(
        np.where(taken, above, 0.0), np.where(taken, claims, 0.0), smooth.above_slope, smooth.claims_slope
    )
    return answers, np.where(taken, best, 0.0)


def _next_to(
    cells: Cells, place: FloatArray, prices: CellPrices, where: Where
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Whole steps above or below y = ``place``, the better of the two, their claims and what they are worth net."""
    step, top = cells.step[where], cells.top[where]
    low = np.minimum(np.floor(place / step + 1e-9) * step, top)
    high = np.minimum(low + step, top)
    claims_low, claims_high = cells.claims(low, where), cells.claims(high, where)
    net_low, net_high = (cells.net(y, made, prices, where) for y, made in ((low, claims_low), (high, claims_high)))
    up = net_high > net_low
    return np.where(up, high, low), np.where(up, claims_high, claims_low), np.where(up, net_high, net_low)
