"""Calls of a plan against a real server on loopback: listed, sent once, in order, resumed where they stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pandas as pd
import pytest

from rouxing.gateway.client import VendorClient
from rouxing.model.errors import TransientError
from rouxing.publish.outbox import Delivery, fill_outbox, planned_calls, send_pending
from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Database
from tests.plan.world import AS_OF, DAY, IDS, write_plan, write_world

PLAN = "plan-1"
HEADER = {
    "plan_id": PLAN, "business_date": DAY, "as_of": AS_OF, "mode": "live", "rung": "full", **IDS, "inputs_hash": "x",
    "parameters": "{}", "code_version": "x", "verdict": "pass", "checks_passed": 1, "checks_total": 1,
    "is_published": True,
}  # fmt: skip


class Vendor(ThreadingHTTPServer):
    """Takes commands and remembers them; refuses one path and hangs up from a given call on when told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.refused_path = ""
        self.hangs_up_after = 10**6

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def numbers(self) -> list[str]:
        return [body["request_number"] for _, body in self.taken]


class Handler(BaseHTTPRequestHandler):
    server: Vendor

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if len(self.server.taken) >= self.server.hangs_up_after:
            self.close_connection = True
            return
        self.server.taken.append((self.path, body))
        refused = self.path == self.server.refused_path
        answer = json.dumps({"code": "INVALID_REQUEST" if refused else "OK"}).encode()
        self.send_response(400 if refused else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with Vendor() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def planned(database: Database) -> Database:
    """The plan of the small world, written for good."""
    with database.connect() as connection:
        write_world(connection)
        write_plan(connection)
        copy_frame(connection, "plan.headers", pd.DataFrame([HEADER]))
    return database


@pytest.fixture
def outbox(planned: Database) -> Database:
    """The plan's calls written down, none of them sent."""
    with planned.connect() as connection:
        connection.execute("delete from ops.outbox")
    assert fill_outbox(planned, PLAN) == len(EXPECTED)
    return planned


def send(database: Database, vendor: Vendor) -> Delivery:
    with VendorClient(vendor.url, attempts=2, sleep=lambda seconds: None) as client:
        return send_pending(database, client, PLAN, sleep=lambda seconds: None)


def statuses(database: Database) -> list[str]:
    with database.connect() as connection:
        return [row[0] for row in connection.execute("select status from ops.outbox order by sequence").fetchall()]


DAY_TEXT = "2026-06-18"
EXPECTED = [
    ("stock_transfer", "S1-K1"),
    ("stock_transfer", "S1-K2"),
    ("staff", f"S1-{DAY_TEXT}"),
    ("staff", f"S2-{DAY_TEXT}"),
    ("slot_capacity", f"S1-{DAY_TEXT}"),
    ("slot_capacity", f"S2-{DAY_TEXT}"),
    ("coupon_quota", f"B1-S1-{DAY_TEXT}"),
]


def test_calls_of_a_small_plan_worked_by_hand(planned: Database) -> None:
    calls = planned_calls(planned, PLAN)
    # Goods and people belong to the allocation, promises to customers to the plan.
    owners = {"coupon_quota": PLAN}
    expected = [f"{owners.get(channel, 'allocation-1')}-{channel}-{target}" for channel, target in EXPECTED]
    assert list(calls["request_number"]) == expected
    assert list(calls["sequence"]) == list(range(1, len(EXPECTED) + 1))
    # The quota of S2 stays as it is, so nothing is asked for it.
    assert calls["body"].iloc[0] == {
        "dc_id": "DC1", "store_id": "S1", "sku_id": "K1", "quantity_units": 12, "dispatch_date": DAY_TEXT,
        "request_number": "allocation-1-stock_transfer-S1-K1",
    }  # fmt: skip
    assert calls["body"].iloc[2]["slots"] == [{"slot": 18, "staff": 1}, {"slot": 19, "staff": 1}]
    assert calls["body"].iloc[4]["slots"][0] == {"slot": 18, "capacity_pickups": 20}
    assert calls["body"].iloc[6] == {
        "stock_id": "B1", "carrier_id": "S1", "business_date": DAY_TEXT, "quota_coupons": 26,
        "request_number": f"plan-1-coupon_quota-B1-S1-{DAY_TEXT}",
    }  # fmt: skip
    assert list(calls["path"].unique()) == [
        "/wms/transfers",
        "/workforce/staff",
        "/booking/slot-capacities",
        "/wechat/coupon-quotas",
    ]


def test_listing_calls_writes_nothing(planned: Database) -> None:
    with planned.connect() as connection:
        connection.execute("delete from ops.outbox")
    planned_calls(planned, PLAN)
    assert statuses(planned) == []


def test_all_calls_arrive_in_their_order_once(outbox: Database, vendor: Vendor) -> None:
    assert send(outbox, vendor) == Delivery(sent=7, refused=0)
    assert vendor.numbers == list(planned_calls(outbox, PLAN)["request_number"])
    assert statuses(outbox) == ["sent"] * 7
    fill_outbox(outbox, PLAN)
    assert send(outbox, vendor) == Delivery(sent=0, refused=0)
    assert len(vendor.taken) == 7


def test_a_refusal_is_recorded_and_the_rest_goes_on(outbox: Database, vendor: Vendor) -> None:
    vendor.refused_path = "/workforce/staff"
    assert send(outbox, vendor) == Delivery(sent=5, refused=2)
    assert statuses(outbox) == ["sent", "sent", "refused", "refused", "sent", "sent", "sent"]
    with outbox.connect() as connection:
        answers = connection.execute("select answer ->> 'code' from ops.outbox where status = 'refused'").fetchall()
    assert answers == [("INVALID_REQUEST",)] * 2
    assert send(outbox, vendor) == Delivery(sent=0, refused=0)


def test_a_lost_connection_leaves_the_rest_pending_and_the_next_send_goes_on(outbox: Database, vendor: Vendor) -> None:
    vendor.hangs_up_after = 3
    with pytest.raises(TransientError):
        send(outbox, vendor)
    assert statuses(outbox) == ["sent"] * 3 + ["pending"] * 4
    vendor.hangs_up_after = 10**6
    assert send(outbox, vendor) == Delivery(sent=4, refused=0)
    assert vendor.numbers == list(planned_calls(outbox, PLAN)["request_number"])
    assert statuses(outbox) == ["sent"] * 7


def test_coupon_calls_keep_to_the_rate_of_the_vendor(outbox: Database, vendor: Vendor) -> None:
    waits: list[float] = []
    with VendorClient(vendor.url) as client:
        send_pending(outbox, client, PLAN, sleep=waits.append)
    assert waits == [0.0], "one call is asked to wait for the one before it, and there is none"


def test_a_later_plan_on_the_same_allocation_orders_no_goods_twice(outbox: Database, vendor: Vendor) -> None:
    send(outbox, vendor)
    later = {**HEADER, "plan_id": "plan-2"}
    with outbox.connect() as connection:
        copy_frame(connection, "plan.headers", pd.DataFrame([later]))
    assert list(planned_calls(outbox, "plan-2")["channel"]) == ["coupon_quota"]
    with outbox.connect() as connection:
        connection.execute("delete from plan.headers where plan_id = 'plan-2'")


def test_calls_that_still_wait_pass_to_the_later_plan(outbox: Database) -> None:
    later = {**HEADER, "plan_id": "plan-2"}
    with outbox.connect() as connection:
        copy_frame(connection, "plan.headers", pd.DataFrame([later]))
    fill_outbox(outbox, "plan-2")
    with outbox.connect() as connection:
        waiting = connection.execute("select plan_id, count(*) from ops.outbox group by 1 order by 1").fetchall()
        connection.execute("delete from plan.headers where plan_id = 'plan-2'")
    assert waiting == [("plan-1", 1), ("plan-2", len(EXPECTED))]
