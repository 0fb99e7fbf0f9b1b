"""The vendors' habits over real HTTP on loopback."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests

from rouxing.city.city import City
from rouxing.city.endpoints import LIMIT_EVERY, MASTER_FEEDS, Vendors
from rouxing.city.server import CityServer
from rouxing.model.errors import PermanentError
from tests.city.small import SMALL, at, dump
from tests.city.test_city import quota

D = SMALL.business_date
YESTERDAY = D - timedelta(days=1)
START = at(SMALL.first_day, "00:00")
END = at(YESTERDAY, "05:30")
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def shared() -> Iterator[CityServer]:
    with CityServer(City(SMALL)) as running:
        yield running


def ask(server: CityServer, method: str, path: str, **what: Any) -> tuple[int, Any]:
    answer = requests.request(method, server.url + path, timeout=20, **what)
    return answer.status_code, answer.json()


def patiently(server: CityServer, method: str, path: str, **what: Any) -> Any:
    """The answer, once the vendor no longer says that we are too fast."""
    for _ in range(3):
        status, body = ask(server, method, path, **what)
        limited = "error_response" in body or body.get("status") == 100 or body.get("code") == 199
        if status == 200 and not limited:
            return body
    raise AssertionError(f"{path} answers {status}: {body}")


def local(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def pos(server: CityServer, size: int) -> Iterator[Rows]:
    number, more = 0, True
    while more:
        number += 1
        window = {"start_update": local(START), "end_update": local(END), "page_no": number, "page_size": size}
        told = patiently(server, "GET", "/pos/trades.sold.get", params=window)["response"]
        more = told["has_next"]
        yield told["full_order_info_list"]


def wms(path: str) -> Callable[[CityServer, int], Iterator[Rows]]:
    def pages(server: CityServer, size: int) -> Iterator[Rows]:
        number = 0
        while True:
            body = {"start_time": local(START), "end_time": local(END), "page_no": number, "page_size": size}
            told = patiently(server, "POST", path, json=body | {"calc_total": True})["data"]
            assert ("total_count" in told) == (number == 0)
            yield told["detail_list"]
            if len(told["detail_list"]) < size:
                return
            number += 1

    return pages


def logistics(server: CityServer, size: int) -> Iterator[Rows]:
    number, more = 0, True
    while more:
        number += 1
        form = {"modified_begin": local(START), "modified_end": local(END), "page_index": number, "page_size": size}
        told = patiently(server, "POST", "/logistics/milestones.query", data=form)["data"]
        more = told["has_next"]
        yield told["rows"]


def wechat(path: str) -> Callable[[CityServer, int], Iterator[Rows]]:
    def pages(server: CityServer, size: int) -> Iterator[Rows]:
        offset: int | None = 0
        while offset is not None:
            window = {"begin_time": START.isoformat(), "end_time": END.isoformat(), "offset": offset, "limit": size}
            told = patiently(server, "GET", path, params=window)
            assert ("total_count" in told) == (offset == 0)
            offset = told["next_offset"]
            yield told["data"]

    return pages


def booking(path: str) -> Callable[[CityServer, int], Iterator[Rows]]:
    def pages(server: CityServer, size: int) -> Iterator[Rows]:
        cursor, more = None, True
        while more:
            window = {"updated_from": START.isoformat(), "updated_to": END.isoformat(), "limit": size}
            told = patiently(server, "GET", path, params=window | ({"cursor": cursor} if cursor else {}))
            cursor, more = told["next_cursor"], told["has_more"]
            yield told["rows"]

    return pages


def master(path: str) -> Callable[[CityServer, int], Iterator[Rows]]:
    def pages(server: CityServer, size: int) -> Iterator[Rows]:
        number, more = 0, True
        while more:
            number += 1
            window = {"updated_from": START.isoformat(), "updated_to": END.isoformat()}
            told = patiently(server, "GET", path, params=window | {"page": number, "page_size": size})
            more = told["has_next"]
            yield told["rows"]

    return pages


READERS = {
    "order_lines": pos,
    "stock_levels": wms("/wms/stock.query"),
    "transfers": wms("/wms/transfer.query"),
    "milestones": logistics,
    "coupon_stocks": wechat("/wechat/coupon-stocks"),
    "coupon_quotas": wechat("/wechat/coupon-quotas"),
    "coupon_events": wechat("/wechat/coupon-events"),
    "bookings": booking("/booking/bookings"),
    "arrivals": booking("/booking/arrivals"),
} | {feed: master(f"/master/{feed}") for feed in MASTER_FEEDS}


@pytest.mark.parametrize("feed", READERS)
def test_all_pages_together_are_all_rows(shared: CityServer, feed: str) -> None:
    city = City(SMALL)
    selection = city.select(feed, 0, 2**31 - 1)
    expected = [str(row) for row in city.rows(feed, selection, 0, len(selection.numbers))]
    size = 150 if len(expected) > 200 else 7
    told = [str(row) for page in READERS[feed](shared, size) for row in page]
    assert list(dict.fromkeys(told)) == expected  # a repeated row comes right after the first


def test_some_pages_begin_with_the_last_row_of_the_page_before(city: City) -> None:
    vendors = Vendors(city)
    repeated = []
    for feed in ("coupon_events", "order_lines", "arrivals", "bookings"):
        pages = [vendors.page(feed, 0, 2**31 - 1, number, 5) for number in range(300)]
        repeated += [later for earlier, later in pairwise(pages) if later.rows and later.rows[0] == earlier.rows[-1]]
    assert 0 < len(repeated) < 4 * 300 * 0.02
    assert all(len(page.rows) == 6 for page in repeated if page.has_next)


def test_amounts_and_times_of_the_till(shared: CityServer) -> None:
    row = next(pos(shared, 50))[0]
    assert re.fullmatch(r"\d+\.\d\d", row["payment"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row["created"])


def test_the_till_gives_at_most_two_hundred_rows_a_page(shared: CityServer) -> None:
    assert len(next(pos(shared, 5000))) == 200


def test_wechat_leaves_out_the_seconds_of_a_full_minute(shared: CityServer) -> None:
    rows = [row for page in READERS["coupon_quotas"](shared, 1000) for row in page]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?\+08:00", row["set_at"]) for row in rows)
    assert any(len(row["set_at"]) == len("2026-06-18T05:30+08:00") for row in rows)


def test_windows_are_closed_on_both_ends(shared: CityServer) -> None:
    moment = next(READERS["bookings"](shared, 5))[3]["modified"]
    window = {"updated_from": moment, "updated_to": moment}
    rows = patiently(shared, "GET", "/booking/bookings", params=window)["rows"]
    assert rows
    assert all(row["modified"] == moment for row in rows)


@pytest.mark.parametrize("path", ["/wms/stock.query", "/wms/transfer.query"])
def test_the_wms_refuses_windows_of_more_than_a_month(shared: CityServer, path: str) -> None:
    body = {"start_time": local(END - timedelta(days=32)), "end_time": local(END), "page_no": 0, "page_size": 10}
    status, told = ask(shared, "POST", path, json=body)
    assert (status, told["status"]) == (200, 1)


def test_logistics_refuses_windows_of_more_than_a_month(shared: CityServer) -> None:
    form = {"modified_begin": local(END - timedelta(days=32)), "modified_end": local(END)}
    assert ask(shared, "POST", "/logistics/milestones.query", data=form)[1]["code"] == 100


LIMITS = {
    ("GET", "/pos/trades.sold.get"): (200, {"error_response": "RATE_LIMIT"}),
    ("POST", "/wms/stock.query"): (200, {"status": 100}),
    ("POST", "/logistics/milestones.query"): (200, {"code": 199}),
    ("GET", "/wechat/coupon-stocks"): (429, {"code": "FREQUENCY_LIMITED"}),
    ("GET", "/booking/bookings"): (503, {}),
}


@pytest.mark.parametrize(("endpoint", "limited"), LIMITS.items())
def test_now_and_then_a_request_is_too_fast_and_a_repeat_is_not(
    city: City, endpoint: tuple[str, str], limited: tuple[int, dict[str, Any]]
) -> None:
    vendors = Vendors(city)
    answers = [vendors.answer(*endpoint, {}) for _ in range(LIMIT_EVERY + 1)]
    turned_away, repeat = answers[-2:]
    assert turned_away.status == limited[0]
    for name, value in limited[1].items():
        told = turned_away.body[name]
        assert (told["code"] if isinstance(told, dict) else told) == value
    assert repeat == answers[0]


def test_commands_over_http(server: CityServer) -> None:
    path = "/wechat/coupon-quotas"
    assert ask(server, "POST", path, json=quota("q1", 5)) == (200, {"request_number": "q1", "code": "OK"})
    assert ask(server, "POST", path, json=quota("q1", 5))[0] == 200
    status, told = ask(server, "POST", path, json=quota("q1", 6))
    assert (status, told["code"]) == (400, "ALREADY_EXISTS")
    status, told = ask(server, "POST", path, json=quota("q2", -6))
    assert (status, told["code"]) == (400, "INVALID_REQUEST")
    assert ask(server, "POST", path, data="[", headers={"Content-Type": "application/json"})[0] == 400


def test_the_clock_moves_forward_only(server: CityServer) -> None:
    told = ask(server, "GET", "/city/clock")[1]
    assert told["now"] == END.isoformat()
    assert told["parameters"]["business_date"] == D.isoformat()
    moved = ask(server, "POST", "/city/clock", json={"now": at(D, "05:30").isoformat()})
    assert (moved[0], moved[1]["business_date"]) == (200, D.isoformat())
    assert ask(server, "POST", "/city/clock", json={"now": END.isoformat()})[0] == 400
    assert ask(server, "POST", "/city/clock", json={"now": "tomorrow"})[0] == 400


def test_nothing_is_told_before_the_vendor_knows_it(server: CityServer) -> None:
    rows = [row for page in READERS["arrivals"](server, 1000) for row in page]
    assert max(row["modified"] for row in rows) <= END.isoformat()


def test_what_nobody_offers_is_not_found(shared: CityServer) -> None:
    assert ask(shared, "GET", "/master/secrets")[0] == 404


def test_a_taken_port_is_named(shared: CityServer, city: City) -> None:
    port = int(shared.url.rpartition(":")[2])
    with pytest.raises(PermanentError, match=f"cannot listen on 127.0.0.1:{port}"):
        CityServer(city, port)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_says_when_it_is_ready_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "rouxing.city", "--stores", "3", "--days", "4", "--port", "0", "--progress"]
    process = subprocess.Popen(
        [*command, "--state", str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    lines = [process.stdout.readline().strip() for _ in range(5)]
    assert lines[:4] == [f"progress {day} 4" for day in range(1, 5)]
    url = lines[4].removeprefix("city ready on ")
    assert requests.get(f"{url}/city/clock", timeout=20).json()["parameters"]["stores"] == 3
    os.kill(process.pid, number)
    assert process.wait(timeout=20) == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""


def test_the_wall_clock_city_never_goes_back(tmp_path: Path) -> None:
    first = City(SMALL, tmp_path, wall=True)
    dump(first)
    told = first.now
    assert told >= SMALL.start_second
    assert City(SMALL, tmp_path, wall=True).now >= told
