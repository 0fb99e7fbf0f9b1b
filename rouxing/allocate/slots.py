"""What each half hour offers for booking: how many, how long ahead, and when not at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr, gammaln

from rouxing.optimize.checks import FloatArray, IntArray

OPEN, EXTENDED, CLOSED = "open", "extended", "closed"
_UNBOOKED_STEP = 0.05
_SHOW_UP_STEP = 0.01


@dataclass(frozen=True, slots=True)
class OfferRules:
    """``overload_risk``: chance (0-1) that more customers come to a half hour than it can serve, booked and unbooked.

    ``busy_shares`` of a half hour's capacity from which a booking must be made ``lead_minutes`` before it.
    """

    overload_risk: float = 0.25
    busy_shares: tuple[float, ...] = (0.6, 0.8, 1.0)
    lead_minutes: tuple[int, ...] = (30, 60, 120)


@dataclass(frozen=True, slots=True)
class Offers:
    """By half hour: ``bookings`` offered in all, ``lead_minutes`` ahead, ``status``.

    open = room for those who come at once; extended = booked longer ahead, so that the busy half hour fills with those
    who can plan; closed = no booking. Hours beyond a store's own are never opened: nothing tells that the store could.
    """

    bookings: IntArray
    lead_minutes: IntArray
    status: np.ndarray[tuple[int, ...], np.dtype[np.object_]]


def slot_offers(
    capacity: IntArray,
    arrivals: FloatArray,
    unbooked: FloatArray,
    show_up_share: FloatArray,
    rules: OfferRules | None = None,
) -> Offers:
    """Offers of half hours (N,) that can serve ``capacity`` customers.

    ``arrivals`` expected at the planned level, ``unbooked`` of them without a booking, ``show_up_share`` (0-1] of the
    booked that come. Less expected, or more capacity, never makes a lead longer.
    """
    rules = rules or OfferRules()
    bookings = most_bookings(capacity, unbooked, show_up_share, rules.overload_risk)
    share = np.divide(arrivals, capacity, out=np.full(len(arrivals), np.inf), where=capacity > 0)
    leads = np.array([0, *rules.lead_minutes])
    lead = leads[np.searchsorted(rules.busy_shares, share, side="right")]
    status = np.select([bookings == 0, lead > 0], [CLOSED, EXTENDED], OPEN).astype(object)
    return Offers(bookings, np.where(bookings > 0, lead, 0), status)


def most_bookings(
    capacity: IntArray, unbooked: FloatArray, show_up_share: FloatArray, overload_risk: float
) -> IntArray:
    """Most bookings with P(those of them who come + unbooked customers > capacity) <= ``overload_risk``.

    Who booked comes with ``show_up_share``, independently: binomial; the unbooked are Poisson. None where the unbooked
    alone are too many, and where nobody can be served. Both figures are rounded to the cautious side, by less than 0.05
    customers and 0.01 of the bookings, so that half hours that are alike are worked out once.
    """
    cautious_unbooked = np.ceil(unbooked / _UNBOOKED_STEP - 1e-9) * _UNBOOKED_STEP
    cautious_share = np.minimum(np.ceil(show_up_share / _SHOW_UP_STEP - 1e-9) * _SHOW_UP_STEP, 1.0)
    cases, which = np.unique(
        np.column_stack([capacity, cautious_unbooked, cautious_share]), axis=0, return_inverse=True
    )
    served, walk_ins, comes = cases[:, 0].astype(np.int64), cases[:, 1], cases[:, 2]
    low, high = np.full(len(cases), -1), np.ceil(2.0 * served / comes + 1.0).astype(np.int64)
    while (rows := np.flatnonzero(high - low > 1)).size:
        middle = (low[rows] + high[rows]) // 2
        kept = _overload(middle, served[rows], walk_ins[rows], comes[rows]) <= overload_risk
        low[rows], high[rows] = np.where(kept, middle, low[rows]), np.where(kept, high[rows], middle)
    return np.where(capacity > 0, np.maximum(low, 0)[which], 0)


def _overload(bookings: IntArray, capacity: IntArray, unbooked: FloatArray, show_up_share: FloatArray) -> FloatArray:
    """P(binomial + Poisson > capacity) by summing over the number of unbooked customers."""
    count = np.arange(int(capacity.max(initial=0)) + 1)
    left = capacity[:, None] - count
    with np.errstate(divide="ignore", invalid="ignore"):
        walk_in = np.exp(count * np.log(unbooked[:, None]) - unbooked[:, None] - gammaln(count + 1.0))
    walk_in = np.where(unbooked[:, None] > 0, walk_in, count == 0)
    booked = bdtr(np.clip(left, 0, bookings[:, None]).astype(np.float64), bookings[:, None], show_up_share[:, None])
    return np.asarray(1.0 - (walk_in * booked * (left >= 0)).sum(axis=1))
