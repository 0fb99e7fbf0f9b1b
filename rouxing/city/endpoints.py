"""The vendors' habits: windows, pages, totals, limits and errors, each vendor in its own way (WECHAT.md section 9)."""

from __future__ import annotations

import json
import zlib
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from rouxing.city.city import City, Row
from rouxing.city.clock import to_moment, to_second
from rouxing.city.commands import Kind, RefusedError
from rouxing.city.streams import DAY_SECONDS
from rouxing.city.tables import Selection
from rouxing.model.dates import SHANGHAI

Arguments = Mapping[str, Any]
LIMIT_EVERY = 97  # every so many requests of an endpoint one is turned away; a repeat succeeds
REPEAT_EVERY = 200  # one page in so many begins with the last row of the page before
WINDOW_DAYS = 31
POS_PAGE, PAGE = 200, 1000
MEMORY = 8  # selections kept, so that the pages of one query agree with each other


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer with a JSON body."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a selection: ``number`` from 0, ``total`` rows in all; ``rows`` may begin with a repeated row."""

    number: int
    total: int
    rows: list[Row]
    has_next: bool


class BadRequestError(ValueError):
    """The request is not one the vendor understands."""


class Vendors:
    """Answers requests the way the vendors would, out of one city."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._requests: Counter[str] = Counter()
        self._selections: OrderedDict[tuple[str, int, int], Selection] = OrderedDict()

    def answer(self, method: str, path: str, arguments: Arguments) -> Answer:
        """Answer of the endpoint ``method path``; 404 if there is none."""
        endpoint = ENDPOINTS.get((method, path))
        if endpoint is None:
            return Answer(404, {"code": "NOT_FOUND", "message": f"no endpoint {method} {path}"})
        vendor, handler = endpoint
        with self._city.lock:
            if vendor is not CITY and self._is_too_fast(path):
                return vendor.too_fast
            try:
                return handler(self, arguments)
            except RefusedError as no:
                return Answer(400, {"code": no.code, "message": str(no)})
            except (BadRequestError, ValueError) as problem:
                return vendor.error(str(problem))

    def page(self, feed: str, start: int, end: int, number: int, size: int) -> Page:
        """Page ``number`` (from 0) of the feed's rows modified in [start, end]."""
        selection = self._selection(feed, start, end, fresh=number == 0)
        first, total = number * size, len(selection.numbers)
        again = number > 0 and zlib.crc32(f"{feed} {number}".encode()) % REPEAT_EVERY == 0
        rows = self._city.rows(feed, selection, first - 1 if again and first < total else first, first + size)
        return Page(number, total, rows, first + size < total)

    def command(self, kind: Kind, arguments: Arguments) -> Answer:
        """Accept a command; the same again gets the same answer."""
        body = dict(arguments)
        self._city.accept(kind, body)
        return Answer(200, {"request_number": body["request_number"], "code": "OK"})

    def tell_clock(self, _arguments: Arguments) -> Answer:
        """The city's time and parameters."""
        now = to_moment(self._city.now)
        parameters = self._city.world.parameters
        told = asdict(parameters) | {"business_date": parameters.business_date.isoformat()}
        return Answer(200, {"now": now.isoformat(), "business_date": now.date().isoformat(), "parameters": told})

    def move_clock(self, arguments: Arguments) -> Answer:
        """Let time pass."""
        self._city.move_clock(datetime.fromisoformat(_given(arguments, "now")))
        return self.tell_clock(arguments)

    def _selection(self, feed: str, start: int, end: int, *, fresh: bool) -> Selection:
        key = (feed, start, end)
        if fresh or key not in self._selections:
            self._selections[key] = self._city.select(feed, start, end)
        self._selections.move_to_end(key)
        while len(self._selections) > MEMORY:
            self._selections.popitem(last=False)
        return self._selections[key]

    def _is_too_fast(self, path: str) -> bool:
        self._requests[path] += 1
        return self._requests[path] % LIMIT_EVERY == 0


