"""Which stores a pilot touches, and what a store may set."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rouxing.model.errors import PermanentError
from rouxing.plan.overrides import Override, checked
from rouxing.plan.pilot import NOBODY, cohort, stores_in_scope

STORES = st.sets(st.from_regex(r"S[0-9]{1,3}", fullmatch=True), min_size=1, max_size=40)
NOW = datetime(2026, 6, 18, 2, tzinfo=UTC)
OVERRIDE = Override("S1", "capacity_pickups", 80.0, "收银机坏了", "店长", NOW, NOW + timedelta(hours=9))


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
