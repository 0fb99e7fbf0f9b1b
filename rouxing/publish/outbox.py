"""Calls of a plan: listed, written down, sent in order, each with its own request number."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from psycopg.types.json import Jsonb

from rouxing.gateway.client import Refused, VendorClient
from rouxing.warehouse.database import Database
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.queries import named_query

# WeChat takes 20 management calls of a coupon product a second (WECHAT.md section 1.2).
COUPON_CALLS_PER_SECOND = 20


@dataclass(frozen=True, slots=True)
class Delivery:
    """How many calls of a plan were taken and how many refused."""

    sent: int
    refused: int


def planned_calls(database: Database, plan_id: str) -> pd.DataFrame:
    """Calls a plan asks for: request_number, plan_id, sequence, channel, path, body. Nothing is written or sent."""
    with database.connect() as connection:
        return read_frame(connection, "publish/calls", plan_id=plan_id)


def fill_outbox(database: Database, plan_id: str) -> int:
    """Writes the plan's calls into the outbox, each once however often this runs; returns how many the plan has."""
    calls = planned_calls(database, plan_id)
    rows: list[dict[str, Any]] = calls.assign(body=calls["body"].map(Jsonb)).to_dict("records")  # type: ignore[assignment]
    with database.connect() as connection:
        connection.cursor().executemany(named_query("publish/fill_outbox").encode(), rows)
    return len(rows)


def send_pending(
    database: Database,
    client: VendorClient,
    plan_id: str,
    progress: Callable[[int, int], None] = lambda done, total: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Delivery:
    """Sends what is not answered yet, in order, and records each answer at once.

    A run that dies goes on where it stopped: the call in flight is repeated under the same request number. A refusal
    is recorded and the rest goes on; TransientError after the client's retries leaves the rest pending.
    """
    with database.connect() as connection:
        calls = read_frame(connection, "publish/pending_calls", plan_id=plan_id).to_dict("records")
    refused = 0
    next_coupon_call = 0.0
    for done, call in enumerate(calls):
        progress(done, len(calls))
        if call["channel"] == "coupon_quota":
            sleep(max(next_coupon_call - time.monotonic(), 0.0))
            next_coupon_call = time.monotonic() + 1 / COUPON_CALLS_PER_SECOND
        status, answer = _send(client, call)
        refused += status == "refused"
        with database.connect() as connection:
            connection.execute(
                named_query("publish/record_answer").encode(),
                {"request_number": call["request_number"], "status": status, "answer": Jsonb(answer)},
            )
    progress(len(calls), len(calls))
    return Delivery(len(calls) - refused, refused)


def _send(client: VendorClient, call: dict[Any, Any]) -> tuple[str, dict[str, Any]]:
    try:
        return "sent", client.post_command(call["path"], call["body"])
    except Refused as error:
        return "refused", {"code": error.code, "message": str(error)}
