"""Judgements by hand: which row fails what, and when a whole batch is stopped."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from rouxing.ingest.rows import typed_rows
from rouxing.model.feeds import FEEDS, Feed, feed_named
from rouxing.validate.judge import judge_batch, judge_batches
from rouxing.validate.suites import row_expectations
from rouxing.validate.words import LABELS
from tests.ingest.vendor import UNTIMED, order_line

ORDERS = feed_named("order_lines")


def order(number: int, **changes: Any) -> dict[str, Any]:
    """An order line as it lies in landing."""
    row = order_line(number, **changes)
    del row["open_id"], row["buyer_phone"]
    return row | {"customer_key": "c", "phone_key": "p"}


def reasons(rows: list[dict[str, Any]]) -> list[tuple[int, str, str]]:
    found = judge_batch(ORDERS, typed_rows(ORDERS, rows)).quarantine
    return list(found[["row_number", "column_name", "reason"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("changes", "column", "reason"),
    [
        ({"num": 0}, "quantity_units", "数量不在 1 至 1,000 之间"),
        ({"num": 1001}, "quantity_units", "数量不在 1 至 1,000 之间"),
        ({"num": None}, "quantity_units", "数量缺失"),
        ({"num": "三"}, "quantity_units", "数量的格式无法识别"),
        ({"payment": "N/A"}, "paid_fen", "实付金额（分）的格式无法识别"),
        ({"payment": "-0.01"}, "paid_fen", "实付金额（分）不在 0 至 1,000,000,000 之间"),
        ({"shop_id": ""}, "store_id", "门店编号缺失"),
        ({"status": "lost"}, "status", "状态不在约定取值之内（placed、ready、collected、cancelled、no_show）"),
        ({"update_time": None}, "known_at", "更新时间缺失"),
        ({"picked_up_at": "2026-06-01 11:59:59"}, "collected_at,placed_at", "提货时间早于下单时间"),
    ],
)
def test_a_bad_row_is_quarantined_with_its_reason(changes: dict[str, Any], column: str, reason: str) -> None:
    assert reasons([order(1), order(2, **changes), order(3)]) == [(2, column, reason)]


@pytest.mark.parametrize(
    "changes", [{"num": 1}, {"num": 1000}, {"payment": "0"}, {"picked_up_at": "2026-06-01 12:00:00"}]
)
def test_the_limits_themselves_are_good(changes: dict[str, Any]) -> None:
    assert reasons([order(1, **changes)]) == []


def test_a_row_may_fail_several_checks_and_counts_once() -> None:
    judgement = judge_batch(ORDERS, typed_rows(ORDERS, [order(1, num=-1, status="lost"), order(2)]))
    assert judgement.quarantine["row_number"].tolist() == [1, 1]
    assert judgement.admitted.index.tolist() == [2]
    share = judgement.results.set_index("expectation").loc["share_of_bad_rows"]
    assert (share["rows_failed"], share["verdict"]) == (1, "pass")


def test_too_many_bad_rows_stop_the_batch() -> None:
    rows = [order(number, num=-1 if number < 21 else 1) for number in range(100)]
    judgement = judge_batch(ORDERS, typed_rows(ORDERS, rows))
    assert judgement.stop_reason == "100 行中有 21 行不合格（21.0%），超过上限 20%；请供应方核对后重新校验"
    assert judgement.admitted.empty
    assert judge_batch(ORDERS, typed_rows(ORDERS, rows[1:])).stop_reason is not None
    rows[0] = order(0)
    assert judge_batch(ORDERS, typed_rows(ORDERS, rows)).stop_reason is None


def test_a_handful_of_bad_rows_never_stops_a_source() -> None:
    judgement = judge_batch(ORDERS, typed_rows(ORDERS, [order(n, num=-1) for n in range(3)]))
    assert judgement.stop_reason is None
    assert len(judgement.quarantine) == 3


def test_a_required_column_that_is_gone_stops_the_batch() -> None:
    rows = [order(number) for number in range(3)]
    for row in rows:
        del row["num"]
    judgement = judge_batch(ORDERS, typed_rows(ORDERS, rows))
    assert judgement.stop_reason == "整批缺少字段：数量；请供应方核对接口后重新校验"
    assert judgement.admitted.empty
    assert judgement.quarantine.empty


def test_an_optional_column_that_is_gone_is_a_warning() -> None:
    rows = [order(number) for number in range(3)]
    for row in rows:
        del row["picked_up_at"]
    judgement = judge_batch(ORDERS, typed_rows(ORDERS, rows))
    assert judgement.stop_reason is None
    assert len(judgement.admitted) == 3
    assert judgement.admitted["collected_at"].isna().all()
    assert judgement.results.set_index("expectation").loc["expect_table_columns_to_match_set", "verdict"] == "warn"


@hypothesis_settings(UNTIMED, max_examples=5)
@given(st.lists(st.lists(st.integers(-1, 2), max_size=6), max_size=5))
def test_batches_judged_together_get_the_judgement_they_get_alone(quantities: list[list[int]]) -> None:
    batches = [typed_rows(ORDERS, [order(n, num=units) for n, units in enumerate(batch)]) for batch in quantities]
    for batch, together in zip(batches, judge_batches(ORDERS, batches), strict=True):
        alone = judge_batch(ORDERS, batch)
        pd.testing.assert_frame_equal(alone.admitted, together.admitted)
        pd.testing.assert_frame_equal(alone.quarantine, together.quarantine)
        pd.testing.assert_frame_equal(alone.results, together.results)
        assert alone.stop_reason == together.stop_reason


@hypothesis_settings(UNTIMED, max_examples=5)
@given(st.lists(st.integers(-2, 3), min_size=1, max_size=30))
def test_every_row_is_admitted_or_quarantined_never_both(quantities: list[int]) -> None:
    judgement = judge_batch(ORDERS, typed_rows(ORDERS, [order(n, num=units) for n, units in enumerate(quantities)]))
    bad = {number for number, units in enumerate(quantities, start=1) if units < 1}
    assert set(judgement.quarantine["row_number"]) == bad
    if judgement.stop_reason is None:
        assert set(judgement.admitted.index) == set(range(1, len(quantities) + 1)) - bad


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
def test_the_suite_says_all_that_the_contract_says(feed: Feed) -> None:
    checks = {(item.kind, item.column) for item in row_expectations(feed)}
    for column in feed.columns:
        assert column.name in LABELS
        assert (("expect_column_values_to_not_be_null", column.name) in checks) == column.required
        assert (("expect_column_values_to_be_in_set", column.name) in checks) == bool(column.allowed)
    for later, earlier in feed.not_before:
        assert ("expect_column_pair_values_a_to_be_greater_than_b", f"{later},{earlier}") in checks
    assert judge_batch(feed, typed_rows(feed, [])).stop_reason is None
