"""Random numbers that depend only on what they are for: (seed, day, purpose) or (seed, document, purpose)."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Columns = dict[str, Ints]

NONE = -1  # "absent" in an integer column
DAY_SECONDS = 86_400
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def stream(seed: int, day: date | None, purpose: str) -> np.random.Generator:
    """Generator of its own for a purpose on a day, so that no draw depends on what was drawn before."""
    ordinal = day.toordinal() if day else 0
    return np.random.Generator(np.random.PCG64([seed, ordinal, *purpose.encode()]))


def draw(seed: int, documents: Ints, purpose: str) -> Floats:
    """Uniform number in [0, 1) per document: the same document gets the same number in every run of a day.

    SplitMix64 (Steele, Lea, Flood 2014) over seed, purpose and document number, so that a day that is simulated
    again after a command gives unchanged documents unchanged numbers.
    """
    salt = (seed * 1_000_003 + int.from_bytes(purpose.encode()[:7], "big")) % 2**64
    with np.errstate(over="ignore"):
        mixed = _mix(documents.astype(np.uint64) * _GOLDEN + np.uint64(salt))
        mixed = _mix(mixed + _GOLDEN)
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) / 2.0**53)


def _mix(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    words = (words ^ (words >> np.uint64(30))) * _MIX_1
    words = (words ^ (words >> np.uint64(27))) * _MIX_2
    return words ^ (words >> np.uint64(31))


def day_seconds(day: date) -> int:
    """Midnight of ``day`` as local seconds: seconds since 1970-01-01 on a clock in Asia/Shanghai."""
    return (day.toordinal() - EPOCH_ORDINAL) * DAY_SECONDS


def day_number(day: date) -> int:
    """First of the million document numbers of ``day``, e.g. 20260618000000."""
    return (day.year * 10_000 + day.month * 100 + day.day) * 1_000_000


def take(columns: Columns, where: Flags | Ints) -> Columns:
    """The chosen rows of every column."""
    return {name: values[where] for name, values in columns.items()}


def stack(parts: list[Columns]) -> Columns:
    """Rows of all parts below each other; the parts have the same columns."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def length(columns: Columns) -> int:
    """Number of rows."""
    return len(next(iter(columns.values())))
