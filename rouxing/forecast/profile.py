"""How a day's arrivals fall on half hours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from rouxing.forecast.calendar import DayTable, Flags, day_table
from rouxing.forecast.history import Days, day_numbers
from rouxing.forecast.panel import Matrix, summed
from rouxing.model.dates import SLOTS_PER_DAY

PROFILE_DAYS = 56
HOLIDAY, MAKE_UP, KINDS = 7, 8, 9  # kinds of day: 0-6 the weekdays, then these
_HALF_LIFE_DAYS = 28.0
_STORE_PICKUPS = 50.0  # a store's week weighs as much as the pool's at this many pickups
_KIND_PICKUPS = 1000.0  # and its kind of day as much as its week's at this many
_TRUSTED_PICKUPS = 1000.0  # a kind of day seen less borrows little from days off when it is a workday, and vice versa
_LEAST_TRUST = 0.1
_ALIKE = 0.02  # squared Hellinger distance at which one kind lends another a third of its weight
_POOL_SMOOTHING = 300.0  # pickups in a half hour below which its neighbours are heard too
_STORE_SMOOTHING = 100.0
_MOST_DISPERSION = 1.0
_OFF_KINDS = np.isin(np.arange(KINDS), (5, 6, HOLIDAY))


@dataclass(frozen=True)
class SlotProfile:
    """Shares of a day's arrivals, stores x kinds of day x 48 half hours; each row adds up to 1, or to 0 if never open.

    ``arrivals``: stores x 56 days x 48, what the shares were learned from, open half hours only.
    ``ordinary``: stores x 56 days, the days that counted. ``left_out``: arrivals per store outside the opening hours.
    ``dispersion``: variance of a half hour's arrivals beyond Poisson, relative to the squared mean, given the day's
    total; one figure for all stores.
    """

    store_ids: npt.NDArray[np.object_]
    shares: Matrix
    arrivals: Matrix
    ordinary: Flags
    left_out: Matrix
    dispersion: float


def half_hour_profile(slot_history: pd.DataFrame, stores: pd.DataFrame) -> pd.DataFrame:
    """Share of a day's arrivals per half hour: frame store_id, weekday (0 = Monday), slot (0-47), share (0-1).

    Ordinary days; arguments as for ``slot_profile``. The history's last day is the origin, and the official calendar
    rules. One row per store, weekday and open half hour; shares add up to 1 over them. A store that is never open
    (opens >= closes) has no rows.
    """
    origin = int(day_numbers(slot_history["date"]).max()) if len(slot_history) else 0
    profile = slot_profile(slot_history, stores, day_table(None, origin - PROFILE_DAYS + 1, origin))
    shares = profile.shares[:, :HOLIDAY]
    is_open = open_slots(stores)
    store, weekday, slot = np.nonzero(np.broadcast_to(is_open[:, None, :], shares.shape))
    return pd.DataFrame(
        {
            "store_id": profile.store_ids[store],
            "weekday": weekday,
            "slot": slot,
            "share": shares[store, weekday, slot],
        }
    ).astype({"store_id": "str"})


def slot_profile(slot_history: pd.DataFrame, stores: pd.DataFrame, days: DayTable) -> SlotProfile:
    """Shares per store, kind of day and half hour, learned from the 56 days that ``days`` begins with.

    Args:
        slot_history: ``store_id, date, slot, pickups`` (arrivals); what was known at the origin.
        stores: ``store_id, opens_slot, closes_slot`` (first half hour closed). Arrivals in half hours that are closed
            now are left out.
        days: day types from the first of the 56 days on.

    Weights halve every four weeks; days far off the store's usual total are left out (an unknown holiday, a feed that
    broke). Kinds of day that run alike lend to one another: kernel smoothing over the Hellinger distance of their
    pooled shares, less what chance explains. A store's week is drawn to the pool's (gamma-Poisson ratios), its kind of
    day to its week's; thin half hours listen to their neighbours.
    """
    master = _master(stores)
    is_open = open_slots(stores)
    everything = _arrivals(slot_history, master["store_id"], days.first)
    arrivals = everything * is_open[:, None, :]
    kinds = day_kinds(days)[:PROFILE_DAYS]
    ordinary = _ordinary(arrivals.sum(axis=2), days.weekday[:PROFILE_DAYS], kinds)
    counts = _decayed_counts(arrivals, ordinary, kinds)
    prior = _prior(counts, is_open)
    shares = _normed(counts + _KIND_PICKUPS * prior)
    left_out = everything.sum(axis=(1, 2)) - arrivals.sum(axis=(1, 2))
    dispersion = _dispersion(arrivals, shares, ordinary, kinds)
    shares = _normed(counts + _KIND_PICKUPS * _bursts(arrivals, shares, dispersion) * prior)
    store_ids = master["store_id"].to_numpy(dtype=object)
    return SlotProfile(store_ids, shares, arrivals, ordinary, left_out, dispersion)


def day_kinds(days: DayTable) -> Days:
    """Kind of each day: 0-6 weekday, 7 holiday, 8 make-up workday."""
    kinds = np.where(days.is_makeup, MAKE_UP, days.weekday)
    return np.where(days.is_holiday, HOLIDAY, kinds).astype(np.int64)


def open_slots(stores: pd.DataFrame) -> Flags:
    """Stores (sorted by id) x 48: half hours in which each is open."""
    master = _master(stores)
    slots = np.arange(SLOTS_PER_DAY)
    opens, closes = (master[name].to_numpy(dtype=np.int64)[:, None] for name in ("opens_slot", "closes_slot"))
    is_open: Flags = (slots >= opens) & (slots < closes)
    return is_open


def _usual_totals(totals: Matrix, weekday: Days) -> Matrix:
    """Stores x days: median of the store's totals on the same weekday, days without any left out; 0 where unknown."""
    usual = np.zeros_like(totals)
    for day in range(7):
        part = totals[:, weekday == day]
        seen = pd.DataFrame(np.where(part > 0, part, np.nan))
        usual[:, weekday == day] = seen.median(axis=1).fillna(0.0).to_numpy()[:, None]
    return usual


