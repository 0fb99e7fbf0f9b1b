"""Whether an address answers at all."""

from __future__ import annotations

import requests

PATIENCE_S = 5


def is_reachable(url: str) -> bool:
    """True when something answers at the address, whatever it says."""
    try:
        requests.get(url, timeout=PATIENCE_S)
    except requests.RequestException:
        return False
    return True