@dataclass(frozen=True)
class Vendor:
    """How a vendor says "too fast" and "I do not understand"."""

    too_fast: Answer
    error: Callable[[str], Answer]


POS = Vendor(
    Answer(200, {"error_response": {"code": "RATE_LIMIT", "message": "请求过于频繁，请稍后再试"}}),
    lambda text: Answer(200, {"error_response": {"code": "INVALID_PARAMETER", "message": text}}),
)
WMS = Vendor(
    Answer(200, {"status": 100, "message": "超过频率限制"}), lambda text: Answer(200, {"status": 1, "message": text})
)
LOGISTICS = Vendor(
    Answer(200, {"code": 199, "msg": "调用频率超限，请稍后重试"}), lambda text: Answer(200, {"code": 100, "msg": text})
)
WECHAT = Vendor(
    Answer(429, {"code": "FREQUENCY_LIMITED", "message": "频率超限"}, {"Retry-After": "0"}),
    lambda text: Answer(400, {"code": "PARAM_ERROR", "message": text}),
)
OFFICE = Vendor(Answer(503, {"message": "服务繁忙，请稍后重试"}), lambda text: Answer(400, {"message": text}))
CITY = Vendor(OFFICE.too_fast, lambda text: Answer(400, {"code": "INVALID_REQUEST", "message": text}))


def _pos(vendors: Vendors, arguments: Arguments) -> Answer:
    start, end = _local(arguments, "start_update"), _local(arguments, "end_update")
    size = min(_whole(arguments, "page_size", 40, least=1), POS_PAGE)
    page = vendors.page("order_lines", start, end, _whole(arguments, "page_no", 1, least=1) - 1, size)
    answer = {"total_results": page.total, "has_next": page.has_next, "full_order_info_list": page.rows}
    return Answer(200, {"response": answer})


def _wms(feed: str) -> Callable[[Vendors, Arguments], Answer]:
    def answer(vendors: Vendors, arguments: Arguments) -> Answer:
        start, end = _window(_local(arguments, "start_time"), _local(arguments, "end_time"))
        size = min(_whole(arguments, "page_size", 40, least=1), PAGE)
        page = vendors.page(feed, start, end, _whole(arguments, "page_no", 0), size)
        total = {"total_count": page.total} if page.number == 0 and arguments.get("calc_total") else {}
        return Answer(200, {"status": 0, "data": total | {"detail_list": page.rows}})

    return answer


