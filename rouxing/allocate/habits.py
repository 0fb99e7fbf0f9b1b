"""How customers of a store come: who booked, who did not, and how soon in their half hour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rouxing.optimize.checks import FloatArray, finite_columns, refuse_where

_POOL_CUSTOMERS = 100.0  # a store's own share weighs as much as the chain's at this many customers
_COUNTS = ("bookings", "arrivals", "unbooked", "early")


@dataclass(frozen=True, slots=True)
class UsualHabits:
    """Shares (0-1) taken where nothing is known, and as much as 100 customers where something is: of booked customers
    who come, of customers without a booking, of a half hour's customers in its first ten minutes.
    """

    show_up: float
    unbooked: float
    early: float


@dataclass(frozen=True, slots=True)
class Habits:
    """``show_up`` and ``unbooked`` (N,) shares by store asked for, ``early`` that of the whole chain."""

    show_up: FloatArray
    unbooked: FloatArray
    early: float


def booking_habits(counts: pd.DataFrame | None, store_ids: pd.Series, usual: UsualHabits) -> Habits:
    """Habits at the stores of ``store_ids`` (N,), each drawn to the chain's, and those to the usual ones.

    ``counts`` by store: bookings that were not cancelled, arrivals, of them unbooked, and early (in the first ten
    minutes of a half hour).

    Raises:
        RefusedInputError: NaN or negative counts, a store named twice.
    """
    if counts is None:
        counts = pd.DataFrame({"store_id": pd.Series(dtype="str"), **{name: np.zeros(0) for name in _COUNTS}})
    refuse_where(counts.duplicated("store_id"), "bookings has two rows for one store")
    finite_columns(counts, "bookings", _COUNTS)
    chain = counts[list(_COUNTS)].sum()
    mine = counts.set_index("store_id")[list(_COUNTS)].reindex(store_ids).fillna(0.0)
    show_up = _pooled(chain["arrivals"] - chain["unbooked"], chain["bookings"], usual.show_up)
    unbooked = _pooled(chain["unbooked"], chain["arrivals"], usual.unbooked)
    return Habits(
        show_up=_pooled(mine["arrivals"] - mine["unbooked"], mine["bookings"], show_up),
        unbooked=_pooled(mine["unbooked"], mine["arrivals"], unbooked),
        early=float(_pooled(chain["early"], chain["arrivals"], usual.early)),
    )


def _pooled(part: pd.Series | float, whole: pd.Series | float, usual: FloatArray | float) -> FloatArray:
    parts, wholes = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    return np.clip((np.minimum(parts, wholes) + _POOL_CUSTOMERS * usual) / (wholes + _POOL_CUSTOMERS), 0.01, 1.0)
