"""Paging over real HTTP: whatever the page size and whatever repeats, the same rows arrive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from rouxing.gateway.client import Refused, Throttled, VendorClient
from rouxing.ingest.sources import ENDPOINTS, Endpoint, fetch_window
from rouxing.model.errors import PermanentError, TransientError
from rouxing.model.feeds import FEEDS
from tests.ingest.vendor import NOON, UNTIMED, Vendor, fault, order_line, running

DAY = timedelta(days=1)
SOURCES = ("order_lines", "stock_levels", "milestones", "coupon_events", "bookings", "rosters")


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    with running(Vendor()) as running_vendor:
        yield running_vendor


@pytest.fixture(scope="module")
def client(vendor: Vendor) -> Iterator[VendorClient]:
    with VendorClient(vendor.url, sleep=lambda seconds: None) as made:
        yield made


def rows_of(feed: str, count: int, step: timedelta = timedelta(minutes=1)) -> list[dict[str, Any]]:
    endpoint = ENDPOINTS[feed]
    modified = endpoint.fields["known_at"]
    is_local = endpoint.habit.time_format == "local"
    moments = [NOON + number * step for number in range(count)]
    texts = [moment.strftime("%Y-%m-%d %H:%M:%S") if is_local else moment.isoformat() for moment in moments]
    return [{"number": number, modified: text} for number, text in enumerate(texts)]


def fetched(client: VendorClient, endpoint: Endpoint, start: datetime = NOON, end: datetime = NOON + DAY) -> list[int]:
    return [row["number"] for page in fetch_window(client, endpoint, start, end) for row in page]


@pytest.mark.parametrize("feed", SOURCES)
@given(count=st.integers(0, 25), page_size=st.integers(1, 12), repeats=st.booleans())
@hypothesis_settings(UNTIMED, max_examples=8)
def test_any_page_size_and_any_repeats_give_the_same_rows(
    vendor: Vendor, client: VendorClient, feed: str, count: int, page_size: int, repeats: bool
) -> None:
    endpoint = ENDPOINTS[feed]
    if not endpoint.habit.more_at and not endpoint.habit.next_at:
        # The end of the list is a short page: the vendor must keep to the size it is asked for.
        page_size = 1000
    vendor.rows, vendor.page_size, vendor.repeats_last_row = {feed: rows_of(feed, count)}, page_size, repeats
    assert sorted(set(fetched(client, endpoint))) == list(range(count))


def test_a_short_page_ends_the_list_even_when_rows_repeat(vendor: Vendor, client: VendorClient) -> None:
    vendor.rows, vendor.page_size, vendor.repeats_last_row = (
        {"stock_levels": rows_of("stock_levels", 2000, DAY / 3000)},
        1000,
        True,
    )
    assert sorted(set(fetched(client, ENDPOINTS["stock_levels"]))) == list(range(2000))


@pytest.mark.parametrize("feed", [feed.name for feed in FEEDS])
def test_windows_are_closed_on_both_ends_and_cut_to_what_the_vendor_allows(
    vendor: Vendor, client: VendorClient, feed: str
) -> None:
    vendor.rows, vendor.page_size, vendor.repeats_last_row = {feed: rows_of(feed, 101, DAY)}, 1000, False
    assert sorted(set(fetched(client, ENDPOINTS[feed], NOON, NOON + 100 * DAY))) == list(range(101))


def test_the_total_is_asked_for_on_the_first_page_only(vendor: Vendor, client: VendorClient) -> None:
    vendor.rows, vendor.repeats_last_row = {"stock_levels": rows_of("stock_levels", 1000)}, False
    vendor.requests.clear()
    fetched(client, ENDPOINTS["stock_levels"])
    assert [(fields["page_no"], fields["calc_total"]) for _, fields in vendor.requests] == [(0, True), (1, False)]


@pytest.mark.parametrize(
    ("feed", "status", "answer"),
    [
        ("order_lines", 200, {"error_response": {"code": "RATE_LIMIT", "message": "too fast"}}),
        ("stock_levels", 200, {"status": 100, "message": "超过频率限制"}),
        ("milestones", 200, {"code": 199, "msg": "请求过快"}),
        ("coupon_events", 429, {"code": "FREQUENCY_LIMITED"}),
        ("bookings", 503, {}),
    ],
)
def test_each_vendors_way_to_say_slow_down(
    vendor: Vendor, client: VendorClient, feed: str, status: int, answer: dict[str, Any]
) -> None:
    vendor.rows, vendor.repeats_last_row = {feed: rows_of(feed, 3)}, False
    vendor.faults = [fault(status, answer), fault(status, answer)]
    assert fetched(client, ENDPOINTS[feed]) == [0, 1, 2]
    vendor.faults = [fault(status, answer)] * 5
    with pytest.raises(Throttled):
        fetched(client, ENDPOINTS[feed])


@pytest.mark.parametrize(
    ("feed", "answer"),
    [
        ("order_lines", {"error_response": {"code": "INVALID_TOKEN"}}),
        ("stock_levels", {"status": 1, "message": "时间窗口过长"}),
        ("milestones", {"code": 10, "msg": "签名错误"}),
    ],
)
def test_other_codes_are_refusals(vendor: Vendor, client: VendorClient, feed: str, answer: dict[str, Any]) -> None:
    vendor.faults = [fault(200, answer)]
    with pytest.raises(Refused):
        fetched(client, ENDPOINTS[feed])


def test_an_answer_without_rows_is_a_changed_contract(vendor: Vendor, client: VendorClient) -> None:
    vendor.faults = [fault(200, {"response": {"list": []}})]
    with pytest.raises(PermanentError, match=r"response\.full_order_info_list"):
        fetched(client, ENDPOINTS["order_lines"])


def test_fewer_rows_than_counted_is_noticed(vendor: Vendor, client: VendorClient) -> None:
    rows = [order_line(1), order_line(2)]
    answer = {"response": {"total_results": 3, "has_next": False, "full_order_info_list": rows}}
    vendor.faults = [fault(200, answer)]
    with pytest.raises(TransientError, match="counted 3 rows and gave 2"):
        list(fetch_window(client, ENDPOINTS["order_lines"], NOON, NOON + DAY))


def test_a_cursor_that_stands_still_is_noticed(vendor: Vendor, client: VendorClient) -> None:
    vendor.faults = [fault(200, {"data": [], "next_offset": 0})]
    with pytest.raises(PermanentError, match="same page"):
        fetched(client, ENDPOINTS["coupon_events"])


def test_every_feed_has_its_endpoint_and_every_column_its_field() -> None:
    for feed in FEEDS:
        endpoint = ENDPOINTS[feed.name]
        assert set(endpoint.fields) == {*feed.column_names, "known_at"}
        assert {field.kind for field in endpoint.personal} == {column.personal for column in feed.personal_columns}
