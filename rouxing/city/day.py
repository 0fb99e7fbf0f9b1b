"""One day of the city, from the small hours to closing: state in, state and the day's documents out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from rouxing.city import marketing, seasons, supply, trade
from rouxing.city.claims import QuotaChange, claims_of_day
from rouxing.city.streams import NONE, Columns, Floats, Ints, stack, take
from rouxing.city.supply import TransferOrder
from rouxing.city.trade import SlotChange
from rouxing.city.world import World, open_slots

PENDING = ("coupon", "stock", "store", "customer", "second", "due")


@dataclass(frozen=True, slots=True)
class State:
    """What a day hands to the next. Never edited in place, so a day can be simulated again from it.

    ``available`` (S, K) units on the shelf that nobody was promised; ``centre_units`` (2, K); ``usage`` (S, K) moving
    average of units a day; ``pending`` coupons to be redeemed later; ``early`` orders placed for the next day;
    ``booked`` (S, 48) their bookings; ``under_way`` transfers that have not arrived; ``issued`` (C,) coupons so far.
    """

    available: Ints
    centre_units: Ints
    usage: Floats
    pending: Columns
    early: Columns | None
    booked: Ints
    under_way: Columns | None
    issued: Ints


@dataclass(frozen=True, slots=True)
class Directives:
    """What the day runs under: quotas (N,), slot capacities (2, S, 48), staff (S, 48), and changes during the day.

    ``transfers`` None = the chain's own rule replenishes.
    """

    quotas: Ints
    slot_capacity: Ints
    staff: Ints
    quota_changes: list[QuotaChange] = field(default_factory=list)
    slot_changes: list[SlotChange] = field(default_factory=list)
    transfers: list[TransferOrder] | None = None


@dataclass(frozen=True, slots=True)
class MorningStock:
    """Units at 05:00: ``shelf`` and ``promised`` (S, K) in stores, ``centre`` (2, K)."""

    day: date
    shelf: Ints
    promised: Ints
    centre: Ints


@dataclass(frozen=True, slots=True)
class DayRecord:
    """The documents of a day.

    ``orders`` placed (with found, slot); ``outcomes`` of the orders due today; ``claims``; ``transfers`` dispatched;
    ``promised`` (S, K) and ``centre`` (2, K) at 05:00; ``issued`` (N,) per cell; ``issued_total`` (C,).
    """

    day: date
    orders: Columns
    outcomes: Columns
    claims: Columns
    transfers: Columns
    promised: Ints
    centre: Ints
    issued: Ints
    issued_total: Ints


def first_state(world: World) -> State:
    """The city on the eve of history: stores and centres filled for usual demand."""
    usage = supply.usual_usage(world)
    return State(
        available=np.ceil(usage * 3 + 2 * (usage > 0)).astype(np.int64),
        centre_units=np.ceil(supply.centre_usage(world, usage) * supply.CENTRE_COVER_DAYS).astype(np.int64),
        usage=usage,
        pending={name: np.empty(0, dtype=np.int64) for name in PENDING},
        early=None,
        booked=np.zeros((world.store_count, 48), dtype=np.int64),
        under_way=None,
        issued=np.zeros(len(world.cells.of), dtype=np.int64),
    )


def default_quotas(world: World, day: date) -> Ints:
    """Quotas (N,) marketing sets by habit: the same round figure every day, raised for the burst."""
    cells = world.cells
    burst = marketing.planned_burst(world, day)
    of_district = np.bincount(world.stores.district, weights=burst) / np.bincount(world.stores.district)
    lift = np.where(cells.store != NONE, burst[cells.store], of_district[cells.district])
    is_on = np.array([world.stock_is_on(int(stock), day) for stock in range(len(cells.of))])[cells.stock]
    return np.asarray(np.round(cells.base_quota * np.minimum(lift, 1.5)).astype(np.int64) * is_on)


def default_staff(world: World, day: date) -> Ints:
    """(S, 48): everybody on the roster, in every open half hour."""
    return np.asarray(np.where(open_slots(world.stores), rostered_staff(world, day)[:, None], 0))


def rostered_staff(world: World, day: date) -> Ints:
    """(S,) persons on shift; one more on days off in the larger stores near homes."""
    extra = seasons.is_day_off(day) & ~world.stores.is_office & (world.stores.size > 1.2)
    return np.asarray(np.minimum(world.stores.rostered + extra, world.stores.counters))


def default_slot_capacity(world: World) -> Ints:
    """(S, 48): bookings a half hour takes; the counter's figure while the store is open."""
    return np.asarray(np.where(open_slots(world.stores), world.stores.capacity_slot[:, None], 0))


