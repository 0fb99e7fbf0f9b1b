"""HTTP to vendors: retries what a repeat can mend, refuses what it cannot, and keeps a log without contents."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import requests

from rouxing.gateway.address import is_loopback, shown_address
from rouxing.model.errors import PermanentError, TransientError

Method = Literal["GET", "POST"]
Carrier = Literal["query", "form", "json"]
Answer = dict[str, Any]
Check = Callable[[Answer], None]

ATTEMPTS = 5
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
TIMEOUT_SECONDS = (5.0, 30.0)
_TRANSIENT_STATUSES = frozenset({408, 425, 429})
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,47}")


class Throttled(TransientError):  # noqa: N818 - reads as what the vendor did
    """The vendor asks to slow down or is out of order for the moment; ``wait_seconds`` if it said for how long."""

    def __init__(self, message: str, wait_seconds: float | None = None) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


class Refused(PermanentError):  # noqa: N818 - reads as what the vendor did
    """The vendor refuses the request: ``status`` of HTTP and the vendor's ``code``, if it gave one."""

    def __init__(self, message: str, status: int, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Call:
    """One call for the log: neither contents nor identities. ``status`` 0 = no answer."""

    endpoint: str
    status: int
    attempts: int
    milliseconds: int


def _ignore(call: Call) -> None:
    """Default of ``log``."""


def _accept(answer: Answer) -> None:
    """Default of ``check``."""


class VendorClient:
    """Calls to one base address. TLS only, outside loopback. Not for use by several threads at once."""

    def __init__(
        self,
        base_url: str,
        *,
        session: requests.Session | None = None,
        timeout: tuple[float, float] = TIMEOUT_SECONDS,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
        log: Callable[[Call], None] = _ignore,
    ) -> None:
        on_this_machine = _checked_address(base_url)
        self._base_url = base_url.rstrip("/")
        self._session = session or requests.Session()
        if on_this_machine:
            # A proxy of the environment must never see what is meant for this machine.
            self._session.trust_env = False
        self._timeout = timeout
        self._attempts = attempts
        self._sleep = sleep
        self._log = log

    def read(
        self, method: Method, path: str, fields: Mapping[str, Any], *, carrier: Carrier, check: Check = _accept
    ) -> Answer:
        """The vendor's answer, a JSON object.

        ``check`` raises for an answer that is an error though HTTP says 200. Raises Throttled or TransientError after
        the last attempt, PermanentError (Refused) at once.
        """
        arguments: dict[str, Any] = {{"query": "params", "form": "data", "json": "json"}[carrier]: fields}
        return self._with_retries(path, lambda: self._answer(method, path, arguments, check))

    def post_command(self, path: str, body: Mapping[str, Any]) -> Answer:
        """The answer to a command. Its ``request_number`` makes a retry the same request, so it may be repeated."""
        if not body.get("request_number"):
            raise PermanentError(f"A command to {path} has no request_number; without one it cannot be sent safely.")
        return self.read("POST", path, body, carrier="json")

    def close(self) -> None:
        self._session.close()

    def __enter__(self) -> VendorClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _with_retries(self, path: str, ask: Callable[[], tuple[int, Answer]]) -> Answer:
        started = time.monotonic()
        for attempt in range(1, self._attempts + 1):
            try:
                status, answer = ask()
            except TransientError as error:
                if attempt == self._attempts:
                    self._note(path, 0, attempt, started)
                    raise
                self._sleep(_wait_seconds(error, attempt))
            except Refused as error:
                self._note(path, error.status, attempt, started)
                raise
            else:
                self._note(path, status, attempt, started)
                return answer
        raise AssertionError("unreachable")

    def _note(self, path: str, status: int, attempts: int, started: float) -> None:
        self._log(Call(path, status, attempts, round(1000 * (time.monotonic() - started))))

    def _answer(self, method: Method, path: str, arguments: dict[str, Any], check: Check) -> tuple[int, Answer]:
        response = self._send(method, path, arguments)
        _check_status(path, response)
        answer = _json_object(path, response)
        check(answer)
        return response.status_code, answer

    def _send(self, method: Method, path: str, arguments: dict[str, Any]) -> requests.Response:
        url = f"{self._base_url}{path}"
        try:
            return self._session.request(method, url, timeout=self._timeout, allow_redirects=False, **arguments)
        except requests.exceptions.SSLError as error:
            raise PermanentError(
                f"The certificate of {self._base_url} is not trusted; check the address or the certificates."
            ) from error
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            raise TransientError(
                f"{self._base_url} does not answer ({type(error).__name__}); check that the vendor is up."
            ) from error
        except requests.RequestException as error:
            raise PermanentError(f"{self._base_url}{path} cannot be called ({type(error).__name__}).") from error


def _checked_address(base_url: str) -> bool:
    """Whether the address is loopback; PermanentError for one that is neither loopback nor TLS."""
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise PermanentError(f"{shown_address(base_url)} is not an address of a vendor; write https://host[:port].")
    if parts.username or parts.password:
        raise PermanentError(f"The address of {parts.hostname} holds a user or password; leave them out of it.")
    on_this_machine = is_loopback(base_url)
    if parts.scheme == "http" and not on_this_machine:
        raise PermanentError(f"http://{parts.hostname} is not encrypted; use https outside this machine.")
    return on_this_machine


def _check_status(path: str, response: requests.Response) -> None:
    status = response.status_code
    if 200 <= status < 300:
        return
    if status in _TRANSIENT_STATUSES or status >= 500:
        raise Throttled(f"{path} answered HTTP {status}; try again later.", _retry_after(response))
    code = _vendor_code(response)
    raise Refused(f"{path} refused the request: HTTP {status} {code}".rstrip() + ".", status, code)


def _vendor_code(response: requests.Response) -> str:
    """The ``code`` of an error body; nothing else of a body may reach a message or a log."""
    try:
        code = response.json().get("code")
    except (ValueError, AttributeError):
        return ""
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def _json_object(path: str, response: requests.Response) -> Answer:
    try:
        answer = response.json(parse_constant=lambda _: None)
    except ValueError as error:
        # Mostly an answer that was cut on its way.
        raise TransientError(f"{path} answered with something that is not JSON; try again later.") from error
    if not isinstance(answer, dict):
        raise PermanentError(f"{path} answered with JSON that is not an object; its contract has changed.")
    return answer


def _retry_after(response: requests.Response) -> float | None:
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _wait_seconds(error: TransientError, attempt: int) -> float:
    """Back-off with jitter in its upper half, so that many clients do not come back together."""
    asked = error.wait_seconds if isinstance(error, Throttled) else None
    if asked is not None:
        return min(asked, LONGEST_WAIT_SECONDS)
    longest: float = min(FIRST_WAIT_SECONDS * 2.0 ** (attempt - 1), LONGEST_WAIT_SECONDS)
    return longest * random.uniform(0.5, 1.0)
