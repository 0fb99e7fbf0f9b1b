"""What a vendor holds of one feed: columns of integers, sorted by the moment the vendor knew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rouxing.city.streams import Columns, Flags, Ints

FOREVER = 2**31 - 1
WIDE = frozenset({"order", "booking", "coupon", "transfer", "shipment", "document"})
Stored = dict[str, NDArray[np.int64] | NDArray[np.int32]]


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows chosen at one moment: ``numbers`` into ``rows``. Holds still while the table goes on."""

    rows: Stored
    numbers: Ints


class FeedTable:
    """Versions of a feed's documents.

    Every chunk has, beside the feed's own columns, ``document`` (breaks ties in the order), ``modified`` (the vendor
    knew), ``visible`` (the vendor tells) and ``gone`` (a newer version has taken its place; FOREVER = kept), in local
    seconds. The order of rows does not depend on the order in which chunks were put.
    """

    def __init__(self) -> None:
        self._settled: Stored | None = None
        self._open: dict[str, Stored] = {}
        self._rows: Stored | None = None

    def put(self, key: str, chunk: Columns) -> None:
        """Add a chunk, or replace the one of the same key if it has not been settled."""
        self._open[key] = {name: _narrow(name, values) for name, values in chunk.items()}
        self._rows = None

    def settle(self) -> None:
        """Fold all chunks together; none of them can be replaced any more."""
        if self._open:
            self._settled = self.rows()
            self._open = {}

    def rows(self) -> Stored:
        """All columns, in order of ``modified``, then ``document``."""
        if self._rows is None:
            parts = [] if self._settled is None else [self._settled]
            parts += [chunk for _, chunk in sorted(self._open.items())]
            self._rows = _sorted(parts)
        return self._rows

    def select(self, start: int, end: int, now: int) -> Selection:
        """Rows with ``modified`` in [start, end] that a caller may see at ``now``, in order."""
        rows = self.rows()
        if not rows:
            return Selection(rows, np.empty(0, dtype=np.int64))
        first = int(np.searchsorted(rows["modified"], start, side="left"))
        last = int(np.searchsorted(rows["modified"], min(end, now), side="right"))
        seen = (rows["visible"][first:last] <= now) & (rows["gone"][first:last] > now)
        return Selection(rows, first + np.flatnonzero(seen))


def _narrow(name: str, values: Ints) -> NDArray[np.int64] | NDArray[np.int32]:
    return values.astype(np.int64) if name in WIDE else values.astype(np.int32)


def kept(chunk: Columns, since: int) -> Columns:
    """The chunk without versions that had been replaced by ``since``: nobody can ask for them any more."""
    lasting: Flags = chunk["gone"] > since
    return chunk if lasting.all() else {name: values[lasting] for name, values in chunk.items()}


def _sorted(parts: list[Stored]) -> Stored:
    if not parts:
        return {}
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((rows["document"], rows["modified"]))
    return {name: values[order] for name, values in rows.items()}
