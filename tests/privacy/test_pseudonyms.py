"""Pseudonyms: keyed, stable, apart by kind; nothing of a row survives that no contract names."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rouxing.ingest.sources import ENDPOINTS
from rouxing.model.errors import PermanentError
from rouxing.privacy.pseudonyms import Identity, Pseudonymiser

KEY = b"0123456789abcdef"
ORDERS = ENDPOINTS["order_lines"]


def test_a_pseudonym_is_hmac_sha_256_under_the_key() -> None:
    expected = hmac.new(KEY, b"openid\0o1", hashlib.sha256).hexdigest()[:32]
    assert Pseudonymiser(KEY).identity("openid", "o1") == Identity(expected, "openid", "o1")


def test_another_key_or_another_kind_is_another_pseudonym() -> None:
    own, other = Pseudonymiser(KEY), Pseudonymiser(KEY[::-1])
    names = {own.identity("openid", "1").pseudonym, own.identity("phone", "1").pseudonym}
    assert len(names | {other.identity("openid", "1").pseudonym}) == 3


def test_a_short_key_is_refused() -> None:
    with pytest.raises(PermanentError, match="shorter than 16 bytes"):
        Pseudonymiser(b"short")


@given(st.text(min_size=1))
def test_the_same_value_is_the_same_person_in_every_process(raw_value: str) -> None:
    first, second = Pseudonymiser(KEY), Pseudonymiser(KEY)
    assert first.identity("openid", raw_value) == first.identity("openid", raw_value)
    assert first.identity("openid", raw_value) == second.identity("openid", raw_value)


def test_rows_keep_what_the_contract_names_and_lose_who_it_was() -> None:
    rows = [{"tid": "T1", "open_id": "o1", "buyer_phone": "138", "address": "某路 1 号"}, {"tid": "T2", "open_id": ""}]
    pseudonymiser = Pseudonymiser(KEY)
    person, phone = pseudonymiser.identity("openid", "o1"), pseudonymiser.identity("phone", "138")
    tokenised, identities = pseudonymiser.tokenise(rows, ORDERS.fields, ORDERS.personal)
    assert tokenised == [
        {"tid": "T1", "customer_key": person.pseudonym, "phone_key": phone.pseudonym},
        {"tid": "T2", "customer_key": None},
    ]
    assert identities == {person, phone}
    assert rows[0]["open_id"] == "o1", "the caller's rows are not changed"
