"""A day's documents as the vendors keep them: versions with the moment each was known, some late, a few broken.

A vendor keeps the newest version of a document of each day; an earlier version of the same day is gone once the newer
one shows. So what was known at a day's start can always be read again, and history stays small.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np

from rouxing.city import day as days
from rouxing.city import names, trade
from rouxing.city.day import DayRecord, MorningStock
from rouxing.city.streams import DAY_SECONDS, EPOCH_ORDINAL, NONE, Columns, Flags, Ints, day_seconds, draw, stack, take
from rouxing.city.tables import FOREVER
from rouxing.city.world import World, campaign_start
from rouxing.model.feeds import (
    BOOKING_STATUSES,
    CANCEL_REASONS,
    COUPON_EVENTS,
    MILESTONES,
    ORDER_STATUSES,
    TRANSFER_STATUSES,
)

VENDOR_LAG_SECONDS = 300
BAD_SHARE, LATE_SHARE = 0.002, 0.005
COUNT_HOURS = (11, 14, 17, 20)
COUNT_CLOSE_SECONDS = 23 * 3600 + 55 * 60
STOCKS_CLOSE_SECONDS = 23 * 3600 + 58 * 60
QUOTA_SET_SECONDS, QUOTA_DAYS_AHEAD = 20 * 3600, 2
ROSTER_SET_SECONDS, ROSTER_DAYS_AHEAD = 18 * 3600, 3
SNAPSHOT_SECONDS = 5 * 3600

_ORDER_FATES = ("collected", "cancelled", "cancelled", "cancelled", "no_show")
_FATE_STATUS = np.array([ORDER_STATUSES.index(status) for status in _ORDER_FATES])
_FATE_REASON = np.array([NONE, *(CANCEL_REASONS.index(r) for r in ("stock_out", "customer", "gave_up_waiting")), NONE])
_BOOKING_FATES = ("collected", "cancelled", "cancelled", "arrived", "no_show")
_BOOKING_STATUS = np.array([BOOKING_STATUSES.index(status) for status in _BOOKING_FATES])


def day_documents(world: World, record: DayRecord) -> dict[str, Columns]:
    """New versions of every feed that ``record`` brings about, also those that will be known on later days."""
    return {
        "order_lines": order_lines(world, record),
        "bookings": bookings(world, record),
        "arrivals": arrivals(world, record),
        "coupon_events": coupon_events(world, record),
        "transfers": transfers(world, record),
        "milestones": milestones(world, record),
        "coupon_stocks": coupon_stocks(world, record.day, record.issued_total, STOCKS_CLOSE_SECONDS),
        "rosters": rosters(world, record.day + timedelta(days=ROSTER_DAYS_AHEAD)),
    }


def order_lines(world: World, record: DayRecord) -> Columns:
    """POS: orders as placed, what became of them, orders refused for want of stock, and sales over the counter."""
    seed, placed_now = world.parameters.seed, record.orders
    found, pickup = placed_now["found"] == 1, placed_now["channel"] == trade.PICKUP
    ended = _ended(seed, record.outcomes)
    placed = take(placed_now, found & pickup)
    placed |= _as(placed, ORDER_STATUSES.index("placed"), NONE, collected=None)
    placed = _replaced(seed, placed, "order", placed["placed"] + 15, ended)
    refused = take(placed_now, ~found & pickup)
    refused |= _as(refused, ORDER_STATUSES.index("cancelled"), CANCEL_REASONS.index("stock_out"), collected=None)
    refused = _lasting(seed, refused, "order", refused["placed"] + 90)
    sold = take(placed_now, found & ~pickup)
    sold |= _as(sold, ORDER_STATUSES.index("collected"), NONE, collected="placed")
    sold = _lasting(seed, sold, "order", sold["placed"] + 30 + _lateness(seed, sold["order"]))
    parts = [placed, _broken_orders(seed, ended), refused, sold]
    return stack([_lines(world, _order_columns(part)) for part in parts])


def _ended(seed: int, outcomes: Columns) -> Columns:
    late = np.where(outcomes["fate"] == trade.COLLECTED, _lateness(seed, outcomes["order"]), 0)
    ended = outcomes | {
        "status": _FATE_STATUS[outcomes["fate"]],
        "reason": _FATE_REASON[outcomes["fate"]],
        "collected": outcomes["handed_over"],
    }
    return _lasting(seed, ended, "order", outcomes["closed"] + late)


def _as(orders: Columns, status: int, reason: int, collected: str | None) -> Columns:
    count = len(orders["order"])
    return {
        "status": np.full(count, status),
        "reason": np.full(count, reason),
        "collected": np.full(count, NONE) if collected is None else orders[collected],
    }


def _lateness(seed: int, document: Ints) -> Ints:
    """Seconds (1-3 days) by which a few documents reach the vendor late; 0 for all others."""
    days_late = 1 + 2 * draw(seed, document, "howlate")
    return np.where(draw(seed, document, "late") < LATE_SHARE, (days_late * DAY_SECONDS).astype(np.int64), 0)


def _broken_orders(seed: int, orders: Columns) -> Columns:
    """The orders, a few of them as no sound system would write them."""
    wrong = _wrong(seed, orders["order"], 5)
    collected = orders["collected"] != NONE
    return orders | {
        "quantity": np.where(wrong == 0, -orders["quantity"], orders["quantity"]),
        "status": np.where(wrong == 1, len(ORDER_STATUSES), orders["status"]),
        "store": np.where(wrong == 2, NONE, orders["store"]),
        "collected": np.where((wrong == 3) & collected, orders["placed"] - 600, orders["collected"]),
        "unpaid": (wrong == 4).astype(np.int64),
    }


def _wrong(seed: int, document: Ints, kinds: int) -> Ints:
    """Kind of fault 0..kinds-1 of each document; NONE = sound."""
    uniform = draw(seed, document, "bad")
    return np.where(uniform < BAD_SHARE, (uniform / BAD_SHARE * kinds).astype(np.int64), NONE)


def _order_columns(orders: Columns) -> Columns:
    if "unpaid" not in orders:
        orders = orders | {"unpaid": np.zeros(len(orders["order"]), dtype=np.int64)}
    wanted = "order channel store stock coupon customer placed sku quantity sku_2 quantity_2 status reason collected"
    return {name: orders[name] for name in (*wanted.split(), "unpaid", "modified", "visible", "gone")}


def _lines(world: World, orders: Columns) -> Columns:
    """One row per line of the orders; ``paid`` fen, NONE = unreadable."""
    face = np.array([facts.face_value_fen for facts in names.STOCKS] + [0])[orders["stock"]]
    phone = np.where(draw(world.parameters.seed, orders["order"], "phone") < 0.6, orders["customer"], NONE)
    shared = ("order", "channel", "store", "coupon", "customer", "placed", "status", "reason", "collected")
    common = {name: orders[name] for name in (*shared, "modified", "visible", "gone")} | {"phone": phone}
    price = world.skus.price_fen
    paid = np.maximum(0, price[orders["sku"]] * np.abs(orders["quantity"]) - face)
    first = common | _line(orders, 1, orders["sku"], orders["quantity"], np.where(orders["unpaid"] == 1, NONE, paid))
    paid_2 = price[orders["sku_2"]] * orders["quantity_2"]
    second = common | _line(orders, 2, orders["sku_2"], orders["quantity_2"], paid_2)
    return stack([first, take(second, orders["sku_2"] != NONE)])


def _line(orders: Columns, number: int, sku: Ints, quantity: Ints, paid: Ints) -> Columns:
    return {
        "document": orders["order"] * 2 + number - 1,
        "line": np.full(len(sku), number),
        "sku": sku,
        "quantity": quantity,
        "paid": paid,
    }


def bookings(world: World, record: DayRecord) -> Columns:
    """Bookings as made, on arrival and at their end."""
    seed = world.parameters.seed
    due = take(record.outcomes, record.outcomes["slot"] != NONE)
    status = np.where(_wrong(seed, due["order"], 1) == 0, len(BOOKING_STATUSES), _BOOKING_STATUS[due["fate"]])
    over = due["fate"] != trade.GAVE_UP
    ended = take(_lasting(seed, due | {"status": status}, "booked", due["closed"]), over)
    came = take(due, due["arrived"] != NONE)
    came = came | {"status": np.full(len(came["order"]), BOOKING_STATUSES.index("arrived"))}
    came = _replaced(seed, came, "came", came["arrived"] + 5, ended)
    made = take(record.orders, record.orders["slot"] != NONE)
    made = made | {"status": np.full(len(made["order"]), BOOKING_STATUSES.index("booked"))}
    first_next = stack([came, take(ended, ended["arrived"] == NONE)])
    made = _replaced(seed, made, "made", made["placed"] + 20, first_next)
    rows = stack([_booking_columns(part) for part in (made, came, ended)])
    starts = (rows["due"] - EPOCH_ORDINAL) * DAY_SECONDS + rows["slot"] * 1800
    return rows | {"starts": starts, "document": rows["order"]}


def _booking_columns(rows: Columns) -> Columns:
    wanted = ("order", "store", "customer", "coupon", "due", "slot", "status", "placed", "modified", "visible", "gone")
    return {name: rows[name] for name in wanted}


def arrivals(world: World, record: DayRecord) -> Columns:
    """Customers at the counter: as they come, and again when the hand-over has ended."""
    seed = world.parameters.seed
    came = take(record.outcomes, record.outcomes["arrived"] != NONE)
    served = came["served"] != NONE
    done = take(_lasting(seed, came, "handed", came["handed_over"] + 10), served)
    backwards = _wrong(seed, done["order"], 2) == 1
    done["handed_over"] = np.where(backwards, done["served"] - 300, done["handed_over"])
    nothing = np.full(len(came["order"]), NONE)
    waiting = came | {"served": nothing, "handed_over": nothing}
    waiting = _replaced(seed, waiting, "waits", came["arrived"] + 5, done)
    wanted = ("order", "store", "slot", "arrived", "served", "handed_over", "modified", "visible", "gone")
    rows = stack([{name: part[name] for name in wanted} for part in (waiting, done)])
    return rows | {"document": rows["order"], "booking": np.where(rows["slot"] != NONE, rows["order"], NONE)}


def coupon_events(world: World, record: DayRecord) -> Columns:
    """WeChat: claims, redemptions at the hand-over, and the expiry of coupons that will not be redeemed."""
    seed, claims = world.parameters.seed, record.claims
    redeemed, lost = _used_coupons(record)
    claimed = claims | {"claimed": claims["second"]}
    parts = [
        _event(claimed, "claim", claims["second"]),
        _event(redeemed, "redeem", redeemed["handed_over"]),
        _expiry(take(claimed, claims["due"] == NONE)),
        _expiry(lost),
    ]
    rows = stack(parts)
    valid = np.array([facts.valid_days for facts in names.STOCKS])[rows["stock"]]
    rows["expires"] = (rows["claimed"] // DAY_SECONDS + valid) * DAY_SECONDS - 1
    rows["document"] = rows["coupon"] * 4 + rows["event"]
    rows["stock"] = np.where(_wrong(seed, rows["document"], 2) == 1, NONE, rows["stock"])
    return _lasting(seed, rows, "event", rows["occurred"] + 10, by="document")


def _used_coupons(record: DayRecord) -> tuple[Columns, Columns]:
    wanted = ("coupon", "stock", "store", "customer", "claimed", "handed_over")
    due = record.outcomes
    happy = (due["coupon"] != NONE) & (due["fate"] == trade.COLLECTED)
    sad = take(due, (due["coupon"] != NONE) & (due["fate"] != trade.COLLECTED))
    refused = take(record.orders, (record.orders["coupon"] != NONE) & (record.orders["found"] == 0))
    refused["handed_over"] = np.full(len(refused["order"]), NONE)
    lost = stack([{name: part[name] for name in wanted} for part in (sad, refused)])
    return {name: values[happy] for name, values in due.items() if name in wanted}, lost


def _event(coupons: Columns, event: str, occurred: Ints) -> Columns:
    columns = {name: coupons[name] for name in ("coupon", "stock", "store", "customer", "claimed")}
    return columns | {"event": np.full(len(occurred), COUPON_EVENTS.index(event)), "occurred": occurred}


def _expiry(coupons: Columns) -> Columns:
    valid = np.array([facts.valid_days for facts in names.STOCKS])[coupons["stock"]]
    return _event(coupons, "expire", (coupons["claimed"] // DAY_SECONDS + valid) * DAY_SECONDS - 1)


def stock_levels(world: World, stock: MorningStock) -> Columns:
    """WMS: the snapshot of 05:00; a store without cold storage has no row for cold goods."""
    seed, midnight = world.parameters.seed, day_seconds(stock.day)
    location, sku = np.nonzero(_carried(world))
    units = np.concatenate([stock.shelf + stock.promised, stock.centre])
    locked = np.concatenate([stock.promised, np.zeros_like(stock.centre)])
    document = (stock.day.toordinal() * 10_000 + location) * 100 + sku
    negative = _wrong(seed, document, 2) == 1
    on_hand = units[location, sku]
    rows = {
        "location": location,
        "sku": sku,
        "counted": np.full(len(sku), midnight + SNAPSHOT_SECONDS),
        "on_hand": np.where(negative, -1 - on_hand, on_hand),
        "locked": locked[location, sku],
        "document": document,
    }
    return _lasting(seed, rows, "count", rows["counted"] + 120, by="document")


def _carried(world: World) -> Flags:
    stores = (world.stores.cold_ml > 0)[:, None] | ~world.skus.is_cold
    return np.concatenate([stores, np.ones((2, world.sku_count), dtype=bool)])


def transfers(world: World, record: DayRecord) -> Columns:
    """WMS: transfers on leaving the centre (or cancelled, the centre being empty) and on being received."""
    seed, moved = world.parameters.seed, record.transfers
    none = np.full(len(moved["transfer"]), NONE)
    gone = moved["quantity"] > 0
    left = moved | {
        "status": np.where(gone, TRANSFER_STATUSES.index("dispatched"), TRANSFER_STATUSES.index("cancelled")),
        "quantity": np.where(gone, moved["quantity"], moved["asked"]),
        "dispatched": np.where(gone, moved["dispatched"], none),
        "received": none,
        "document": moved["transfer"],
    }
    here = moved | {"status": none + 1 + TRANSFER_STATUSES.index("received"), "document": moved["transfer"]}
    here = take(_lasting(seed, here, "received", moved["received"] + 60, by="document"), gone)
    left = _replaced(seed, left, "left", moved["dispatched"] + 120, here, by="transfer")
    return stack([transfer_columns(left), transfer_columns(here)])


def transfer_columns(rows: Columns) -> Columns:
    """The columns the feed keeps."""
    wanted = "transfer shipment store sku quantity status ordered dispatched received document modified visible gone"
    return {name: rows[name] for name in wanted.split()}


def milestones(world: World, record: DayRecord) -> Columns:
    """Logistics: picked, departed and arrived, one each per shipment."""
    seed, moved = world.parameters.seed, take(record.transfers, record.transfers["quantity"] > 0)
    shipment, first = np.unique(moved["shipment"], return_index=True)
    one = take(moved, first)
    none = np.full(len(shipment), NONE)
    usual = one["received"] // DAY_SECONDS * DAY_SECONDS + 7 * 3600 + 600
    steps = ((-600, none), (600, usual), (None, none))
    parts = []
    for step, (offset, eta) in enumerate(steps):
        occurred = one["received"] - 300 if offset is None else one["dispatched"] + offset
        rows = {
            "shipment": shipment,
            "store": one["store"],
            "milestone": none + 1 + MILESTONES.index(MILESTONES[step]),
            "occurred": occurred,
            "eta": eta,
            "document": shipment * 4 + step,
        }
        parts.append(_lasting(seed, rows, "way", occurred + 60, by="document"))
    return stack(parts)


def quotas_set(world: World, day: date, cells: Ints, quotas: Ints, second: int) -> Columns:
    """WeChat: quotas of ``day`` for ``cells`` as set at ``second`` (local seconds); nothing issued yet."""
    rows = {"cell": cells, "date": np.full(len(cells), day_seconds(day)), "quota": quotas}
    rows |= {"issued": np.zeros_like(cells), "set": np.full(len(cells), second), "document": cells}
    return _lasting(world.parameters.seed, rows, "quotas", rows["set"], by="document")


def quota_counts(world: World, record: DayRecord, in_force: list[tuple[Ints, Ints]]) -> Columns:
    """WeChat: coupons issued, told several times a day; ``in_force`` are quota and set moment (N,) at each count.

    The last count of the day stays; cells without a quota all day have no row.
    """
    midnight = day_seconds(record.day)
    moments, cells = count_moments(record.day), np.arange(len(world.cells.stock))
    parts = []
    for number, (moment, (quota, since)) in enumerate(zip(moments, in_force, strict=True)):
        rows = {"cell": cells, "date": np.full(len(cells), midnight), "quota": quota, "set": since, "document": cells}
        rows["issued"] = issued_by(world, record, moment)
        purpose = f"count{number}"
        parts.append(_lasting(world.parameters.seed, rows, purpose, np.full(len(cells), moment), by="document"))
    for earlier, later in pairwise(parts):
        earlier["gone"] = later["visible"]
    counts = stack(parts)
    return take(counts, counts["set"] != NONE)


def count_moments(day: date) -> list[int]:
    """Moments of ``day`` at which issued coupons are told, local seconds."""
    midnight = day_seconds(day)
    return [*(midnight + hour * 3600 for hour in COUNT_HOURS), midnight + COUNT_CLOSE_SECONDS]


def issued_by(world: World, record: DayRecord, moment: int) -> Ints:
    """(N,) coupons each quota cell issued on the day before ``moment``."""
    before = record.claims["second"] < moment
    return np.bincount(record.claims["cell"][before], minlength=len(world.cells.stock))


def coupon_stocks(world: World, day: date, issued: Ints, second: int) -> Columns:
    """WeChat: coupon stocks with what they issued, as of ``second`` of ``day``; those not created yet are left out."""
    created = np.array([stock_created(world, stock) for stock in range(len(issued))])
    moment = day_seconds(day) + second
    on = np.flatnonzero(created <= moment)
    rows = {"stock": on, "issued": issued[on], "created": created[on], "document": on}
    return _lasting(world.parameters.seed, rows, "stocks", np.full(len(on), moment), by="document")


def stock_created(world: World, stock: int) -> int:
    """Moment a coupon stock was created: with its first quotas, never before history."""
    before = names.CAMPAIGNS[names.STOCKS[stock].campaign].starts_before_days
    first = day_seconds(world.parameters.first_day)
    start = day_seconds(campaign_start(world.parameters, before))
    return max(first, start - QUOTA_DAYS_AHEAD * DAY_SECONDS + QUOTA_SET_SECONDS - 600)


def rosters(world: World, day: date) -> Columns:
    """Rosters of ``day``, put up three days before."""
    first = day_seconds(world.parameters.first_day) + 7 * 60
    posted = max(first, day_seconds(day) - ROSTER_DAYS_AHEAD * DAY_SECONDS + ROSTER_SET_SECONDS)
    store = np.arange(world.store_count)
    rows = {
        "store": store,
        "date": np.full(len(store), day_seconds(day)),
        "rostered": days.rostered_staff(world, day),
        "callable": world.stores.callable_staff,
        "document": store,
    }
    return _lasting(world.parameters.seed, rows, "roster", np.full(len(store), posted), by="document")


def _lasting(seed: int, rows: Columns, purpose: str, modified: Ints, by: str = "order") -> Columns:
    """The rows with modified, visible and gone; nothing takes their place on the same day."""
    lag = (draw(seed, rows[by], purpose) * VENDOR_LAG_SECONDS).astype(np.int64)
    return rows | {"modified": modified, "visible": modified + lag, "gone": np.full(len(modified), FOREVER)}


def _replaced(
    seed: int, rows: Columns, purpose: str, modified: Ints, successors: Columns, by: str = "order"
) -> Columns:
    """The rows, gone when a successor of the same document and day shows."""
    rows = _lasting(seed, rows, purpose, modified, by)
    if not len(successors[by]):
        return rows
    order = np.argsort(successors[by], kind="stable")
    place = np.minimum(np.searchsorted(successors[by][order], rows[by]), len(order) - 1)
    match = order[place]
    same = (successors[by][match] == rows[by]) & (
        successors["modified"][match] // DAY_SECONDS == modified // DAY_SECONDS
    )
    return rows | {"gone": np.where(same, successors["visible"][match], FOREVER)}
