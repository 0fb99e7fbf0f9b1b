"""The few calls of Prefect's REST API that starting and watching runs need.

Plain HTTP on loopback instead of Prefect's client, whose import costs two seconds of every command.
"""

from __future__ import annotations

import time
from typing import Any

import requests

from rouxing.model.errors import PermanentError, TransientError

TIMEOUT_S = 30.0
BUSY_WAITS_S = (0.2, 0.4, 0.8, 1.6, 3.2)


class PrefectApi:
    """A connection to the server of one state folder."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        # A proxy of the environment cannot reach loopback.
        self._session.trust_env = False

    def is_healthy(self, timeout_s: float = 2.0) -> bool:
        """Whether a Prefect server answers at this address."""
        try:
            answer = self._session.get(f"{self.url}/health", timeout=timeout_s)
            return answer.status_code == 200 and answer.json() is True
        except (requests.RequestException, ValueError):
            return False

    def get(self, path: str) -> Any:
        """The answer to a GET, decoded."""
        return self._call("GET", path, None)

    def post(self, path: str, body: Any) -> Any:
        """The answer to a POST of a JSON body, decoded."""
        return self._call("POST", path, body)

    def put(self, path: str, body: Any) -> None:
        """Replace what the path names by a JSON body."""
        self._call("PUT", path, body)

    def _call(self, method: str, path: str, body: Any) -> Any:
        """The decoded answer; a call the server was too busy for is repeated.

        Raises:
            TransientError: no answer, or the server stayed busy.
            PermanentError: the server refused; `NotFoundError` for an unknown name, `RefusedError` for wrong values.
        """
        for wait_s in BUSY_WAITS_S:
            answer = self._send(method, path, body)
            # SQLite answers so when two writers met; every call here is safe to repeat.
            if answer.status_code != 503:
                break
            time.sleep(wait_s)
        _raise_for(answer)
        return answer.json() if answer.content else None

    def _send(self, method: str, path: str, body: Any) -> requests.Response:
        try:
            return self._session.request(method, f"{self.url}{path}", json=body, timeout=TIMEOUT_S)
        except requests.RequestException as error:
            raise TransientError(
                f"no Prefect server answers at {self.url}; start one with `rouxing up`, then repeat"
            ) from error


class NotFoundError(PermanentError):
    """The server knows nothing by this name."""


class RefusedError(PermanentError):
    """The server refused the values; the message says which and why."""


def _raise_for(answer: requests.Response) -> None:
    if answer.ok:
        return
    reason = _reason(answer)
    if answer.status_code == 404:
        raise NotFoundError(reason)
    if answer.status_code in (409, 422):
        raise RefusedError(reason)
    kind = TransientError if answer.status_code >= 500 else PermanentError
    raise kind(f"Prefect answered {answer.status_code} to {answer.request.path_url}: {reason}")


def _reason(answer: requests.Response) -> str:
    """The server's own words, without their wrapping."""
    try:
        content = answer.json()
    except ValueError:
        return answer.text[:300]
    details = content.get("exception_detail") or content.get("detail") or content
    if isinstance(details, list):
        return "; ".join(f"{'.'.join(map(str, item.get('loc', [])))}: {item.get('msg')}" for item in details)
    return str(details)
