"""Which stores a pilot touches, and what a store may set."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rouxing.model.errors import PermanentError
from rouxing.plan.overrides import Override, checked
from rouxing.plan.pilot import NOBODY, cohort, sent_differences, stores_in_scope

STORES = st.integers(1, 40).map(lambda number: {f"S{rank:03d}" for rank in range(number)})
NOW = datetime(2026, 6, 18, 2, tzinfo=UTC)
OVERRIDE = Override("S1", "capacity_pickups", 80.0, "收银机坏了", "店长", NOW, NOW + timedelta(hours=9))


@settings(deadline=None, max_examples=50)
@given(STORES, st.floats(0.01, 1), st.integers(0, 99), st.randoms())
def test_a_cohort_is_a_share_drawn_by_its_seed_whatever_the_order(
    stores: set[str], share: float, seed: int, random: object
) -> None:
    drawn = cohort(stores, share, seed)
    shuffled = list(stores)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert cohort(shuffled, share, seed) == drawn
    assert set(drawn) <= stores
    assert 1 <= len(drawn) < share * len(stores) + 1
    assert set(drawn) <= set(cohort(stores, min(1.0, share * 1.5), seed))


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_a_share_outside_0_to_1_is_refused(share: float) -> None:
    with pytest.raises(PermanentError):
        cohort(["S1"], share, 1)


def test_the_scope_of_a_run_by_hand() -> None:
    assert stores_in_scope((), []) == ()
    assert stores_in_scope(("S2",), []) == ("S2",)
    assert stores_in_scope((), ["S2", "S1"]) == ("S1", "S2")
    assert stores_in_scope(("S1", "S3"), ["S1", "S2"]) == ("S1",)
    assert stores_in_scope(("S3",), ["S1"]) == NOBODY, "empty would mean all stores"
    assert stores_in_scope((), NOBODY) == NOBODY
    assert stores_in_scope(("S1",), NOBODY) == NOBODY


def test_an_override_that_says_all_is_taken() -> None:
    assert checked(OVERRIDE, NOW) == OVERRIDE


REFUSED = {
    "can not be overridden": {"kind": "price"},
    "is a whole number from 0 on": {"value": 0.5},
    "is a whole number": {"value": -1.0},
    "needs a reason and a name": {"reason": " "},
    "a reason and a name": {"set_by": ""},
    "holds or does not": {"kind": "closed", "value": 2.0},
    "would be over before it begins": {"ends_at": NOW},
    "lasts at most 31 days": {"ends_at": NOW + timedelta(days=32)},
}


@pytest.mark.parametrize("words", REFUSED)
def test_an_override_that_cannot_be_meant_is_refused(words: str) -> None:
    with pytest.raises(PermanentError, match=words):
        checked(replace(OVERRIDE, **REFUSED[words]), NOW)  # type: ignore[arg-type]


def test_only_the_pilots_stores_are_sent_goods_and_people() -> None:
    rows = [("coupon_quota", "B1 S2"), ("stock_transfer", "DC1 S1 K1"), ("stock_transfer", "DC1 S2 K1")]
    differences = pd.DataFrame([*rows, ("staff", "S1"), ("staff", "S2")], columns=["subject", "item"])
    assert sent_differences(differences, None) is differences
    assert sent_differences(differences, ("S1",))["item"].tolist() == ["B1 S2", "DC1 S1 K1", "S1"]
    assert sent_differences(differences, NOBODY)["item"].tolist() == ["B1 S2"]