def _master(stores: pd.DataFrame) -> pd.DataFrame:
    return stores.drop_duplicates("store_id").sort_values("store_id")


def _arrivals(slot_history: pd.DataFrame, store_ids: pd.Series, first: int) -> Matrix:
    """Stores x 56 days x 48; stores not asked for and other days are left out."""
    shape = (len(store_ids), PROFILE_DAYS, SLOTS_PER_DAY)
    store = pd.Index(store_ids.to_numpy(dtype=object)).get_indexer(
        pd.Index(slot_history["store_id"].to_numpy(dtype=object))
    )
    day = day_numbers(slot_history["date"]) - first
    wanted = (store >= 0) & (day >= 0) & (day < PROFILE_DAYS)
    slot = slot_history["slot"].to_numpy(dtype=np.int64)[wanted]
    cell = np.ravel_multi_index((store[wanted], day[wanted], slot), shape)
    return summed(cell, slot_history["pickups"].to_numpy(dtype=np.float64)[wanted], shape)


def _ordinary(totals: Matrix, weekday: Days, kinds: Days) -> Flags:
    """Stores x days: neither without arrivals nor far off the usual, by half and by three Poisson deviations."""
    usual = _usual_totals(totals, weekday)
    far = (totals < 0.5 * usual) | (totals > 2.0 * usual)
    chance = np.abs(totals - usual) <= 3.0 * np.sqrt(usual)
    ordinary: Flags = (totals > 0) & (~far | chance | (kinds >= HOLIDAY))
    return ordinary


def _decayed_counts(arrivals: Matrix, ordinary: Flags, kinds: Days) -> Matrix:
    """Stores x kinds x 48."""
    age = np.arange(PROFILE_DAYS - 1, -1, -1)
    weight = ordinary * 0.5 ** (age / _HALF_LIFE_DAYS)
    of_kind = (kinds[:, None] == np.arange(KINDS)) * 1.0
    weighted = arrivals * weight[:, :, None]
    counts: Matrix = np.matmul(of_kind.T, weighted)
    return counts


