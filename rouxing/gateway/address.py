"""Addresses of vendors: where they lead, how they are shown, and sessions that go there."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

import requests


def is_loopback(url: str) -> bool:
    """Whether the address is on this machine."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def shown_address(url: str) -> str:
    """The address as it may be printed: scheme, host and port, never a user, a password or what stands behind."""
    try:
        parts = urlsplit(url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "ROUXING_VENDOR_URL (not an address)"
    return f"{parts.scheme}://{host}{port}" if host else "ROUXING_VENDOR_URL (not an address)"


def session_for(url: str) -> requests.Session:
    """A session for the address; a proxy of the environment never sees what is meant for this machine."""
    session = requests.Session()
    session.trust_env = not is_loopback(url)
    return session
