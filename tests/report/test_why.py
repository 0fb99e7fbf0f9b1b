"""The report's section of reasons: the most important ones, in both languages, and a word where nothing changes."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from rouxing.report.plan_page import render_plan_page
from rouxing.report.plan_report import PlanReport
from rouxing.report.why import reason_table
from tests.report.conftest import DAY


def reasons(count: int) -> pd.DataFrame:
    rows = [
        {
            "subject": subject, "item": f"{subject} {number}", "business_date": DAY, "limit_name": "counter",
            "before_value": 10.0, "after_value": 10.0 + number, "sentence_zh": f"{subject} 第 {number} 条。",
            "sentence_en": f"{subject} number {number}.",
        }
        for subject in ("coupon_quota", "staff", "stock_transfer")
        for number in range(1, count + 1)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_the_largest_changes_of_each_kind_come_first(make_report: Callable[..., PlanReport]) -> None:
    table = reason_table(make_report(reasons=reasons(9)))
    assert len(table.rows) == 12
    assert [getattr(row[0], "zh", "") for row in table.rows[:5]] == ["券额度"] * 4 + ["人手"]
    assert getattr(table.rows[0][1], "zh", "") == "coupon_quota 第 9 条。"


def test_the_page_shows_the_sentences_escaped(make_report: Callable[..., PlanReport]) -> None:
    told = reasons(1).assign(sentence_zh="<b>静安寺店</b>明天减少 200 张。")
    page = render_plan_page(make_report(reasons=told))
    assert "&lt;b&gt;静安寺店&lt;/b&gt;明天减少 200 张。" in page
    assert "计划没有改动任何数字。" in render_plan_page(make_report())
