"""The city's HTTP server on loopback."""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from rouxing.city.city import City
from rouxing.city.endpoints import Answer, Vendors, as_json
from rouxing.model.errors import PermanentError

LOOPBACK = "127.0.0.1"
MOST_BODY_BYTES = 10_000_000


class CityServer:
    """Serves ``city`` on loopback between ``start`` and ``stop``; port 0 takes any free one.

    Raises PermanentError when the port is taken.
    """

    def __init__(self, city: City, port: int = 0) -> None:
        try:
            self._server = _Server((LOOPBACK, port), Vendors(city))
        except OSError as problem:
            raise PermanentError(
                f"the city cannot listen on {LOOPBACK}:{port} ({problem}); choose another port"
            ) from problem
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)

    @property
    def url(self) -> str:
        """Address of the server, e.g. http://127.0.0.1:8710."""
        return f"http://{LOOPBACK}:{self._server.server_port}"

    def start(self) -> None:
        """Answer requests from now on, in threads of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more requests and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a client that keeps its connection open must not hold up the end

    def __init__(self, address: tuple[str, int], vendors: Vendors) -> None:
        self.vendors = vendors
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller who hangs up is no error of the city's."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one piece

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self._send(self.server.vendors.answer("GET", parts.path, dict(parse_qsl(parts.query))))

    def do_POST(self) -> None:
        arguments = self._arguments()
        if arguments is None:
            self._send(Answer(400, {"code": "PARAM_ERROR", "message": "the body is not an object"}))
            return
        self._send(self.server.vendors.answer("POST", urlsplit(self.path).path, arguments))

    def _arguments(self) -> dict[str, Any] | None:
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(size, MOST_BODY_BYTES))
        if "json" not in self.headers.get("Content-Type", ""):
            return dict(parse_qsl(body.decode(errors="replace")))
        try:
            parsed = json.loads(body)
        except ValueError:
            return None
        return parsed if isinstance(parsed, dict) else None

    def _send(self, answer: Answer) -> None:
        body = as_json(answer.body)
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: requests carry identities."""