def _logistics(vendors: Vendors, arguments: Arguments) -> Answer:
    start, end = _window(_local(arguments, "modified_begin"), _local(arguments, "modified_end"))
    size = min(_whole(arguments, "page_size", 50, least=1), PAGE)
    page = vendors.page("milestones", start, end, _whole(arguments, "page_index", 1, least=1) - 1, size)
    answer = {"has_next": page.has_next, "page_count": -(-page.total // size), "data_count": page.total}
    return Answer(200, {"code": 0, "data": answer | {"rows": page.rows}})


def _wechat(feed: str) -> Callable[[Vendors, Arguments], Answer]:
    def answer(vendors: Vendors, arguments: Arguments) -> Answer:
        start, end = _moment(arguments, "begin_time"), _moment(arguments, "end_time")
        size = min(_whole(arguments, "limit", 20, least=1), PAGE)
        offset = _whole(arguments, "offset", 0)
        if offset % size:
            raise BadRequestError("offset must be a multiple of limit")
        page = vendors.page(feed, start, end, offset // size, size)
        total = {"total_count": page.total} if offset == 0 else {}
        return Answer(200, total | {"data": page.rows, "next_offset": offset + size if page.has_next else None})

    return answer


def _booking(feed: str) -> Callable[[Vendors, Arguments], Answer]:
    def answer(vendors: Vendors, arguments: Arguments) -> Answer:
        start, end = _moment(arguments, "updated_from"), _moment(arguments, "updated_to")
        size = min(_whole(arguments, "limit", 100, least=1), PAGE)
        number = _cursor(arguments.get("cursor"))
        page = vendors.page(feed, start, end, number, size)
        cursor = f"p{number + 1}" if page.has_next else None
        return Answer(200, {"rows": page.rows, "next_cursor": cursor, "has_more": page.has_next})

    return answer


def _master(feed: str) -> Callable[[Vendors, Arguments], Answer]:
    def answer(vendors: Vendors, arguments: Arguments) -> Answer:
        start, end = _moment(arguments, "updated_from"), _moment(arguments, "updated_to")
        size = min(_whole(arguments, "page_size", 100, least=1), PAGE)
        page = vendors.page(feed, start, end, _whole(arguments, "page", 1, least=1) - 1, size)
        return Answer(200, {"rows": page.rows, "has_next": page.has_next})

    return answer


def _command(kind: Kind) -> Callable[[Vendors, Arguments], Answer]:
    return lambda vendors, arguments: vendors.command(kind, arguments)


MASTER_FEEDS = ("stores", "skus", "distribution_centres", "rosters", "campaigns", "promotions", "consents")
Endpoint = tuple[Vendor, Callable[[Vendors, Arguments], Answer]]
# Commands say "too fast" with 429 whatever the vendor: a sender must never take a limit for a success.
ENDPOINTS: dict[tuple[str, str], Endpoint] = {
    ("GET", "/pos/trades.sold.get"): (POS, _pos),
    ("POST", "/wms/stock.query"): (WMS, _wms("stock_levels")),
    ("POST", "/wms/transfer.query"): (WMS, _wms("transfers")),
    ("POST", "/logistics/milestones.query"): (LOGISTICS, _logistics),
    ("GET", "/wechat/coupon-stocks"): (WECHAT, _wechat("coupon_stocks")),
    ("GET", "/wechat/coupon-quotas"): (WECHAT, _wechat("coupon_quotas")),
    ("GET", "/wechat/coupon-events"): (WECHAT, _wechat("coupon_events")),
    ("GET", "/booking/bookings"): (OFFICE, _booking("bookings")),
    ("GET", "/booking/arrivals"): (OFFICE, _booking("arrivals")),
    **{("GET", f"/master/{feed}"): (OFFICE, _master(feed)) for feed in MASTER_FEEDS},
    ("POST", "/wechat/coupon-quotas"): (WECHAT, _command("quota")),
    ("POST", "/wms/transfers"): (WECHAT, _command("transfer")),
    ("POST", "/workforce/staff"): (WECHAT, _command("staff")),
    ("POST", "/booking/slot-capacities"): (WECHAT, _command("slot_capacity")),
    ("GET", "/city/clock"): (CITY, Vendors.tell_clock),
    ("POST", "/city/clock"): (CITY, Vendors.move_clock),
}


def _given(arguments: Arguments, name: str) -> str:
    value = arguments.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequestError(f"{name} is missing")
    return value


def _local(arguments: Arguments, name: str) -> int:
    moment = datetime.strptime(_given(arguments, name), "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    return to_second(moment)


def _moment(arguments: Arguments, name: str) -> int:
    return to_second(datetime.fromisoformat(_given(arguments, name)))


def _window(start: int, end: int) -> tuple[int, int]:
    if end - start > WINDOW_DAYS * DAY_SECONDS:
        raise BadRequestError(f"时间跨度不能超过 {WINDOW_DAYS} 天")
    return start, end


def _whole(arguments: Arguments, name: str, default: int, least: int = 0) -> int:
    value = int(arguments.get(name, default))
    if value < least:
        raise BadRequestError(f"{name} must be at least {least}")
    return value


def _cursor(text: Any) -> int:
    if text in (None, ""):
        return 0
    if not (isinstance(text, str) and text[:1] == "p" and text[1:].isdigit()):
        raise BadRequestError("cursor is not one of ours")
    return int(text[1:])


def as_json(body: Any) -> bytes:
    """UTF-8 JSON."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
