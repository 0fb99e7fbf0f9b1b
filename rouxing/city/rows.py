"""How each vendor writes a row: names, units, time formats. Integers in, JSON-ready values out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rouxing.city import names
from rouxing.city.streams import NONE, Ints
from rouxing.city.tables import Stored
from rouxing.city.world import World
from rouxing.model.feeds import (
    BOOKING_STATUSES,
    CANCEL_REASONS,
    CHANNELS,
    COUPON_EVENTS,
    MILESTONES,
    ORDER_STATUSES,
    TRANSFER_STATUSES,
)

Value = str | int | bool | None
Codes = NDArray[np.int64] | NDArray[np.int32]
Codec = Callable[[World, Codes], list[Any]]
UNKNOWN = "STATUS_99"


def local_text(seconds: Codes) -> list[str | None]:
    """2026-06-18 05:30:00: local time without a zone."""
    return [text and text.replace("T", " ") for text in _moments(seconds)]


def rfc3339(seconds: Codes) -> list[str | None]:
    """2026-06-18T05:30:00+08:00."""
    return [text and text + "+08:00" for text in _moments(seconds)]


def rfc3339_short(seconds: Codes) -> list[str | None]:
    """As WeChat writes it: a full minute comes without seconds, 2026-06-18T05:30+08:00."""
    return [text and (text[:-3] if text.endswith(":00") else text) + "+08:00" for text in _moments(seconds)]


def _moments(seconds: Codes) -> list[str | None]:
    texts = np.datetime_as_string(seconds.astype("datetime64[s]")).tolist()
    return [None if second == NONE else text for second, text in zip(seconds.tolist(), texts, strict=True)]


def _date_text(seconds: Codes) -> list[str | None]:
    return [text and text[:10] for text in _moments(seconds)]


def _choice(options: Sequence[Value]) -> Codec:
    # One past the end is a status nobody documented; NONE is the last entry.
    table = [*options, UNKNOWN, None]
    return lambda _world, codes: [table[code] for code in codes.tolist()]


def _number(prefix: str) -> Codec:
    return lambda _world, codes: [None if code == NONE else f"{prefix}{code}" for code in codes.tolist()]


def _plain(_world: World, codes: Codes) -> list[int]:
    return [int(code) for code in codes.tolist()]


def _yuan(_world: World, fen: Codes) -> list[str]:
    """Yuan as text with two decimals; NONE is the odd entry that a cashier's system could not compute."""
    return ["N/A" if value == NONE else f"{value // 100}.{value % 100:02d}" for value in fen.tolist()]


def _time(form: Callable[[Codes], list[str | None]]) -> Codec:
    return lambda _world, codes: form(codes)


def store_code(index: int) -> str:
    """S0001 for the first store."""
    return f"S{index + 1:04d}"


def sku_code(index: int) -> str:
    """K001 for the first SKU."""
    return f"K{index + 1:03d}"


def district_code(index: int) -> str:
    """Z01 for the first district."""
    return f"Z{index + 1:02d}"


def stock_code(index: int) -> str:
    """Number of a coupon stock, as WeChat numbers them."""
    return f"{16260001 + index}"


def campaign_code(index: int) -> str:
    """CAMP01 for the first campaign."""
    return f"CAMP{index + 1:02d}"


CENTRE_CODES = ("DC1", "DC2")


def cell_carrier(world: World, cell: int) -> str:
    """Store or district that carries a quota cell."""
    store = int(world.cells.store[cell])
    return district_code(int(world.cells.district[cell])) if store == NONE else store_code(store)


def _store(_world: World, codes: Codes) -> list[str | None]:
    return [None if code == NONE else store_code(code) for code in codes.tolist()]


def _location(world: World, codes: Codes) -> list[str]:
    count = world.store_count
    return [store_code(code) if code < count else CENTRE_CODES[code - count] for code in codes.tolist()]


def _carrier(world: World, codes: Codes) -> list[str]:
    return [cell_carrier(world, code) for code in codes.tolist()]


def _cell_stock(world: World, codes: Codes) -> list[str]:
    return [stock_code(stock) for stock in world.cells.stock[codes].tolist()]


def _centre_of_store(world: World, codes: Codes) -> list[str]:
    return [CENTRE_CODES[centre] for centre in world.stores.centre[codes].tolist()]


def _openid(world: World, codes: Codes) -> list[str | None]:
    return [None if code == NONE else world.openids[code] for code in codes.tolist()]


def _phone(world: World, codes: Codes) -> list[str | None]:
    return [None if code == NONE else world.phones[code] for code in codes.tolist()]


def _of_stock(value: Callable[[int], Value]) -> Codec:
    return _choice([value(index) for index in range(len(names.STOCKS))])


def _booking_of(_world: World, codes: Codes) -> list[str]:
    return [f"B{code}" for code in codes.tolist()]


_SKU = _choice([sku_code(index) for index in range(len(names.SKUS))])
_STOCK = _of_stock(stock_code)
_LETTERS = ("C", "R", "X")


def _event_id(_world: World, codes: Codes) -> list[str]:
    return [f"EV{code // 4}{_LETTERS[code % 4]}" for code in codes.tolist()]


Field = tuple[str, str, Codec]
_LOCAL, _RFC, _SHORT = _time(local_text), _time(rfc3339), _time(rfc3339_short)

