"""Goods: suppliers fill the centres, centres fill the stores by plan or by a simple rule, orders take units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from rouxing.city.marketing import planned_burst
from rouxing.city.streams import DAY_SECONDS, Columns, Flags, Floats, Ints, day_number, day_seconds, draw
from rouxing.city.world import World

COVER_DAYS = 2.2
REORDER_SHARE = 0.7
CENTRE_COVER_DAYS = 6.0
TIGHT_DAYS_BEFORE, TIGHT_DAYS_AFTER, TIGHT_INFLOW = 3, 3, 0.13
USAGE_MEMORY = 0.08
DISPATCH_SECONDS = 6 * 3600
ARRIVAL_SECONDS, ARRIVAL_SPREAD_SECONDS = 6 * 3600 + 50 * 60, 40 * 60
COMMAND_NUMBERS = 500_000  # transfers that were commanded are numbered from here within their day


@dataclass(frozen=True, slots=True)
class TransferOrder:
    """A commanded transfer: accepted at ``second`` (local seconds), leaves the centre on ``dispatch_date``."""

    number: int
    second: int
    dispatch_date: date
    store: int
    sku: int
    quantity: int


def usual_usage(world: World) -> Floats:
    """(S, K) units a day on an average day, the start of the moving average."""
    taste = np.diff(world.stores.sku_cumulative, axis=1, prepend=0.0)
    return np.asarray(78.0 * world.stores.size[:, None] * taste)


def centre_usage(world: World, usage: Floats) -> Floats:
    """(2, K) units a day that the stores of each centre use."""
    totals = np.zeros((2, world.sku_count))
    np.add.at(totals, world.stores.centre, usage)
    return totals


def supplier_inflow(world: World, day: date, centre_units: Ints, usage: Floats) -> Ints:
    """(2, K) units that suppliers bring in the small hours; little of the scarce SKUs around the burst."""
    offset = (day - world.parameters.business_date).days
    target = centre_usage(world, usage) * CENTRE_COVER_DAYS
    if -TIGHT_DAYS_BEFORE <= offset <= TIGHT_DAYS_AFTER:
        target = np.where(world.skus.is_tight, target * TIGHT_INFLOW, target)
    return np.asarray(np.maximum(0, np.round(target - centre_units)).astype(np.int64))


def default_transfers(world: World, day: date, position: Ints, centre_units: Ints, usage: Floats) -> Columns:
    """Order-up-to rule of the chain's planners: columns transfer, store, sku, quantity, asked, ordered.

    ``position`` (S, K) = units at the store and under way. What a centre lacks, the last stores in turn go without.
    """
    pack = world.skus.pack_units
    target = _targets(world, day, usage)
    short = np.where(position < REORDER_SHARE * target, target - position, 0.0)
    wanted = np.floor(short / pack + 0.5).astype(np.int64) * pack
    shipped = _ration(world, day, wanted, centre_units) // pack * pack
    store, sku = np.nonzero(shipped)
    return {
        "transfer": day_number(day) + store * world.sku_count + sku,
        "store": store,
        "sku": sku,
        "quantity": shipped[store, sku],
        "asked": shipped[store, sku],
        "ordered": np.full(len(store), day_seconds(day) + DISPATCH_SECONDS),
    }


def commanded_transfers(world: World, orders: list[TransferOrder], centre_units: Ints) -> Columns:
    """What leaves of the commanded transfers: first accepted, first served; quantity 0 = the centre had none."""
    left = centre_units.copy()
    shipped = []
    for order in orders:
        centre = world.stores.centre[order.store]
        units = min(order.quantity, int(left[centre, order.sku]))
        left[centre, order.sku] -= units
        shipped.append(units)
    return {
        "transfer": np.array([order.number for order in orders], dtype=np.int64),
        "store": np.array([order.store for order in orders], dtype=np.int64),
        "sku": np.array([order.sku for order in orders], dtype=np.int64),
        "quantity": np.array(shipped, dtype=np.int64),
        "asked": np.array([order.quantity for order in orders], dtype=np.int64),
        "ordered": np.array([order.second for order in orders], dtype=np.int64),
    }


def with_arrival(world: World, day: date, transfers: Columns) -> Columns:
    """The transfers with shipment, dispatched and received (local seconds) and arrives (ordinal of the day)."""
    shipment = day_number(day) + transfers["store"]
    late = draw(world.parameters.seed, shipment, "road") * ARRIVAL_SPREAD_SECONDS
    days = world.stores.lead_days[transfers["store"]]
    dispatched = np.full(len(shipment), day_seconds(day) + DISPATCH_SECONDS)
    received = day_seconds(day) + days * DAY_SECONDS + ARRIVAL_SECONDS + late.astype(np.int64)
    return transfers | {
        "shipment": shipment,
        "dispatched": dispatched,
        "received": received,
        "arrives": day.toordinal() + days,
    }


def units_by_store(world: World, store: Ints, sku: Ints, quantity: Ints) -> Ints:
    """(S, K) sums of ``quantity``."""
    totals = np.zeros((world.store_count, world.sku_count), dtype=np.int64)
    np.add.at(totals, (store, sku), quantity)
    return totals


def fill_orders(available: Ints, orders: Columns) -> tuple[Flags, Ints]:
    """Which orders find their goods, and units left (S, K). Orders come in order of time; all lines or nothing."""
    skus = available.shape[1]
    left = available.ravel().tolist()
    first = (orders["store"] * skus + orders["sku"]).tolist()
    second = np.where(orders["sku_2"] >= 0, orders["store"] * skus + orders["sku_2"], -1).tolist()
    found = []
    for key, units, key_2, units_2 in zip(
        first, orders["quantity"].tolist(), second, orders["quantity_2"].tolist(), strict=True
    ):
        if left[key] < units or (key_2 >= 0 and left[key_2] < units_2):
            found.append(False)
            continue
        left[key] -= units
        if key_2 >= 0:
            left[key_2] -= units_2
        found.append(True)
    return np.array(found, dtype=bool), np.array(left, dtype=np.int64).reshape(available.shape)


def _targets(world: World, day: date, usage: Floats) -> Floats:
    days = (world.stores.lead_days + COVER_DAYS)[:, None]
    expected = usage * (1 + 0.4 * (planned_burst(world, day) - 1))[:, None]
    target = expected * days + 1.2 * np.sqrt(expected * days) + 1
    volume = target * world.skus.volume_ml
    is_cold = world.skus.is_cold
    for room, mine in ((world.stores.cold_ml, is_cold), (world.stores.ambient_ml, ~is_cold)):
        fits = np.minimum(1.0, room / volume[:, mine].sum(axis=1))
        target[:, mine] *= fits[:, None]
    return np.asarray(target)


def _ration(world: World, day: date, wanted: Ints, centre_units: Ints) -> Ints:
    # A different store comes first each day, so that scarcity does not always hit the same ones.
    turn = np.roll(np.arange(world.store_count), day.toordinal() % world.store_count)
    shipped = np.zeros_like(wanted)
    for centre in range(2):
        rows = turn[world.stores.centre[turn] == centre]
        before = np.cumsum(wanted[rows], axis=0) - wanted[rows]
        shipped[rows] = np.clip(centre_units[centre] - before, 0, wanted[rows])
    return shipped