def _prior(counts: Matrix, is_open: Flags) -> Matrix:
    """Stores x kinds x 48: the pool's shares, drawn to the store's week."""
    pool = _normed(_pool_rates(counts, is_open) * is_open[:, None, :])
    expected = (counts.sum(axis=2)[:, :, None] * pool).sum(axis=1)
    usual = _normed(expected + pool.mean(axis=1))
    side = _side_weight(expected, _STORE_SMOOTHING)
    own = _with_neighbours(counts.sum(axis=1), side) + _STORE_PICKUPS * usual
    ratio = _divided(own, _with_neighbours(expected, side) + _STORE_PICKUPS * usual)
    return _normed(pool * ratio[:, None, :])


def _pool_rates(counts: Matrix, is_open: Flags) -> Matrix:
    """Kinds x 48: pickups of a half hour over the pickups of the stores open in it, kinds borrowed from their like.

    So late half hours are not small merely because few stores are open. One pickup spread evenly keeps unseen half
    hours above zero.
    """
    pooled = counts.sum(axis=0)
    exposed = counts.sum(axis=2).T @ (is_open * 1.0)
    lending = _lending(pooled)
    pooled, exposed = lending @ pooled, lending @ exposed
    side = _side_weight(pooled, _POOL_SMOOTHING)
    rates: Matrix = (_with_neighbours(pooled, side) + 1.0 / SLOTS_PER_DAY) / (_with_neighbours(exposed, side) + 1.0)
    return rates


def _lending(pooled: Matrix) -> Matrix:
    """Kinds x kinds: weight with which the second kind's counts speak for the first."""
    pickups = pooled.sum(axis=1)
    root = np.sqrt(pooled / np.maximum(pickups, 1.0)[:, None])
    distance = ((root[:, None, :] - root[None, :, :]) ** 2).sum(axis=2)
    chance = (pooled > 0).sum(axis=1).max() / (4.0 * np.maximum(pickups, 1e-9))
    beyond = np.maximum(distance - chance[:, None] - chance[None, :], 0.0)
    same = _OFF_KINDS[:, None] == _OFF_KINDS[None, :]
    known = np.maximum(pickups / (pickups + _TRUSTED_PICKUPS), _LEAST_TRUST)
    trust = np.where(same, 1.0, known[:, None])
    lending: Matrix = np.where(np.eye(KINDS, dtype=bool), 1.0, trust * np.exp(-beyond / _ALIKE))
    return lending


def _side_weight(pickups: Matrix, enough: float) -> Matrix:
    """Weight of each neighbouring half hour, 0-0.5: little where ``pickups`` are many."""
    weight: Matrix = 0.5 / (1.0 + (pickups / enough) ** 2)
    return weight


def _with_neighbours(values: Matrix, side: Matrix) -> Matrix:
    """``values`` plus ``side`` times the values of the half hours before and after."""
    result = values.copy()
    result[..., 1:] += side[..., 1:] * values[..., :-1]
    result[..., :-1] += side[..., :-1] * values[..., 1:]
    return result


def _dispersion(arrivals: Matrix, shares: Matrix, ordinary: Flags, kinds: Days) -> float:
    """Moment estimate of the relative variance beyond that of a multinomial split of the day's total."""
    expected = arrivals.sum(axis=2)[:, :, None] * shares[:, kinds] * ordinary[:, :, None]
    error = (arrivals * ordinary[:, :, None] - expected) ** 2
    excess = (error - expected * (1.0 - shares[:, kinds])).sum()
    size = (expected**2).sum()
    return float(np.clip(excess / size, 0.0, _MOST_DISPERSION)) if size > 0 else 0.0


def _bursts(arrivals: Matrix, shares: Matrix, dispersion: float) -> Matrix:
    """Stores x 1 x 1: arrivals that tell as much as one would if half hours were Poisson (variance over mean)."""
    totals = arrivals.sum(axis=2)
    day = totals.sum(axis=1) / np.maximum((totals > 0).sum(axis=1), 1)
    bursts: Matrix = 1.0 + dispersion * day * (shares[:, :HOLIDAY] ** 2).sum(axis=2).mean(axis=1)
    return bursts[:, None, None]


def _normed(values: Matrix) -> Matrix:
    """Rows of the last axis divided by their sum; rows of zeros stay."""
    return _divided(values, values.sum(axis=-1, keepdims=True))


def _divided(values: Matrix, by: Matrix) -> Matrix:
    return np.divide(values, by, out=np.zeros_like(values), where=by > 0)
