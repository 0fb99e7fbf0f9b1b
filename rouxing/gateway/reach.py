"""Whether an address answers at all."""

from __future__ import annotations

import requests

from rouxing.gateway.address import session_for

PATIENCE_S = 5


def is_reachable(url: str) -> bool:
    """True when something answers at the address, whatever it says."""
    try:
        with session_for(url) as session:
            session.get(url, timeout=PATIENCE_S)
    # A port that is no number is found out by the splitting of the address.
    except (requests.RequestException, ValueError):
        return False
    return True
