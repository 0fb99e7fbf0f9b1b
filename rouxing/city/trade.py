"""Orders: who orders what, for when, into which slot, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from rouxing.city import names, seasons, tastes
from rouxing.city.claims import customers_near
from rouxing.city.counter import SLOT_SECONDS, UNSERVED, serve
from rouxing.city.streams import (
    DAY_SECONDS,
    NONE,
    Columns,
    Flags,
    Floats,
    Ints,
    day_number,
    day_seconds,
    draw,
    stack,
    stream,
    take,
)
from rouxing.city.world import World

PICKUP, WALK_IN = 0, 1
ORGANIC_PER_DAY, WALK_INS_PER_DAY = 22.0, 16.0
EARLY_SHARE = 0.3  # of those who redeem on a later day: order and book the evening before
ORGANIC_EARLY_SHARE = 0.1
BOOKING_SHARE = 0.6
SECOND_LINE_SHARE = 0.08
NO_SHOW_SHARE, CANCEL_SHARE = 0.06, 0.02
# First document number of a kind within its day.
WALK_IN_NUMBERS, REDEEMER_NUMBERS, SAME_DAY_NUMBERS = 200_000, 400_000, 700_000
# Pickups by hour of the day, 0-24: lunch and the way home.
HOURS = np.array([0] * 7 + [1, 3, 5, 6, 8, 9, 6, 5, 5, 6, 9, 11, 10, 7, 4, 2, 0], dtype=np.float64)
HOUR_SUMS = np.concatenate([[0.0], np.cumsum(HOURS)]) / HOURS.sum()
ORDERS_OPEN_SECONDS = 7 * 3600 + 35 * 60
EVENING_SECONDS, EVENING_SPREAD_SECONDS = 19 * 3600, 3 * 3600
# Slots tried in turn, from the wanted half hour; then the customer comes without a booking.
SLOT_OFFSETS = (0, 1, -1, 2, -2, 3)

COLLECTED, STOCK_OUT, CUSTOMER_CANCELLED, GAVE_UP, NO_SHOW = range(5)


@dataclass(frozen=True, slots=True)
class SlotChange:
    """From ``second`` on, a half hour of a store takes ``capacity`` bookings; ``ahead`` 0 = today, 1 = tomorrow."""

    second: int
    ahead: int
    store: int
    slot: int
    capacity: int


def orders_of_day(world: World, day: date, pending: Columns, claims: Columns) -> Columns:
    """Orders placed on ``day`` in order of time, walk-ins among them, before stock and slots are looked at.

    Columns: order, channel, store, stock, coupon, claimed, customer, placed, due, want, books, sku, quantity, sku_2,
    quantity_2. ``pending`` are coupons of earlier days that will be redeemed; NONE where a column does not apply.
    """
    parts = [_organic(world, day), _walk_ins(world, day), _redeemers(world, day, pending, claims)]
    orders = _with_lines(world, day, stack(parts))
    return take(orders, np.lexsort((orders["order"], orders["placed"])))


def _organic(world: World, day: date) -> Columns:
    lift = seasons.day_strength(world, day) * seasons.organic_burst(world, day) * world.stores.size
    order, store = _arrivals(world, day, ORGANIC_PER_DAY * lift, "organic", 0)
    seed = world.parameters.seed
    early = draw(seed, order, "early") < ORGANIC_EARLY_SHARE
    columns = _blank(order, store, PICKUP) | {"customer": customers_near(world, store, draw(seed, order, "who"))}
    return _timed(world, day, columns, early)


def _walk_ins(world: World, day: date) -> Columns:
    lift = seasons.day_strength(world, day) * seasons.organic_burst(world, day) * world.stores.size
    order, store = _arrivals(world, day, WALK_INS_PER_DAY * lift, "walkins", WALK_IN_NUMBERS)
    seed = world.parameters.seed
    columns = _blank(order, store, WALK_IN)
    customer = customers_near(world, store, draw(seed, order, "who"))
    columns["customer"] = np.where(draw(seed, order, "member") < 0.15, customer, NONE)
    want = _wanted(world, day_seconds(day), store, draw(seed, order, "want"))
    nobody = np.zeros(len(order), dtype=np.int64)
    return columns | {"placed": want, "due": nobody + day.toordinal(), "want": want, "books": nobody}


def _redeemers(world: World, day: date, pending: Columns, claims: Columns) -> Columns:
    """Coupon holders who order today: for today, or the evening before they come."""
    waiting = pending | {"order": day_number(day) + REDEEMER_NUMBERS + np.arange(len(pending["coupon"]))}
    fresh = {name: claims[name] for name in pending}
    fresh["order"] = day_number(day) + SAME_DAY_NUMBERS + claims["coupon"] % 1_000_000
    holders = stack([waiting, fresh])
    early = draw(world.parameters.seed, holders["coupon"], "early") < EARLY_SHARE
    claimed_today = holders["second"] >= day_seconds(day)
    today = (holders["due"] == day.toordinal()) & (claimed_today | ~early)
    tomorrow = (holders["due"] == day.toordinal() + 1) & early
    chosen = take(holders, today | tomorrow)
    columns = _blank(chosen["order"], chosen["store"], PICKUP) | {
        name: chosen[name] for name in ("stock", "coupon", "customer")
    }
    columns["claimed"] = chosen["second"]
    return _timed(world, day, columns, tomorrow[today | tomorrow])


def _arrivals(world: World, day: date, mean: Floats, purpose: str, first: int) -> tuple[Ints, Ints]:
    counts = stream(world.parameters.seed, day, purpose).poisson(mean)
    store = np.repeat(np.arange(world.store_count), counts)
    return day_number(day) + first + np.arange(len(store)), store


def _blank(order: Ints, store: Ints, channel: int) -> Columns:
    none = np.full(len(order), NONE)
    return {
        "order": order,
        "channel": np.full(len(order), channel),
        "store": store,
        "stock": none,
        "coupon": none,
        "claimed": none,
        "customer": none,
    }


def _timed(world: World, day: date, columns: Columns, early: Flags) -> Columns:
    """The columns with placed, due, want and books. Early ones order in the evening for tomorrow."""
    seed, order, midnight = world.parameters.seed, columns["order"], day_seconds(day)
    ready = columns["claimed"] + 180
    want = _wanted(world, midnight + early * DAY_SECONDS, columns["store"], draw(seed, order, "want"))
    evening = midnight + EVENING_SECONDS + (draw(seed, order, "evening") * EVENING_SPREAD_SECONDS).astype(np.int64)
    ahead = (1500 - 3000 * np.log1p(-draw(seed, order, "ahead"))).astype(np.int64)
    placed = np.maximum(np.where(early, evening, want - ahead), np.maximum(midnight + ORDERS_OPEN_SECONDS, ready))
    return columns | {
        "placed": placed,
        "due": day.toordinal() + early.astype(np.int64),
        "want": np.maximum(want, placed + 1200),
        "books": (early | (draw(seed, order, "books") < BOOKING_SHARE)).astype(np.int64),
    }


def _wanted(world: World, midnight: Ints | int, store: Ints, uniform: Floats) -> Ints:
    """Moment the customer would like to come, within opening hours, local seconds."""
    hours = np.arange(25.0)
    low = np.interp(world.stores.opens_slot[store] / 2, hours, HOUR_SUMS)
    high = np.interp(world.stores.closes_slot[store] / 2 - 1 / 3, hours, HOUR_SUMS)
    hour = np.interp(low + uniform * (high - low), HOUR_SUMS[7:24], hours[7:24])
    return np.asarray(midnight + (hour * 3600).astype(np.int64))


def _with_lines(world: World, day: date, orders: Columns) -> Columns:
    seed, order, store = world.parameters.seed, orders["order"], orders["store"]
    taste = tastes.sku_cumulative(world, day)
    exchange = np.isin(orders["stock"], [i for i, f in enumerate(names.STOCKS) if f.kind == "EXCHANGE"])
    sku = np.where(exchange, names.EXCHANGE_SKU, _sku(taste[store], draw(seed, order, "sku")))
    other = _sku(taste[store], draw(seed, order, "sku_2"))
    pickup = orders["channel"] == PICKUP
    has_other = pickup & ~exchange & (other != sku) & (draw(seed, order, "lines") < SECOND_LINE_SHARE)
    return orders | {
        "sku": sku,
        "quantity": np.where(exchange, 1, _units(draw(seed, order, "units"))),
        "sku_2": np.where(has_other, other, NONE),
        "quantity_2": np.where(has_other, _units(draw(seed, order, "units_2")), 0),
    }


def _sku(cumulative: Floats, uniform: Floats) -> Ints:
    return np.asarray((uniform[:, None] >= cumulative).sum(axis=1))


def _units(uniform: Floats) -> Ints:
    return 1 + (uniform > 0.68).astype(np.int64) + (uniform > 0.92)


def book_slots(
    world: World, day: date, orders: Columns, capacity: Ints, booked: Ints, changes: list[SlotChange]
) -> tuple[Ints, Ints]:
    """Half hour each order is booked into (NONE = comes without a booking), and bookings (2, S, 48) afterwards.

    Orders come in order of time. ``capacity`` and ``booked`` (2, S, 48) are for today and tomorrow; ``changes`` set
    a half hour's capacity from their second on. Bookings once made stand.
    """
    limit = capacity.ravel().tolist()
    taken = booked.ravel().tolist()
    wishes = _slot_wishes(world, day, orders)
    pending = sorted(changes, key=lambda change: change.second, reverse=True)
    slots = []
    for second, base, want, first, last in zip(orders["placed"].tolist(), *wishes, strict=True):
        while pending and pending[-1].second <= second:
            change = pending.pop()
            limit[(change.ahead * world.store_count + change.store) * 48 + change.slot] = change.capacity
        slot = _free_slot(taken, limit, base, want, first, last)
        if slot != NONE:
            taken[base + slot] += 1
        slots.append(slot)
    return np.array(slots, dtype=np.int64), np.array(taken, dtype=np.int64).reshape(booked.shape)


def _slot_wishes(world: World, day: date, orders: Columns) -> tuple[list[int], list[int], list[int], list[int]]:
    """Per order: offset of its store's day, the wanted half hour, the first and the last it can take."""
    store = orders["store"]
    ahead = orders["due"] - day.toordinal()
    want = (orders["want"] - day_seconds(day) - ahead * DAY_SECONDS) // SLOT_SECONDS
    soonest = np.where(ahead == 0, (orders["placed"] - day_seconds(day) + 600) // SLOT_SECONDS, 0)
    first = np.maximum(soonest, world.stores.opens_slot[store])
    base = (ahead * world.store_count + store) * 48
    return base.tolist(), want.tolist(), first.tolist(), (world.stores.closes_slot[store] - 1).tolist()


def _free_slot(taken: list[int], limit: list[int], base: int, want: int, first: int, last: int) -> int:
    for offset in SLOT_OFFSETS:
        slot = want + offset
        if first <= slot <= last and taken[base + slot] < limit[base + slot]:
            return slot
    return NONE


def fates(world: World, day: date, orders: Columns, staff: Ints) -> Columns:
    """What becomes of the orders due on ``day``: the columns with fate, arrived, served, handed_over and closed.

    ``closed`` is the moment the order ends. Moments that do not come about are NONE. ``staff`` (S, 48) persons.
    """
    seed, order, midnight = world.parameters.seed, orders["order"], day_seconds(day)
    uniform = draw(seed, order, "fate")
    leaves = uniform < CANCEL_SHARE
    stays_away = (uniform >= CANCEL_SHARE) & (uniform < CANCEL_SHARE + NO_SHOW_SHARE)
    arrived = np.where(leaves | stays_away, NONE, _arrival(seed, midnight, orders))
    patience = (1500 - 1200 * np.log1p(-draw(seed, order, "patience"))).astype(np.int64)
    served, handed_over = _queue(world, orders, arrived, patience, staff, midnight)
    came = arrived != NONE
    closing = midnight + world.stores.closes_slot[orders["store"]] * SLOT_SECONDS + 900
    called_off = orders["placed"] + 60 + ((orders["want"] - orders["placed"]) * draw(seed, order, "call")).astype(int)
    choices = [leaves, stays_away, came & (served == UNSERVED)]
    called_off = np.maximum(called_off, midnight + ORDERS_OPEN_SECONDS)
    return orders | {
        "fate": np.select(choices, [CUSTOMER_CANCELLED, NO_SHOW, GAVE_UP], COLLECTED),
        "arrived": arrived,
        "served": served,
        "handed_over": handed_over,
        "closed": np.select(choices, [called_off, closing, arrived + patience], handed_over + 20),
    }


def _arrival(seed: int, midnight: int, orders: Columns) -> Ints:
    """Booked customers come in a burst: 60 % in the first ten minutes of their half hour (METHODS section 4)."""
    uniform = draw(seed, orders["order"], "minute")
    burst = np.where(uniform < 0.6, uniform / 0.6 * 600, 600 + (uniform - 0.6) / 0.4 * 1200).astype(np.int64)
    booked = midnight + orders["slot"] * SLOT_SECONDS + np.minimum(burst, SLOT_SECONDS - 1)
    return np.maximum(np.where(orders["slot"] != NONE, booked, orders["want"]), orders["placed"] + 480)


def _queue(
    world: World, orders: Columns, arrived: Ints, patience: Ints, staff: Ints, midnight: int
) -> tuple[Ints, Ints]:
    seed, order = world.parameters.seed, orders["order"]
    product = (1 - draw(seed, order, "work_1")) * (1 - draw(seed, order, "work_2")) * (1 - draw(seed, order, "work_3"))
    # Erlang-3 hand-over times around the store's mean.
    seconds = -np.log(product) / 3 * world.stores.handover_seconds[orders["store"]]
    service = np.maximum(30, seconds).astype(np.int64)
    came = np.flatnonzero(arrived != NONE)
    line = came[np.lexsort((order[came], arrived[came], orders["store"][came]))]
    served = np.full(len(order), UNSERVED, dtype=np.int64)
    served[line] = serve(orders["store"][line], arrived[line], service[line], patience[line], staff, midnight)
    return served, np.where(served == UNSERVED, NONE, served + service)