def simulate_day(world: World, state: State, directives: Directives, day: date) -> tuple[State, DayRecord]:
    """The state after ``day`` and its documents. Depends on nothing but the arguments.

    What happens before a change (a quota, a slot capacity) does not depend on the change, so a day can be simulated
    again when a command arrives in the middle of it without altering what has been seen.
    """
    morning = morning_stock(world, state, day)
    promised, centre = morning.promised, morning.centre
    transfers = _dispatch(world, state, directives, day, centre)
    available, under_way = _receive(world, state, transfers, day)
    claims, issued = claims_of_day(world, day, directives.quotas, directives.quota_changes)
    orders = trade.orders_of_day(world, day, state.pending, claims)
    found, available = supply.fill_orders(available, orders)
    orders["found"] = found.astype(np.int64)
    orders["slot"], booked = _book(world, state, directives, day, orders)
    outcomes = _outcomes(world, state, directives, day, orders)
    next_state = State(
        available=available + _returned(world, outcomes),
        centre_units=centre - _left_centre(world, transfers),
        usage=_usage(world, state, orders),
        pending=_still_pending(state, claims, day),
        early=_early(orders, day),
        booked=booked[1],
        under_way=under_way,
        issued=state.issued + np.bincount(world.cells.stock, weights=issued).astype(np.int64),
    )
    record = DayRecord(day, orders, outcomes, claims, transfers, promised, centre, issued, next_state.issued)
    return next_state, record


def morning_stock(world: World, state: State, day: date) -> MorningStock:
    """What is counted at 05:00 of ``day``, before anything moves; told by the state of the night."""
    centre = state.centre_units + supply.supplier_inflow(world, day, state.centre_units, state.usage)
    return MorningStock(day, state.available, _promised(world, state.early), centre)


def _promised(world: World, orders: Columns | None) -> Ints:
    if orders is None:
        return np.zeros((world.store_count, world.sku_count), dtype=np.int64)
    return _units(world, orders)


def _units(world: World, orders: Columns) -> Ints:
    """(S, K) units in both lines of the orders."""
    two = orders["sku_2"] != NONE
    first = supply.units_by_store(world, orders["store"], orders["sku"], orders["quantity"])
    return first + supply.units_by_store(world, orders["store"][two], orders["sku_2"][two], orders["quantity_2"][two])


def _dispatch(world: World, state: State, directives: Directives, day: date, centre: Ints) -> Columns:
    if directives.transfers is not None:
        transfers = supply.commanded_transfers(world, directives.transfers, centre)
    else:
        position = state.available
        if state.under_way is not None:
            way = state.under_way
            position = position + supply.units_by_store(world, way["store"], way["sku"], way["quantity"])
        transfers = supply.default_transfers(world, day, position, centre, state.usage)
    return supply.with_arrival(world, day, transfers)


def _receive(world: World, state: State, transfers: Columns, day: date) -> tuple[Ints, Columns]:
    """Units on the shelf when trading starts, and transfers still under way."""
    way = transfers if state.under_way is None else stack([state.under_way, transfers])
    here = take(way, way["arrives"] == day.toordinal())
    return (
        state.available + supply.units_by_store(world, here["store"], here["sku"], here["quantity"]),
        take(way, way["arrives"] > day.toordinal()),
    )


def _left_centre(world: World, transfers: Columns) -> Ints:
    units = np.zeros((2, world.sku_count), dtype=np.int64)
    np.add.at(units, (world.stores.centre[transfers["store"]], transfers["sku"]), transfers["quantity"])
    return units


def _book(world: World, state: State, directives: Directives, day: date, orders: Columns) -> tuple[Ints, Ints]:
    """Slot of every order (NONE without one), and bookings (2, S, 48) for today and tomorrow."""
    booked = np.stack([state.booked, np.zeros_like(state.booked)])
    books = (orders["books"] == 1) & (orders["found"] == 1)
    slots = np.full(len(books), NONE)
    slots[books], booked = trade.book_slots(
        world, day, take(orders, books), directives.slot_capacity, booked, directives.slot_changes
    )
    return slots, booked


def _outcomes(world: World, state: State, directives: Directives, day: date, orders: Columns) -> Columns:
    mine = (orders["due"] == day.toordinal()) & (orders["found"] == 1) & (orders["channel"] == trade.PICKUP)
    due = take(orders, mine)
    if state.early is not None:
        due = stack([state.early, due])
    return trade.fates(world, day, due, directives.staff)


def _returned(world: World, outcomes: Columns) -> Ints:
    """Units that go back to the shelf at night: orders nobody took away."""
    return _units(world, take(outcomes, outcomes["fate"] != trade.COLLECTED))


def _usage(world: World, state: State, orders: Columns) -> Floats:
    asked = _units(world, orders)
    return (1 - supply.USAGE_MEMORY) * state.usage + supply.USAGE_MEMORY * asked


def _still_pending(state: State, claims: Columns, day: date) -> Columns:
    # A coupon due tomorrow stays even when its order was placed tonight; the early draw keeps it from a second order.
    both = stack([state.pending, {name: claims[name] for name in PENDING}])
    return take(both, both["due"] > day.toordinal())


def _early(orders: Columns, day: date) -> Columns:
    return take(orders, (orders["due"] > day.toordinal()) & (orders["found"] == 1))
