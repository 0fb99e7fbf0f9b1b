"""Customers claim coupons under the quota of the day and decide whether and when they will redeem."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from rouxing.city import marketing, names, seasons
from rouxing.city.streams import NONE, Columns, Floats, Ints, day_number, day_seconds, draw, stream, take
from rouxing.city.world import World

# Claims by hour from 7 to 20: breakfast, lunch and after work; none so late that no store is open to redeem them.
CLAIM_HOURS = np.array([4, 7, 9, 11, 9, 11, 7, 5, 5, 6, 8, 9, 6], dtype=np.float64)
CLAIMS_OPEN_SECONDS = 7 * 3600
NEIGHBOUR_SHARE = 0.55
# METHODS section 1: lag from claim to redemption. (first day, last day, share); the last runs to the end of validity.
LAGS = ((0, 0, 0.68), (1, 1, 0.06), (2, 3, 0.06), (4, 7, 0.08), (8, 15, 0.07), (16, 0, 0.05))


@dataclass(frozen=True, slots=True)
class QuotaChange:
    """From ``second`` (local seconds) on, quota cell ``cell`` holds ``quota`` coupons for the day."""

    second: int
    cell: int
    quota: int


def claims_of_day(world: World, day: date, quotas: Ints, changes: list[QuotaChange]) -> tuple[Columns, Ints]:
    """Claims that got a coupon, in order of time, and coupons issued per cell (N,).

    Columns: coupon, stock, store, cell, customer, second, due (ordinal of the day it will be redeemed, NONE = never).
    A customer who finds the quota used up tries a neighbour's in ``NEIGHBOUR_SHARE`` of the cases.
    """
    wishes = _wishes(world, day)
    cells, issued = grant(wishes, quotas, changes, world.cells.of)
    got = cells >= 0
    claims = take(wishes, got)
    moved = claims["cell"] != cells[got]
    claims["store"] = np.where(moved, claims["neighbour"], claims["store"])
    claims["cell"] = cells[got]
    claims["due"] = _due_days(world, day, claims)
    return claims, issued


def _wishes(world: World, day: date) -> Columns:
    """Who would like which coupon, when; sorted by time. ``neighbour`` is NONE for those who would not go there."""
    seed = world.parameters.seed
    rng = stream(seed, day, "claims")
    strength = seasons.day_strength(world, day) * marketing.real_burst(world, day) * world.stores.size
    pull = [f.claims_per_store_day * world.stock_is_on(i, day) for i, f in enumerate(names.STOCKS)]
    counts = rng.poisson(np.outer(pull, strength)).ravel()
    pair = np.repeat(np.arange(counts.size), counts)
    stock, store = np.divmod(pair, world.store_count)
    coupon = day_number(day) + np.arange(len(pair))
    second = day_seconds(day) + _claim_seconds(draw(seed, coupon, "when"))
    wishes = {
        "coupon": coupon,
        "stock": stock,
        "store": store,
        "cell": world.cells.of[stock, store],
        "customer": customers_near(world, store, draw(seed, coupon, "who")),
        "second": second,
        "neighbour": _neighbours(world, store, draw(seed, coupon, "nextdr")),
    }
    return take(wishes, np.lexsort((coupon, second)))


def _claim_seconds(uniform: Floats) -> Ints:
    edges = np.concatenate([[0], np.cumsum(CLAIM_HOURS)]) / CLAIM_HOURS.sum()
    hours = np.interp(uniform, edges, np.arange(len(edges)))
    return np.asarray((CLAIMS_OPEN_SECONDS + hours * 3600).astype(np.int64))


def customers_near(world: World, store: Ints, uniform: Floats) -> Ints:
    """A customer (index) of the store's district for each row."""
    first = world.home_starts[world.stores.district[store]]
    last = world.home_starts[world.stores.district[store] + 1]
    return np.asarray(first + (uniform * (last - first)).astype(np.int64))


def _neighbours(world: World, store: Ints, uniform: Floats) -> Ints:
    """Another store of the same district, or NONE. Stores of a district are those equal modulo their number."""
    districts = len(world.districts)
    rank, district = np.divmod(store, districts)
    peers = (world.store_count - 1 - district) // districts + 1
    step = 1 + (uniform / NEIGHBOUR_SHARE * (peers - 1)).astype(np.int64)
    other = (rank + step) % np.maximum(peers, 1) * districts + district
    return np.where((uniform < NEIGHBOUR_SHARE) & (peers > 1), other, NONE)


def grant(wishes: Columns, quotas: Ints, changes: list[QuotaChange], cell_of: Ints) -> tuple[Ints, Ints]:
    """First come, first served: cell that issued each wish (NONE = none did), and coupons issued per cell (N,).

    ``quotas`` (N,) hold from midnight; ``changes`` from their second on. A cell never issues beyond its quota.
    """
    left = quotas.astype(np.int64).tolist()
    issued = [0] * len(left)
    pending = sorted(changes, key=lambda change: change.second, reverse=True)
    granted = [-1] * len(wishes["cell"])
    other = np.where(wishes["neighbour"] >= 0, cell_of[wishes["stock"], wishes["neighbour"]], -1)
    rows = zip(wishes["second"].tolist(), wishes["cell"].tolist(), other.tolist(), strict=True)
    for row, (second, cell, neighbour) in enumerate(rows):
        while pending and pending[-1].second <= second:
            change = pending.pop()
            left[change.cell] = change.quota - issued[change.cell]
        if left[cell] <= 0:
            if neighbour < 0 or left[neighbour] <= 0:
                continue
            cell = neighbour
        left[cell] -= 1
        issued[cell] += 1
        granted[row] = cell
    return np.array(granted, dtype=np.int64), np.array(issued, dtype=np.int64)


def _due_days(world: World, day: date, claims: Columns) -> Ints:
    """Ordinal of the day the customer means to redeem; NONE = never."""
    seed = world.parameters.seed
    share = np.array([facts.redeem_share for facts in names.STOCKS])[claims["stock"]]
    # Some of these will not after all: no-shows, stock-outs, queues too long.
    will = draw(seed, claims["coupon"], "redeem") < share * world.stores.redeem_factor[claims["store"]]
    valid = np.array([facts.valid_days for facts in names.STOCKS])[claims["stock"]]
    lag = lag_days(draw(seed, claims["coupon"], "lag"), valid)
    return np.where(will, day.toordinal() + lag, NONE)


def lag_days(uniform: Floats, valid_days: Ints) -> Ints:
    """Days from claim to redemption for uniform numbers, by METHODS section 1."""
    lag = np.zeros(len(uniform), dtype=np.int64)
    below = 0.0
    for first, last, share in LAGS:
        end = valid_days - 1 if last < first else np.full(len(uniform), last)
        inside = (uniform >= below) & (uniform < below + share + 1e-12)
        days = first + ((uniform - below) / share * (end - first + 1)).astype(np.int64)
        lag = np.where(inside, np.minimum(days, end), lag)
        below += share
    return lag
