"""Keyed pseudonyms for openid and phone. Raw values leave this room only towards ``vault.identities``."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rouxing.model.errors import PermanentError
from rouxing.model.feeds import Personal

SHORTEST_KEY_BYTES = 16
PSEUDONYM_HEX_DIGITS = 32

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """What the vault keeps of one person's identity."""

    pseudonym: str
    kind: Personal
    raw_value: str


@dataclass(frozen=True, slots=True)
class PersonalField:
    """A vendor's field that holds an identity, and the column that holds its pseudonym from then on."""

    vendor_name: str
    column_name: str
    kind: Personal


class Pseudonymiser:
    """HMAC-SHA-256 under one key, truncated to 128 bits; the same value always gets the same pseudonym."""

    def __init__(self, key: bytes) -> None:
        if len(key) < SHORTEST_KEY_BYTES:
            raise PermanentError(
                f"The key of the pseudonyms is shorter than {SHORTEST_KEY_BYTES} bytes; make a new one."
            )
        self._key = key
        self._known: dict[tuple[Personal, str], Identity] = {}

    def identity(self, kind: Personal, raw_value: str) -> Identity:
        """The identity with its pseudonym; openids and phones never share one."""
        known = self._known.get((kind, raw_value))
        if known is None:
            digest = hmac.digest(self._key, f"{kind}\0{raw_value}".encode("utf-8", "replace"), "sha256").hex()
            known = Identity(digest[:PSEUDONYM_HEX_DIGITS], kind, raw_value)
            self._known[kind, raw_value] = known
        return known

    def tokenise(
        self, rows: list[Row], kept: Mapping[str, str], personal: tuple[PersonalField, ...]
    ) -> tuple[list[Row], set[Identity]]:
        """Rows with pseudonyms in place of identities, and the identities for the vault.

        Only the vendor fields in ``kept`` (its values) survive: what no contract names is not stored.
        """
        fields = set(kept.values()) - {field.vendor_name for field in personal}
        identities: set[Identity] = set()
        tokenised = [{name: value for name, value in row.items() if name in fields} for row in rows]
        for field in personal:
            self._replace(field, rows, tokenised, identities)
        return tokenised, identities

    def _replace(self, field: PersonalField, rows: list[Row], tokenised: list[Row], found: set[Identity]) -> None:
        for row, clean in zip(rows, tokenised, strict=True):
            if field.vendor_name not in row:
                continue
            raw_value = row[field.vendor_name]
            if raw_value is None or raw_value == "":
                clean[field.column_name] = None
                continue
            identity = self.identity(field.kind, str(raw_value))
            clean[field.column_name] = identity.pseudonym
            found.add(identity)
