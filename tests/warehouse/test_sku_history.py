"""What was asked for and what became of orders, as the queries tell it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from rouxing.model.dates import day_start
from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Database
from rouxing.warehouse.frames import read_frame

ORIGIN = date(2026, 6, 17)
KNOWN_BY = datetime(2026, 6, 17, 21, 20, tzinfo=UTC)
MORNING = day_start(ORIGIN) + timedelta(hours=10)
OUT = {"status": "cancelled", "cancel_reason": "stock_out"}


def order(order_id: str, sku: str, units: int, hours: int, **more: object) -> dict[str, object]:
    """A pickup order, collected if nothing else is said."""
    moment = MORNING + timedelta(hours=hours)
    line: dict[str, object] = {
        "order_id": order_id, "line_number": 1, "store_id": "S1", "sku_id": sku, "channel": "pickup",
        "status": "collected", "quantity_units": units, "paid_fen": 1, "placed_at": moment, "event_at": moment,
        "known_at": KNOWN_BY,
    }  # fmt: skip
    line |= more
    return line | ({"collected_at": moment} if line["status"] == "collected" else {})


LINES = [
    order("a", "MILK", 2, 0),
    order("b", "MILK", 3, 1, **OUT),
    order("b", "MILK", 3, 1, **OUT | {"known_at": KNOWN_BY - timedelta(hours=1)}),
    order("c", "EGGS", 1, 2, coupon_code="gift"),
    order("d", "MILK", 4, 3, channel="walk_in"),
    order("e", "EGGS", 1, 4, **OUT),
    order("e", "RICE", 1, 4, **OUT | {"line_number": 2}),
    order("f", "MILK", 9, 0, status="no_show"),
    order("g", "MILK", 9, 0, status="cancelled", cancel_reason="customer"),
    order("h", "MILK", 9, 0, status="placed"),
    order("i", "MILK", 9, 5, known_at=KNOWN_BY + timedelta(seconds=1)),
]
CLAIM = {
    "event_id": "1", "event_type": "claim", "coupon_code": "gift", "stock_id": "GIFT", "store_id": "S1",
    "customer_key": "k", "expires_at": KNOWN_BY, "occurred_at": MORNING,
}  # fmt: skip
STOCK = {
    "stock_id": "GIFT", "stock_name": "兑换", "campaign_id": "C1", "kind": "EXCHANGE", "carrier": "store",
    "exchange_sku_id": "EGGS", "face_value_fen": 1, "valid_days": 7, "issued_total": 1, "status": "SENDING",
    "created_at": MORNING,
}  # fmt: skip


@pytest.fixture(scope="module")
def told(database: Database) -> dict[str, pd.DataFrame]:
    with database.connect() as connection:
        batch = "insert into ops.batches (feed, window_start, window_end, rows_read) values ('x', now(), now(), 0)"
        row = connection.execute(f"{batch} returning batch_id".encode()).fetchone()
        assert row is not None
        known = {"event_at": MORNING, "known_at": KNOWN_BY, "batch_id": row[0]}
        copy_frame(connection, "core.order_lines", pd.DataFrame(LINES).assign(batch_id=row[0]))
        copy_frame(connection, "core.coupon_events", pd.DataFrame([CLAIM | known]))
        copy_frame(connection, "core.coupon_stocks", pd.DataFrame([STOCK | known]))
        names = ("sku_history", "order_outcomes")
        return {name: read_frame(connection, f"forecast/{name}", origin=ORIGIN, known_by=KNOWN_BY) for name in names}


def test_refused_units_count_once_and_exchanges_stand_apart(told: dict[str, pd.DataFrame]) -> None:
    sold = told["sku_history"]
    assert sold[["sku_id", "channel", "units"]].to_numpy().tolist() == [
        ["EGGS", "exchange", 1],
        ["EGGS", "pickup", 1],
        ["MILK", "pickup", 5],
        ["MILK", "walk_in", 4],
        ["RICE", "pickup", 1],
    ]


def test_the_part_of_the_day_after_the_first_refusal_is_told(told: dict[str, pd.DataFrame]) -> None:
    out = told["sku_history"].set_index(["sku_id", "channel"])["out_share"]
    # Milk ran out with the second of six lines; of the order with two lines nobody knows which one was out.
    assert out["MILK", "walk_in"] == pytest.approx(1 - 1 / 5)
    assert out["RICE", "pickup"] == out["EGGS", "exchange"] == 0


def test_orders_that_took_stock_and_are_closed(told: dict[str, pd.DataFrame]) -> None:
    # a and c were fetched, f was not, g was withdrawn; b and e never took stock, h is still open, i not yet known.
    closed = told["order_outcomes"]
    assert closed[["orders", "collected"]].to_numpy().tolist() == [[4, 2]]
