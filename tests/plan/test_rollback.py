"""A former plan's quotas as targets, and what is said of those that could not come back."""

from __future__ import annotations

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from rouxing.plan.rollback import not_restored, restored_words, towards

DAYS = pd.to_datetime(["2026-06-18", "2026-06-19"])


def frame(rows: list[tuple[str, int, int]], name: str) -> pd.DataFrame:
    columns = ["carrier_id", "business_date", name]
    made = pd.DataFrame([(carrier, DAYS[day], coupons) for carrier, day, coupons in rows], columns=columns)
    return made.assign(stock_id="B1")


def test_the_days_own_quota_then_the_newest_then_the_one_in_force() -> None:
    cells = frame([("S1", 0, 10), ("S1", 1, 10), ("S2", 1, 7), ("S3", 1, 5)], "previous_coupons")
    former = frame([("S1", 0, 20), ("S1", 1, 30), ("S2", 0, 40)], "quota_coupons")
    assert towards(cells, former)["wanted_coupons"].tolist() == [20, 30, 40, 5]


def test_what_could_not_come_back_is_named_with_its_reason() -> None:
    former = frame([("S1", 0, 20), ("S2", 0, 30)], "quota_coupons")
    quotas = frame([("S1", 0, 20), ("S2", 0, 26)], "quota_coupons").assign(previous_coupons=20, reason="change_limit")
    missing = not_restored(quotas, former)
    assert missing[["carrier_id", "former_coupons", "quota_coupons"]].to_numpy().tolist() == [["S2", 30, 26]]
    said = restored_words("plan-1", missing)
    assert said.split("\n") == [
        "回滚到 plan-1：1 个额度没能原样恢复 / rollback to plan-1: 1 quotas could not come back exactly",
        "B1 S2 2026-06-18：26 张，原为 30 张（change_limit） / B1 S2 2026-06-18: 26 instead of 30 (change_limit)",
    ]
    assert restored_words("plan-1", missing.head(0)).endswith("rollback to plan-1: every quota came back exactly")
    assert restored_words("plan-1", pd.concat([missing] * 3), shown=2).endswith("and 1 more")


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.tuples(st.sampled_from(["S1", "S2", "S3"]), st.integers(0, 1), st.integers(0, 50)), min_size=1, max_size=6
    )
)
def test_every_cell_has_a_target_and_none_is_lost(rows: list[tuple[str, int, int]]) -> None:
    cells = frame([("S1", 0, 1), ("S2", 1, 2), ("S3", 0, 3)], "previous_coupons")
    former = frame(rows, "quota_coupons").drop_duplicates(["carrier_id", "business_date"])
    found = towards(cells, former)
    assert found["wanted_coupons"].notna().all()
    assert found.drop(columns="wanted_coupons").equals(cells)
