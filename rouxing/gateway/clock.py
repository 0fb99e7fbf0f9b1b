"""The time, when nobody says it: this machine's, or the simulated city's where the city is the world."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import requests

from rouxing.gateway.address import session_for, shown_address
from rouxing.model.errors import TransientError


def now(clock: Literal["system", "city"], vendor_url: str) -> datetime:
    """The current moment, timezone-aware; TransientError when the city's clock does not answer."""
    if clock == "system":
        return datetime.now(UTC)
    try:
        with session_for(vendor_url) as session:
            answer = session.get(f"{vendor_url}/city/clock", timeout=10)
        answer.raise_for_status()
        return datetime.fromisoformat(answer.json()["now"])
    except (requests.RequestException, KeyError, ValueError) as error:
        raise TransientError(
            f"The city's clock at {shown_address(vendor_url)} does not answer; is the city running (make up)?"
        ) from error
