"""Which stores take part in a pilot."""

from __future__ import annotations

import math
from collections.abc import Iterable
from hashlib import sha256

import pandas as pd

from rouxing.model.errors import PermanentError

# What the scope of a pilot that is over holds: no store has this name, so no store is changed.
NOBODY = ("",)


def cohort(stores: Iterable[str], share: float, seed: int) -> tuple[str, ...]:
    """A share of the stores (at least one), drawn by a hash of seed and store: the same seed gives the same stores.

    A larger share of the same seed holds the smaller one, so that a pilot can grow. PermanentError outside 0-1.
    """
    if not 0 < share <= 1:
        raise PermanentError(f"The share of a cohort is above 0 and at most 1, not {share:g}.")
    ranked = sorted(set(stores), key=lambda store: (sha256(f"{seed}/{store}".encode()).digest(), store))
    return tuple(sorted(ranked[: math.ceil(share * len(ranked))]))


def stores_in_scope(asked: tuple[str, ...], pilot: Iterable[str]) -> tuple[str, ...]:
    """Stores that a run may change: those it is for (empty = all) and, where a pilot speaks, the pilot's.

    ``pilot`` is the store_id column of ``sql/core/pilot_scope.sql``. Empty = all stores; ``NOBODY`` = none.
    """
    held = tuple(sorted(set(pilot)))
    if not held:
        return asked
    if not asked:
        return held
    return tuple(store for store in asked if store in held) or NOBODY


def sent_differences(differences: pd.DataFrame, stores: tuple[str, ...] | None) -> pd.DataFrame:
    """What changes when only these stores are sent goods and people; None = all of them.

    ``differences``: subject, item and more, as in plan.differences.
    """
    if stores is None:
        return differences
    # A transfer's item is DC, store and SKU, a staff line's the store; quotas outside a pilot do not move at all.
    words = differences["item"].str.split(" ")
    store = words.str[1].where(differences["subject"] == "stock_transfer", differences["item"])
    return differences[(differences["subject"] == "coupon_quota") | store.isin(stores)].reset_index(drop=True)