FIELDS: dict[str, tuple[Field, ...]] = {
    "order_lines": (
        ("tid", "order", _number("E")),
        ("line_no", "line", _plain),
        ("shop_id", "store", _store),
        ("channel", "channel", _choice(CHANNELS)),
        ("status", "status", _choice(ORDER_STATUSES)),
        ("cancel_reason", "reason", _choice(CANCEL_REASONS)),
        ("outer_sku_id", "sku", _SKU),
        ("num", "quantity", _plain),
        ("payment", "paid", _yuan),
        ("coupon_code", "coupon", _number("CP")),
        ("open_id", "customer", _openid),
        ("buyer_phone", "phone", _phone),
        ("created", "placed", _LOCAL),
        ("picked_up_at", "collected", _LOCAL),
        ("update_time", "modified", _LOCAL),
    ),
    "stock_levels": (
        ("location_id", "location", _location),
        ("sku_id", "sku", _SKU),
        ("counted_at", "counted", _LOCAL),
        ("on_hand_units", "on_hand", _plain),
        ("locked_units", "locked", _plain),
        ("modified", "modified", _LOCAL),
    ),
    "transfers": (
        ("transfer_id", "transfer", _number("T")),
        ("shipment_id", "shipment", _number("SH")),
        ("dc_id", "store", _centre_of_store),
        ("store_id", "store", _store),
        ("sku_id", "sku", _SKU),
        ("quantity_units", "quantity", _plain),
        ("status", "status", _choice(TRANSFER_STATUSES)),
        ("ordered_at", "ordered", _LOCAL),
        ("dispatched_at", "dispatched", _LOCAL),
        ("received_at", "received", _LOCAL),
        ("modified", "modified", _LOCAL),
    ),
    "milestones": (
        ("shipment_id", "shipment", _number("SH")),
        ("store_id", "store", _store),
        ("milestone", "milestone", _choice(MILESTONES)),
        ("occurred_at", "occurred", _LOCAL),
        ("eta_at", "eta", _LOCAL),
        ("modified", "modified", _LOCAL),
    ),
    "coupon_stocks": (
        ("stock_id", "stock", _STOCK),
        ("stock_name", "stock", _of_stock(lambda i: names.STOCKS[i].name)),
        ("campaign_id", "stock", _of_stock(lambda i: campaign_code(names.STOCKS[i].campaign))),
        ("kind", "stock", _of_stock(lambda i: names.STOCKS[i].kind)),
        ("carrier", "stock", _of_stock(lambda i: names.STOCKS[i].carrier)),
        (
            "exchange_sku_id",
            "stock",
            _of_stock(lambda i: sku_code(names.EXCHANGE_SKU) if names.STOCKS[i].kind == "EXCHANGE" else None),
        ),
        ("face_value_fen", "stock", _of_stock(lambda i: names.STOCKS[i].face_value_fen)),
        ("valid_days", "stock", _of_stock(lambda i: names.STOCKS[i].valid_days)),
        ("issued_total", "issued", _plain),
        ("status", "stock", _of_stock(lambda _: "SENDING")),
        ("created_at", "created", _SHORT),
        ("modified", "modified", _SHORT),
    ),
    "coupon_quotas": (
        ("stock_id", "cell", _cell_stock),
        ("carrier_id", "cell", _carrier),
        ("business_date", "date", _time(_date_text)),
        ("quota_coupons", "quota", _plain),
        ("issued_coupons", "issued", _plain),
        ("set_at", "set", _SHORT),
        ("modified", "modified", _SHORT),
    ),
    "coupon_events": (
        ("event_id", "document", _event_id),
        ("event_type", "event", _choice(COUPON_EVENTS)),
        ("coupon_code", "coupon", _number("CP")),
        ("stock_id", "stock", _STOCK),
        ("store_id", "store", _store),
        ("openid", "customer", _openid),
        ("occurred_at", "occurred", _SHORT),
        ("expires_at", "expires", _SHORT),
        ("modified", "modified", _SHORT),
    ),
    "bookings": (
        ("booking_id", "order", _booking_of),
        ("order_id", "order", _number("E")),
        ("store_id", "store", _store),
        ("openid", "customer", _openid),
        ("coupon_code", "coupon", _number("CP")),
        ("slot_starts_at", "starts", _RFC),
        ("status", "status", _choice(BOOKING_STATUSES)),
        ("made_at", "placed", _RFC),
        ("modified", "modified", _RFC),
    ),
    "arrivals": (
        ("arrival_id", "order", _number("A")),
        ("store_id", "store", _store),
        ("order_id", "order", _number("E")),
        ("booking_id", "booking", _number("B")),
        ("arrived_at", "arrived", _RFC),
        ("served_at", "served", _RFC),
        ("handed_over_at", "handed_over", _RFC),
        ("modified", "modified", _RFC),
    ),
    "rosters": (
        ("store_id", "store", _store),
        ("business_date", "date", _time(_date_text)),
        ("rostered_staff", "rostered", _plain),
        ("callable_staff", "callable", _plain),
        ("modified", "modified", _RFC),
    ),
    "consents": (
        ("openid", "customer", _openid),
        ("purpose", "purpose", _choice(("pickup_service", "preference_analysis"))),
        ("is_granted", "granted", _choice((False, True))),
        ("decided_at", "decided", _RFC),
        ("modified", "modified", _RFC),
    ),
}


def vendor_rows(world: World, feed: str, rows: Stored, numbers: Ints) -> list[dict[str, Value]]:
    """The rows ``numbers`` of the feed as its vendor writes them."""
    if not len(numbers):
        return []
    fields = FIELDS[feed]
    columns = [codec(world, rows[column][numbers]) for _, column, codec in fields]
    keys = [name for name, _, _ in fields]
    return [dict(zip(keys, values, strict=True)) for values in zip(*columns, strict=True)]
