"""The rest of today per store and half hour, from the day so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from rouxing.forecast.calendar import Flags
from rouxing.forecast.history import Days
from rouxing.forecast.panel import Matrix, summed
from rouxing.forecast.slots import with_quantiles
from rouxing.model.dates import SLOTS_PER_DAY

LEVEL_LIMITS = (0.2, 5.0)
_LEAST_SHOCK = 0.02  # relative variance: a day can always differ a little from its forecast
_CHAIN_PART, _DISTRICT_PART, _OWN_PART = 0.25, 0.25, 0.5  # of a store-day's shock
_CHANGE_PART = 0.25  # how much of it the rest of the day may still differ from the day so far
_HALF_LIFE_SLOTS = 4.0  # the last two hours tell most of what follows
_IMPOSSIBLE_SILENCE = 9.0  # arrivals expected beyond which none at all is no chance (1 in 8,000)
_FEED_STORES = 5  # stores that fall silent together: a feed, not a holiday


@dataclass(frozen=True)
class TodayForecast:
    """``slots``, ``stores``: see ``update_today``. ``warnings``: sentences for people."""

    slots: pd.DataFrame
    stores: pd.DataFrame
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _SoFar:
    """Per store: arrivals seen and expected; their ratio, late half hours heard most; its worth in arrivals (0 = none).

    The ratio has the variance 1 / worth.
    """

    arrived: Matrix
    expected: Matrix
    ratio: Matrix
    worth: Matrix


def update_today(
    slots: pd.DataFrame,
    arrivals: pd.DataFrame,
    stores: pd.DataFrame,
    now_slot: int,
    booked: pd.DataFrame | None = None,
    usual_booked: pd.DataFrame | None = None,
) -> TodayForecast:
    """Arrivals in the half hours from ``now_slot`` on, given those before it.

    Args:
        slots: rows of one day of ``forecast_slots``: ``store_id, slot, mean, dispersion, shock``.
        arrivals: ``store_id, slot, arrivals`` of today; half hours from ``now_slot`` on are not over and not used.
        stores: ``store_id, district_id``.
        now_slot: the half hour that is running, 0-48; 48 = the day is over.
        booked: ``store_id, slot, arrivals``: arrivals expected from the bookings known now. Absent = none known.
        usual_booked: ``slot, share``: share (0-1) of a half hour's arrivals that is usually booked by this time of the
            day. The forecast less this share follows the day's level; what is booked now is added.

    Returns:
        ``slots``: ``store_id, slot, mean, dispersion, shock, p05 .. p95``, one row per store and half hour still to
        come; sums as for ``forecast_slots``. ``stores``: ``store_id, arrived, expected, level``: arrivals in the half
        hours heard of, those forecast, and the factor on the forecast, within 0.2-5.

    The level of a store's day is gamma distributed with mean 1 and the forecast's shock as variance; part of it is the
    chain's and the district's, learned from the other stores (hierarchical, precision weighted), the rest the store's
    own (gamma-Poisson update; arrivals count less by the half hours' own dispersion). Nothing so far, a store that has
    not opened, a silent feed: the forecast stands, at the level of the others.
    """
    store_ids = np.unique(slots["store_id"].to_numpy(dtype=object))
    mean, dispersion, shock = (_matrix(slots, name, store_ids) for name in ("mean", "dispersion", "shock"))
    own, shock = dispersion - shock, shock.max(axis=1)
    past = np.arange(SLOTS_PER_DAY) < now_slot
    arrived = _matrix(arrivals, "arrivals", store_ids)
    heard_until = _heard_until(arrived, mean, now_slot)
    so_far, silent = _so_far(arrived, mean, own, heard_until)
    level, variance = _levels(so_far, np.maximum(shock, _LEAST_SHOCK), _districts(stores, store_ids))
    walk_in, known = _parts(mean, booked, usual_booked, store_ids)
    rest = walk_in * level[:, None]
    to_come = _present(slots, store_ids) & ~past
    rest_shock = _shock_of_sum((rest * to_come).sum(axis=1), (known * to_come).sum(axis=1), variance / level**2)
    row, slot = np.nonzero(to_come)
    rows = pd.DataFrame(
        {
            "store_id": store_ids[row],
            "slot": slot,
            "mean": (rest + known)[row, slot],
            "dispersion": (own + rest_shock[:, None])[row, slot],
            "shock": rest_shock[row],
        }
    )
    told = {"store_id": store_ids, "arrived": so_far.arrived, "expected": so_far.expected, "level": level}
    summary = pd.DataFrame(told).astype({"store_id": "str"})
    warnings = _warnings(silent, heard_until, now_slot)
    return TodayForecast(with_quantiles(rows.astype({"store_id": "str"})), summary, warnings)


def booking_outlook(flow: pd.DataFrame, booked: pd.DataFrame, now_slot: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What ``update_today`` needs to know of bookings: frames ``booked`` and ``usual_booked``.

    flow: the recent past of the chain, ``known_slot`` (half hour in which a booking for the day was made or cancelled;
    -1 before the day, 48 never booked), ``slot, bookings`` (made less cancelled), ``arrivals``. booked: ``store_id,
    slot, bookings`` that stand now. Bookings count by the share that usually came of those known by this time of the
    day for the half hours to come; where that is not known they are taken as contained in the forecast.
    """
    to_come = flow[flow["slot"] >= now_slot]
    known = to_come[to_come["known_slot"] < min(now_slot, SLOTS_PER_DAY)]
    made, came = float(known["bookings"].sum()), float(known["arrivals"].sum())
    show_up = min(came / made, 1.0) if made > 0 else 0.0
    arrivals = to_come.groupby("slot")["arrivals"].sum()
    of_known = known.groupby("slot")["arrivals"].sum().reindex(arrivals.index, fill_value=0)
    share = (of_known / arrivals.where(arrivals > 0)).fillna(0.0)
    usual = pd.DataFrame({"slot": share.index, "share": share.to_numpy(dtype=np.float64)})
    return booked[["store_id", "slot"]].assign(arrivals=booked["bookings"] * show_up), usual


def _heard_until(arrived: Matrix, mean: Matrix, now_slot: int) -> int:
    """First half hour from which no store has reported anything although many were due; else ``now_slot``.

    A few stores may all have shut on a holiday that no calendar knows; of five or more that is not believed.
    """
    heard = np.flatnonzero(arrived[:, :now_slot].sum(axis=0))
    after = int(heard[-1]) + 1 if len(heard) else 0
    due = mean[:, after:now_slot].sum(axis=1)
    is_silent = due.sum() > _IMPOSSIBLE_SILENCE and (due > 0).sum() >= _FEED_STORES
    return after if is_silent else now_slot


def _so_far(arrived: Matrix, mean: Matrix, own: Matrix, until: int) -> tuple[_SoFar, Flags]:
    """What the half hours before ``until`` tell of the level, and which stores' silence cannot be chance."""
    age = until - 1 - np.arange(SLOTS_PER_DAY)
    weight = np.where(age >= 0, 0.5 ** (np.maximum(age, 0) / _HALF_LIFE_SLOTS), 0.0)
    total, hoped = arrived[:, :until].sum(axis=1), mean[:, :until].sum(axis=1)
    expected = mean @ weight
    ratio = np.divide(arrived @ weight, expected, out=np.ones_like(expected), where=expected > 0)
    noise = (mean + own * mean**2) @ weight**2
    worth = np.divide(expected**2, noise, out=np.zeros_like(expected), where=noise > 0)
    silent: Flags = (total == 0) & (hoped > _IMPOSSIBLE_SILENCE) & (worth > _IMPOSSIBLE_SILENCE)
    return _SoFar(total, hoped, ratio, np.where(silent, 0.0, worth)), silent


def _warnings(silent: Flags, heard_until: int, now_slot: int) -> tuple[str, ...]:
    cases = {
        f"today: no store has reported an arrival since half hour {heard_until}, where many were due; the feed is "
        "taken as silent from there on": heard_until < now_slot,
        f"today: {silent.sum()} stores report no arrival where many were due (closed, or their feed is silent); their "
        "forecast follows the other stores": bool(silent.any()),
    }
    return tuple(text for text, holds in cases.items() if holds)


def _levels(so_far: _SoFar, shock: Matrix, district: Days) -> tuple[Matrix, Matrix]:
    """Mean and variance of each store's level, given its own day so far and that of the others: gamma-Poisson."""
    shared, variance = _shared_level(so_far, shock, district)
    rate = shared / (variance + _OWN_PART * shock)
    precision = rate + so_far.worth
    level = (rate * shared + so_far.worth * so_far.ratio) / precision
    return np.clip(level, *LEVEL_LIMITS), level / precision + _CHANGE_PART * shock


def _shared_level(so_far: _SoFar, shock: Matrix, district: Days) -> tuple[Matrix, Matrix]:
    """Mean and variance of the level that chain and district share, told by the other stores only."""
    typical = float(shock.mean()) if len(shock) else _LEAST_SHOCK
    told = so_far.worth / (1.0 + so_far.worth * _OWN_PART * shock)
    districts = (int(district.max(initial=0)) + 1,)
    weight, signal = (summed(district, values, districts) for values in (told, told * so_far.ratio))
    # A district's mean has its own part of the shock beside the noise of its stores.
    chain_weight = weight / (1.0 + weight * _DISTRICT_PART * typical)
    chain_signal = chain_weight * np.divide(signal, weight, out=np.ones_like(signal), where=weight > 0)
    others = 1.0 / (_CHAIN_PART * typical) + chain_weight.sum() - chain_weight
    chain = (1.0 / (_CHAIN_PART * typical) + chain_signal.sum() - chain_signal) / others
    rate = (1.0 / (1.0 / others + _DISTRICT_PART * typical))[district]
    precision = rate + weight[district] - told
    return (rate * chain[district] + signal[district] - told * so_far.ratio) / precision, 1.0 / precision


def _parts(
    mean: Matrix, booked: pd.DataFrame | None, usual_booked: pd.DataFrame | None, store_ids: npt.NDArray[np.object_]
) -> tuple[Matrix, Matrix]:
    """Stores x 48: what follows the day's level, and what is booked."""
    if booked is None or usual_booked is None:
        return mean, np.zeros_like(mean)
    share = np.zeros(SLOTS_PER_DAY)
    share[usual_booked["slot"].to_numpy(dtype=np.int64)] = usual_booked["share"].to_numpy(dtype=np.float64)
    return mean * (1.0 - np.clip(share, 0.0, 1.0)), _matrix(booked, "arrivals", store_ids)


def _shock_of_sum(level_part: Matrix, booked_part: Matrix, relative_variance: Matrix) -> Matrix:
    """Relative variance of a sum of which only one part moves with the level."""
    whole = level_part + booked_part
    part = np.divide(level_part, whole, out=np.ones_like(whole), where=whole > 0)
    result: Matrix = relative_variance * part**2
    return result


def _districts(stores: pd.DataFrame, store_ids: npt.NDArray[np.object_]) -> Days:
    """Number of each store's district; stores without one are a district of their own."""
    named = stores.drop_duplicates("store_id").set_index("store_id")["district_id"].reindex(store_ids)
    return np.unique(named.fillna("").to_numpy(dtype=object), return_inverse=True)[1].astype(np.int64)


def _present(rows: pd.DataFrame, store_ids: npt.NDArray[np.object_]) -> Flags:
    present: Flags = _matrix(rows.assign(one=1.0), "one", store_ids) > 0
    return present


def _matrix(rows: pd.DataFrame, column: str, store_ids: npt.NDArray[np.object_]) -> Matrix:
    """Stores x 48: sums of a column; stores not asked for are left out."""
    store = pd.Index(store_ids).get_indexer(pd.Index(rows["store_id"].to_numpy(dtype=object)))
    wanted = store >= 0
    cell = store[wanted] * SLOTS_PER_DAY + rows["slot"].to_numpy(dtype=np.int64)[wanted]
    values = rows[column].to_numpy(dtype=np.float64)[wanted]
    return summed(cell, values, (len(store_ids), SLOTS_PER_DAY))
