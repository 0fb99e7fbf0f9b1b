"""A small vendor on loopback that keeps the habits of every source, for tests of ingest and validate."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from rouxing.ingest.sources import ENDPOINTS, Endpoint
from rouxing.model.dates import SHANGHAI

Row = dict[str, Any]
Fault = Callable[[BaseHTTPRequestHandler], bool]

# On a machine that others use too, time says nothing about an example.
UNTIMED = hypothesis_settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


class Vendor:
    """Rows of each feed under the vendor's names, and faults that the next requests meet."""

    def __init__(self, page_size: int = 1000) -> None:
        self.rows: dict[str, list[Row]] = {}
        self.page_size = page_size
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.url = ""
        self.repeats_last_row = False

    def answer(self, endpoint: Endpoint, fields: dict[str, Any]) -> dict[str, Any]:
        habit = endpoint.habit
        size = min(int(fields[habit.size]), self.page_size)
        rows = self._window(endpoint, fields)
        offset = self._offset(endpoint, fields, size)
        page = rows[offset : offset + size]
        if self.repeats_last_row and offset:
            page = [rows[offset - 1], *page]
        answer: dict[str, Any] = {}
        _put(answer, habit.rows_at, page)
        has_more = offset + size < len(rows)
        if habit.more_at:
            _put(answer, habit.more_at, has_more)
        if habit.next_at:
            following: Any = offset + size
            _put(answer, habit.next_at, (f"c{following}" if habit.first is None else following) if has_more else None)
        if habit.total_at and offset == 0:
            _put(answer, habit.total_at, len(rows))
        return answer

    def _window(self, endpoint: Endpoint, fields: dict[str, Any]) -> list[Row]:
        start, end = (_moment(str(fields[name])) for name in endpoint.habit.window)
        longest = endpoint.habit.longest_window
        assert longest is None or end - start <= longest, "the window is longer than the vendor allows"
        modified = endpoint.fields["known_at"]
        rows = self.rows.get(endpoint.feed.name, [])
        return [row for row in rows if modified not in row or start <= _moment(str(row[modified])) <= end]

    def _offset(self, endpoint: Endpoint, fields: dict[str, Any], size: int) -> int:
        habit = endpoint.habit
        position = fields.get(habit.position, habit.first)
        if habit.first is None:
            return 0 if position is None else int(str(position)[1:])
        if habit.next_at:
            return int(position)
        assert isinstance(habit.first, int)
        return (int(position) - habit.first) * size


def _put(answer: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        answer = answer.setdefault(name, {})
    answer[path[-1]] = value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


@contextmanager
def running(vendor: Vendor) -> Iterator[Vendor]:
    """The vendor, answering on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            parts = urlsplit(self.path)
            fields: dict[str, Any] = dict(parse_qsl(parts.query))
            if body.startswith("{"):
                fields |= json.loads(body)
            else:
                fields |= dict(parse_qsl(body))
            vendor.requests.append((parts.path, fields))
            if vendor.faults and vendor.faults.pop(0)(self):
                return
            endpoint = next(endpoint for endpoint in ENDPOINTS.values() if endpoint.path == parts.path)
            send_json(self, 200, vendor.answer(endpoint, fields))

        do_GET = handle_any  # noqa: N815 - the library's name
        do_POST = handle_any  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    vendor.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield vendor
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def send_json(handler: BaseHTTPRequestHandler, status: int, answer: Any, **headers: str) -> None:
    send_text(handler, status, json.dumps(answer), **headers)


def send_text(handler: BaseHTTPRequestHandler, status: int, text: str, **headers: str) -> None:
    content = text.encode()
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def fault(status: int, answer: Any, **headers: str) -> Fault:
    """One request is answered like this instead."""

    def meet(handler: BaseHTTPRequestHandler) -> bool:
        send_json(handler, status, answer, **headers)
        return True

    return meet


def text_fault(text: str) -> Fault:
    """One request is answered with this text, HTTP 200."""

    def meet(handler: BaseHTTPRequestHandler) -> bool:
        send_text(handler, 200, text)
        return True

    return meet


def cut(handler: BaseHTTPRequestHandler) -> bool:
    """One request gets half of its answer, then the connection ends."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"rows": [')
    handler.close_connection = True
    return True


def hang_up(handler: BaseHTTPRequestHandler) -> bool:
    """One request gets no answer at all."""
    handler.close_connection = True
    return True


NOON = datetime(2026, 6, 1, 12, tzinfo=SHANGHAI)


def order_line(number: int, *, at: datetime = NOON, **changes: Any) -> Row:
    """One POS line under the vendor's names, placed at ``at`` and collected an hour later."""
    text = "%Y-%m-%d %H:%M:%S"
    return {
        "tid": f"T{number:05d}",
        "line_no": 1,
        "shop_id": "S001",
        "channel": "pickup",
        "status": "collected",
        "cancel_reason": None,
        "outer_sku_id": "K01",
        "num": 2,
        "payment": "12.50",
        "coupon_code": None,
        "open_id": f"openid-{number % 7}",
        "buyer_phone": f"1380000{number % 7:04d}",
        "created": at.strftime(text),
        "picked_up_at": (at + timedelta(hours=1)).strftime(text),
        "update_time": (at + timedelta(hours=1)).strftime(text),
    } | changes


def consent(openid: str, *, at: datetime, is_granted: bool = True, purpose: str = "pickup_service") -> Row:
    """One row of the consents feed under the vendor's names."""
    return {
        "openid": openid,
        "purpose": purpose,
        "is_granted": is_granted,
        "decided_at": at.isoformat(timespec="minutes"),
        "modified": at.isoformat(),
    }
