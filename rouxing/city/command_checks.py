"""Checks a command's body and puts the city's own numbers beside the vendor's names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from rouxing.city.commands import DATE_FIELD, Body, Kind, RefusedError
from rouxing.city.rows import CENTRE_CODES, cell_carrier, sku_code, stock_code, store_code
from rouxing.city.world import World

MOST = 1_000_000


def checked(world: World, kind: Kind, body: Body) -> Body:
    """The body with indexes store, sku, cell or slots as pairs. Raises RefusedError with code INVALID_REQUEST."""
    request = _text(body, "request_number")
    day = _date(body, DATE_FIELD[kind])
    extra = _CHECKS[kind](world, body)
    return {"request_number": request, DATE_FIELD[kind]: day.isoformat()} | extra


def _quota(world: World, body: Body) -> Body:
    stock = _text(body, "stock_id")
    carrier = _text(body, "carrier_id")
    for cell, index in enumerate(world.cells.stock.tolist()):
        if stock_code(index) == stock and cell_carrier(world, cell) == carrier:
            return {"cell": cell, "quota_coupons": _count(body, "quota_coupons")}
    raise _invalid(f"coupon stock {stock} has no quota at {carrier}")


def _transfer(world: World, body: Body) -> Body:
    store = _index(body, "store_id", store_code, world.store_count)
    sku = _index(body, "sku_id", sku_code, world.sku_count)
    centre = CENTRE_CODES[world.stores.centre[store]]
    if _text(body, "dc_id") != centre:
        raise _invalid(f"{body['store_id']} is supplied by {centre}, not by {body['dc_id']}")
    if world.skus.is_cold[sku] and world.stores.cold_ml[store] == 0:
        raise _invalid(f"{body['store_id']} has no cold storage for {body['sku_id']}")
    return {"store": store, "sku": sku, "quantity_units": _count(body, "quantity_units", least=1)}


def _staff(world: World, body: Body) -> Body:
    return _slots(world, body, "staff")


def _slot_capacity(world: World, body: Body) -> Body:
    return _slots(world, body, "capacity_pickups")


def _slots(world: World, body: Body, what: str) -> Body:
    rows = body.get("slots")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _invalid(f"slots must be a list of objects with slot and {what}")
    pairs = [[_count(row, "slot", most=47), _count(row, what)] for row in rows]
    return {"store": _index(body, "store_id", store_code, world.store_count), "slots": pairs}


_CHECKS: dict[Kind, Callable[[World, Body], Body]] = {
    "quota": _quota,
    "transfer": _transfer,
    "staff": _staff,
    "slot_capacity": _slot_capacity,
}


def _text(body: Body, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise _invalid(f"{name} must be a text that is not empty")
    return value


def _count(body: Body, name: str, least: int = 0, most: int = MOST) -> int:
    value: Any = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _invalid(f"{name} must be a whole number from {least} to {most}, not {value!r}")
    return value


def _date(body: Body, name: str) -> date:
    try:
        return date.fromisoformat(_text(body, name))
    except ValueError as problem:
        raise _invalid(f"{name} must be a date such as 2026-06-18") from problem


def _index(body: Body, name: str, code: Callable[[int], str], count: int) -> int:
    value = _text(body, name)
    digits = value[1:]
    index = int(digits) - 1 if digits.isascii() and digits.isdigit() else -1
    if not 0 <= index < count or code(index) != value:
        raise _invalid(f"{name} {value!r} is unknown")
    return index


def _invalid(message: str) -> RefusedError:
    return RefusedError("INVALID_REQUEST", message)
