"""Addresses are shown without secrets, and what is meant for this machine goes past every proxy."""

from __future__ import annotations

import pytest

from rouxing.gateway.address import is_loopback, session_for, shown_address


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://somebody:s3cret@vendors.example:8443/feeds?key=s3cret", "https://vendors.example:8443"),
        ("http://127.0.0.1:8710", "http://127.0.0.1:8710"),
        ("http://[::1]:8710/", "http://[::1]:8710"),
        ("s3cret", "ROUXING_VENDOR_URL (not an address)"),
        ("http://host:s3cret", "ROUXING_VENDOR_URL (not an address)"),
        ("http://[", "ROUXING_VENDOR_URL (not an address)"),
    ],
)
def test_only_scheme_host_and_port_are_shown(url: str, shown: str) -> None:
    assert shown_address(url) == shown


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://localhost", "http://[::1]:8710"])
def test_no_proxy_for_this_machine(url: str) -> None:
    assert is_loopback(url)
    assert not session_for(url).trust_env


@pytest.mark.parametrize("url", ["https://vendors.example", "http://localhost.example", "http://[", ""])
def test_others_are_not_on_this_machine(url: str) -> None:
    assert not is_loopback(url)
    assert session_for(url).trust_env
