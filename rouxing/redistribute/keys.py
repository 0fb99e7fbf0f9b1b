"""Names as numbers: joins of a few hundred thousand cells by position instead of by text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rouxing.optimize.checks import IntArray

CELL = ["stock_id", "carrier_id", "business_date"]
DAY = ["store_id", "business_date"]


def numbers_of(values: pd.Series, names: pd.Index) -> IntArray:
    """Position of each value in ``names``, -1 where it is none of them; one look-up per distinct value."""
    number, distinct = pd.factorize(values)
    place = names.get_indexer(pd.Index(distinct))
    return np.asarray(np.append(place, -1)[number], dtype=np.int64)


@dataclass(frozen=True)
class KeyBook:
    """Rows of a frame by the values of a few columns: ``names`` per column, ``key`` sorted, ``row`` of each key."""

    columns: tuple[str, ...]
    names: tuple[pd.Index, ...]
    key: IntArray
    row: IntArray

    @classmethod
    def of(cls, frame: pd.DataFrame, columns: list[str]) -> KeyBook:
        """The book of a frame in which no two rows have the same values in ``columns``."""
        names = tuple(pd.Index(frame[column].unique()).sort_values() for column in columns)
        key = _keys(frame, columns, names)
        row = np.argsort(key, kind="stable")
        return cls(tuple(columns), names, key[row], row)

    def rows(self, frame: pd.DataFrame, columns: list[str] | None = None) -> IntArray:
        """Row of the book's frame with the same values, -1 where there is none; ``columns``: their names here."""
        key = _keys(frame, columns or list(self.columns), self.names)
        if not self.key.size:
            return np.full(key.size, -1)
        place = np.minimum(np.searchsorted(self.key, key), self.key.size - 1)
        return np.where((key >= 0) & (self.key[place] == key), self.row[place], -1)


def sorted_by(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """The frame in the order of ``columns``, row labels from 0."""
    names = [pd.Index(frame[column].unique()).sort_values() for column in columns]
    return frame.iloc[np.argsort(_keys(frame, columns, tuple(names)), kind="stable")].reset_index(drop=True)


def has_repeats(frame: pd.DataFrame, columns: list[str]) -> bool:
    """True when two rows have the same values in ``columns``."""
    names = [pd.Index(frame[column].unique()) for column in columns]
    key = np.sort(_keys(frame, columns, tuple(names)))
    return bool((key[1:] == key[:-1]).any())


def _keys(frame: pd.DataFrame, columns: list[str], names: tuple[pd.Index, ...]) -> IntArray:
    key = np.zeros(len(frame), dtype=np.int64)
    known = np.ones(len(frame), dtype=bool)
    for column, distinct in zip(columns, names, strict=True):
        number = numbers_of(frame[column], distinct)
        known &= number >= 0
        key = key * max(len(distinct), 1) + number
    return np.where(known, key, -1)
