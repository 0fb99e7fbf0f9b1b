"""Vendor values to typed columns: exact amounts, zones, and what cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rouxing.ingest.rows import LARGEST_INTEGER, typed_rows
from rouxing.model.feeds import FEEDS, feed_named
from tests.ingest.vendor import UNTIMED, order_line

ORDERS = feed_named("order_lines")
BOOKINGS = feed_named("bookings")
STORES = feed_named("stores")


def typed_order(**changes: Any) -> tuple[pd.Series[Any], list[str]]:
    typed = typed_rows(ORDERS, [order_line(1, **changes)])
    return typed.frame.iloc[0], typed.problems["column_name"].tolist()


def test_a_pos_line_by_hand() -> None:
    row, problems = typed_order(customer_key="k")
    assert problems == []
    assert row["order_id"] == "T00001"
    assert row["paid_fen"] == 1250
    assert row["customer_key"] == "k"
    # 12:00 in Shanghai is 04:00 UTC.
    assert row["placed_at"] == row["event_at"] == pd.Timestamp("2026-06-01 04:00", tz="UTC")
    assert row["known_at"] == row["collected_at"] == pd.Timestamp("2026-06-01 05:00", tz="UTC")


@pytest.mark.parametrize(
    ("text", "fen"),
    [("0.29", 29), ("1.1", 110), ("12", 1200), (12, 1200), (12.5, 1250), ("4.350", 435), ("-3.00", -300), ("0", 0)],
)
def test_yuan_to_fen_is_exact(text: Any, fen: int) -> None:
    row, problems = typed_order(payment=text)
    assert (row["paid_fen"], problems) == (fen, [])


@pytest.mark.parametrize("text", ["N/A", "12.345", "1e3", "１２.50", "12,50", True, [], {}, "NaN", "9" * 30])
def test_an_amount_that_is_none_is_remembered(text: Any) -> None:
    row, problems = typed_order(payment=text)
    assert pd.isna(row["paid_fen"])
    assert problems == ["paid_fen"]


@UNTIMED
@given(st.integers(-(10**12), 10**12))
def test_every_amount_survives_its_way_through_text(fen: int) -> None:
    row, _ = typed_order(payment=f"{Decimal(fen) / 100:.2f}")
    assert row["paid_fen"] == fen


@pytest.mark.parametrize("value", ["x", "1.5", 1.5, True, 2**63, -(2**64), "9" * 25, []])
def test_an_integer_that_is_none_is_remembered(value: Any) -> None:
    row, problems = typed_order(num=value)
    assert pd.isna(row["quantity_units"])
    assert problems == ["quantity_units"]


@UNTIMED
@given(st.integers(-LARGEST_INTEGER, LARGEST_INTEGER))
def test_every_integer_that_postgres_holds_is_kept_exactly(value: int) -> None:
    row, problems = typed_order(num=value)
    assert (row["quantity_units"], problems) == (value, [])


def booked(made_at: Any) -> tuple[Any, list[str]]:
    names = dict.fromkeys(BOOKINGS.column_names, "x")
    times = {"slot_starts_at": "2026-06-01T10:00+08:00", "modified": "2026-06-01T10:00:00+08:00"}
    typed = typed_rows(BOOKINGS, [names | times | {"made_at": made_at}])
    return typed.frame["made_at"].iloc[0], typed.problems["column_name"].tolist()


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-06-01T10:00:00+08:00", 2),
        ("2026-06-01T10:00+08:00", 2),
        ("2026-06-01T10:00:00.250+08:00", 2),
        ("2026-06-01T10:00:00Z", 10),
    ],
)
def test_rfc_3339_with_and_without_seconds(text: str, hour: int) -> None:
    moment, problems = booked(text)
    assert problems == []
    assert (moment.hour, moment.tzname()) == (hour, "UTC")


@pytest.mark.parametrize("text", ["2026-06-01T10:00:00", "2026-13-01T10:00:00+08:00", "soon", 1780000000, "2026-06-01"])
def test_a_time_without_zone_or_sense_is_remembered(text: Any) -> None:
    moment, problems = booked(text)
    assert moment is pd.NaT
    assert problems == ["made_at"]


@UNTIMED
@given(st.timedeltas(timedelta(), timedelta(days=36_500)).map(lambda since: datetime(2000, 1, 1, tzinfo=UTC) + since))
def test_every_moment_survives_its_way_through_text(moment: datetime) -> None:
    assert booked(moment.isoformat()) == (moment, [])


def test_null_and_empty_are_missing_but_no_problem() -> None:
    typed = typed_rows(ORDERS, [order_line(1, coupon_code=""), order_line(2, shop_id=None)])
    assert typed.problems.empty
    assert typed.frame["coupon_code"].isna().all()
    assert pd.isna(typed.frame.loc[2, "store_id"])


def test_columns_that_no_row_has_are_missing() -> None:
    rows = [order_line(1), order_line(2)]
    for row in rows:
        del row["num"], row["picked_up_at"]
    assert typed_rows(ORDERS, rows).missing == ("quantity_units", "customer_key", "phone_key", "collected_at")


def test_event_time_of_a_date_is_midnight_in_shanghai() -> None:
    row = {column.name: 1 for column in STORES.columns} | {"valid_from": "2026-06-01", "modified": "2026-05-30T00:00Z"}
    typed = typed_rows(STORES, [row | {"valid_to": "2026-02-30"}])
    assert typed.frame["event_at"].iloc[0] == pd.Timestamp("2026-05-31 16:00", tz="UTC")
    assert typed.frame["valid_from"].iloc[0] == pd.Timestamp("2026-06-01")
    assert typed.problems["column_name"].tolist() == ["valid_to"]


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
def test_an_empty_batch_of_every_feed_has_the_contracts_columns(feed: Any) -> None:
    typed = typed_rows(feed, [])
    assert set(typed.frame.columns) == {*feed.column_names, "event_at", "known_at"}
    assert typed.missing == ()


values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text("09-:TZ.+ 门\0", max_size=30)
    | st.lists(st.integers(), max_size=2)
)


@UNTIMED
@given(st.lists(st.dictionaries(st.sampled_from(list(order_line(1))), values), min_size=1, max_size=5))
def test_no_row_whatsoever_makes_the_reading_fail(rows: list[dict[str, Any]]) -> None:
    assert len(typed_rows(ORDERS, rows).frame) == len(rows)
