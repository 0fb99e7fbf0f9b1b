"""The client against a real server: what is repeated, what is refused, what is written down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rouxing.gateway.client import LONGEST_WAIT_SECONDS, Call, Refused, Throttled, VendorClient, _wait_seconds
from rouxing.model.errors import PermanentError, TransientError
from tests.ingest.vendor import UNTIMED, Vendor, cut, fault, hang_up, running, send_json, text_fault

STOCK = "/wechat/coupon-stocks"


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with running(Vendor()) as running_vendor:
        yield running_vendor


class Bench:
    """A client whose waits are written down instead of waited for."""

    def __init__(self, url: str) -> None:
        self.waits: list[float] = []
        self.calls: list[Call] = []
        self.client = VendorClient(url, sleep=self.waits.append, log=self.calls.append)

    def read(self) -> dict[str, Any]:
        window = {"begin_time": "2026-06-01T00:00:00+08:00", "end_time": "2026-06-02T00:00:00+08:00", "limit": 10}
        return self.client.read("GET", STOCK, window, carrier="query")


@pytest.fixture
def bench(vendor: Vendor) -> Iterator[Bench]:
    made = Bench(vendor.url)
    yield made
    made.client.close()


@pytest.mark.parametrize(
    "trouble",
    [
        fault(429, {"code": "FREQUENCY_LIMITED"}),
        fault(408, {}),
        fault(500, {}),
        fault(503, {}),
        text_fault("<html>busy</html>"),
        text_fault('{"data": ['),
        cut,
        hang_up,
    ],
)
def test_what_a_repeat_can_mend_is_repeated(vendor: Vendor, bench: Bench, trouble: Any) -> None:
    vendor.faults = [trouble, trouble]
    assert bench.read() == {"data": [], "next_offset": None, "total_count": 0}
    assert [(call.status, call.attempts) for call in bench.calls] == [(200, 3)]
    assert len(bench.waits) == 2


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409])
def test_what_a_repeat_cannot_mend_is_refused_at_once(vendor: Vendor, bench: Bench, status: int) -> None:
    vendor.faults = [fault(status, {"code": "INVALID_REQUEST", "message": "openid o-secret is unknown"})]
    with pytest.raises(Refused, match=f"HTTP {status} INVALID_REQUEST") as refused:
        bench.read()
    assert (refused.value.status, refused.value.code) == (status, "INVALID_REQUEST")
    assert "o-secret" not in str(refused.value)
    assert bench.waits == []
    assert len(vendor.requests) == 1


def test_gives_up_after_the_last_attempt_and_says_what_to_do(vendor: Vendor, bench: Bench) -> None:
    vendor.faults = [fault(503, {})] * 9
    with pytest.raises(Throttled, match="HTTP 503; try again later"):
        bench.read()
    assert len(vendor.requests) == 5
    assert len(bench.waits) == 4


def test_a_vendor_that_is_down_is_transient() -> None:
    with running(Vendor()) as gone:
        url = gone.url
    bench = Bench(url)
    with pytest.raises(TransientError, match="does not answer"):
        bench.read()
    assert bench.calls[0].status == 0


def test_retry_after_is_honoured_in_seconds_and_as_a_date_up_to_the_cap(vendor: Vendor, bench: Bench) -> None:
    tomorrow = format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)
    vendor.faults = [fault(429, {}, Retry_After="3"), fault(503, {}, Retry_After=tomorrow)]
    bench.read()
    assert bench.waits == [3.0, LONGEST_WAIT_SECONDS]


@UNTIMED
@given(attempt=st.integers(1, 40), asked=st.none() | st.floats(0, 1e9))
def test_no_wait_is_negative_or_over_the_cap(attempt: int, asked: float | None) -> None:
    wait = _wait_seconds(Throttled("slow", asked), attempt)
    assert 0 <= wait <= LONGEST_WAIT_SECONDS
    if asked is None:
        assert wait >= min(0.25, LONGEST_WAIT_SECONDS)


def test_json_that_is_no_object_breaks_the_contract(vendor: Vendor, bench: Bench) -> None:
    vendor.faults = [fault(200, [1, 2])]
    with pytest.raises(PermanentError, match="not an object"):
        bench.read()


@pytest.mark.parametrize("url", ["http://pos.example.com", "ftp://127.0.0.1", "pos.example.com", "https://u:p@host"])
def test_an_unsafe_address_is_refused_before_any_call(url: str) -> None:
    with pytest.raises(PermanentError):
        VendorClient(url)


@pytest.mark.parametrize(
    "url", ["https://pos.example.com", "http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1"]
)
def test_tls_and_loopback_are_allowed(url: str) -> None:
    VendorClient(url).close()


def test_a_proxy_of_the_environment_never_sees_loopback(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert Bench(vendor.url).read()["data"] == []


def test_a_command_is_repeated_with_the_same_body(vendor: Vendor, bench: Bench) -> None:
    vendor.faults = [fault(500, {}), lambda handler: send_json(handler, 200, {"accepted": True}) or True]
    body = {"request_number": "R1", "quota_coupons": 5}
    assert bench.client.post_command("/wechat/coupon-quotas", body) == {"accepted": True}
    assert [json.dumps(fields) for _, fields in vendor.requests] == [json.dumps(body)] * 2


def test_a_command_without_a_number_is_not_sent(vendor: Vendor, bench: Bench) -> None:
    with pytest.raises(PermanentError, match="request_number"):
        bench.client.post_command("/wechat/coupon-quotas", {"quota_coupons": 5})
    assert vendor.requests == []
