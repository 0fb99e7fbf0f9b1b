"""What the warehouse tells of claims and bookings: the customer's class as it was known when the claim arrived."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Database
from rouxing.warehouse.frames import read_frame

ORIGIN = date(2026, 6, 17)
KNOWN_BY = datetime(2026, 6, 17, 21, 20, tzinfo=UTC)
NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)  # in Shanghai


@pytest.fixture(scope="module")
def told(database: Database) -> Database:
    """Two customers and their coupons; one redemption is told only on the tenth."""
    rows = [
        # customer, coupon, event, day it happened, day it was known
        ("k1", "c1", "claim", 0, 0),
        ("k1", "c2", "claim", 1, 1),
        ("k1", "c1", "redeem", 2, 2),
        ("k1", "c3", "claim", 3, 3),
        ("k2", "c4", "claim", 0, 0),
        ("k2", "c4", "redeem", 1, 10),
        ("k2", "c5", "claim", 3, 3),
        ("k2", "c6", "claim", 11, 11),
    ]
    events = pd.DataFrame(rows, columns=["customer_key", "coupon_code", "event_type", "happened", "known"])
    events["occurred_at"] = [NOON + timedelta(days=day) for day in events.pop("happened")]
    events["known_at"] = [NOON + timedelta(days=day) for day in events.pop("known")]
    events = events.assign(
        event_id=[f"e{rank}" for rank in range(len(events))],
        event_at=events["occurred_at"],
        stock_id="B1",
        store_id="S1",
        expires_at=KNOWN_BY,
    )
    stock = {
        "stock_id": "B1", "stock_name": "满减", "campaign_id": "C1", "kind": "NORMAL", "carrier": "store",
        "face_value_fen": 500, "valid_days": 30, "issued_total": 6, "status": "SENDING",
        "created_at": NOON, "event_at": NOON, "known_at": NOON,
    }  # fmt: skip
    slot = {"store_id": "S1", "customer_key": "k1", "slot_starts_at": NOON + timedelta(days=20), "status": "booked"}
    slots = pd.DataFrame([slot, slot, slot]).assign(
        booking_id=["b1", "b2", "b3"], order_id=["o1", "o2", "o3"], coupon_code=pd.Series(["c2", None, "c3"]),
        made_at=NOON, event_at=NOON, known_at=NOON,
    )  # fmt: skip
    with database.connect() as connection:
        batch = "insert into ops.batches (feed, window_start, window_end, rows_read) values ('x', now(), now(), 0)"
        row = connection.execute(f"{batch} returning batch_id".encode()).fetchone()
        assert row is not None
        tables = {"coupon_events": events, "coupon_stocks": pd.DataFrame([stock]), "bookings": slots}
        for table, frame in tables.items():
            copy_frame(connection, f"core.{table}", frame.assign(batch_id=row[0]))
    return database


def read(database: Database, name: str) -> pd.DataFrame:
    with database.connect() as connection:
        return read_frame(connection, f"forecast/{name}", origin=ORIGIN, known_by=KNOWN_BY)


def test_a_customer_is_what_was_known_when_the_claim_arrived(told: Database) -> None:
    claims = read(told, "claims")
    assert claims["kind"].unique().tolist() == ["NORMAL"]
    # c1 and c4 are first; c2 and c5 came before any redemption was told; c3 and c6 after.
    by_class = claims.groupby("customer_class")["coupons"].sum().to_dict()
    assert by_class == {"new": 2, "claimed": 2, "redeemed": 2}
    late = claims[claims["claim_date"] == pd.Timestamp("2026-06-04")]
    assert sorted(late["customer_class"]) == ["claimed", "redeemed"]


def test_bookings_with_a_coupon_are_counted(told: Database) -> None:
    booked = read(told, "bookings")
    assert booked[["quantity", "coupon_booked"]].to_numpy().tolist() == [[3, 2]]
