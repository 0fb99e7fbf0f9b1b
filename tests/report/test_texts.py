from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rouxing.model.errors import PermanentError
from rouxing.model.feeds import FEEDS
from rouxing.report import words
from rouxing.report.numbers import count, decimal, measured, share, signed, yuan
from rouxing.report.plan_report import PlanReport, empty_frame
from rouxing.report.quality_page import quality_markdown
from rouxing.report.store_brief import store_brief
from rouxing.report.tables import markdown_table
from rouxing.report.words import Words

Maker = Callable[..., PlanReport]


def test_numbers_as_people_read_them() -> None:
    assert count(1234.4) == "1,234"
    assert count(-0.2) == "0"
    assert count(float("nan")) == count(None) == "—"
    assert decimal(-1.25, 1) == "−1.2"
    assert share(-0.012, 1) == "−1.2%"
    assert yuan(123_456) == "¥1,235"
    assert [signed(value) for value in (3, -1200, 0.2, float("nan"))] == ["+3", "−1,200", "±0", "—"]
    assert measured(74.24, "seconds") == Words("74.2 秒", "74.2 s")
    assert measured(0.5, "share") == Words("50.0%", "50.0%")
    assert measured(None, "share") == words.NONE


@given(st.floats())
def test_no_number_shows_nan_or_a_hyphen(value: float) -> None:
    for text in (count(value), decimal(value), share(value), yuan(value), signed(value), measured(value, "units").zh):
        assert "nan" not in text
        assert "inf" not in text
        assert "-" not in text


def test_markdown_table_survives_any_cell() -> None:
    frame = pd.DataFrame({"a|b": ["x|y\nz", "<b>"], "n": [1234.5, np.nan], "d": [date(2026, 6, 18), None]})
    assert markdown_table(frame).splitlines() == [
        "| a\\|b | n | d |",
        "| --- | ---: | --- |",
        "| x\\|y z | 1,234.5 | 2026-06-18 |",
        "| &lt;b&gt; |  |  |",
    ]


def test_markdown_table_counts_what_it_leaves_out() -> None:
    assert markdown_table(pd.DataFrame({"n": range(5)}), limit=2).endswith("另有 3 行未列出 / 3 more rows")
    assert markdown_table(pd.DataFrame({"n": []})) == "（没有记录 / no rows）"


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_markdown_table_keeps_one_line_a_row(cells: list[str]) -> None:
    lines = markdown_table(pd.DataFrame({"cell": cells})).split("\n")
    assert len(lines) == 2 + len(cells)
    assert all(line.startswith("| ") and line.endswith(" |") for line in lines)


def test_every_feed_has_an_english_title() -> None:
    assert {feed.name for feed in FEEDS} == set(words.FEED_TITLES_EN)


def test_unknown_codes_are_shown_readably() -> None:
    assert words.words_for(words.CHECKS, "new_check") == Words("new check", "new check")
    assert words.words_for(words.CHECKS, "") == words.NONE


def test_capacity_reason_names_the_store_that_binds() -> None:
    assert words.quota_reason("capacity", "{甲}店").zh == "{甲}店接待能力已到上限"
    assert words.quota_reason("capacity", "").zh == "门店接待能力已到上限"


def test_quality_report_tells_what_was_stopped_and_why(make_report: Maker) -> None:
    report = make_report()
    text = quality_markdown(report.quality.assign(stop_reason=["", "", "", "缺少字段：状态"]), report.findings)
    assert "4 个数据源共读取 11,094 行，隔离 20 行；**1 个数据源已停用**" in text
    assert "- 自提预约：缺少字段：状态" in text
    assert "301 行待校验" in text
    assert "件数应在 1 到 1000 之间" in text


def test_quality_report_without_rows() -> None:
    text = quality_markdown(empty_frame("quality"), empty_frame("findings"))
    assert "没有读到任何数据" in text
    assert "没有被隔离的行" in text


def test_quality_report_shows_a_broken_balance(make_report: Maker) -> None:
    broken = make_report().quality.assign(rows_loaded=0.0)
    assert "✗ 差 3,671 行" in quality_markdown(broken, empty_frame("findings"))


def test_store_brief_fits_a_phone_screen(make_report: Maker) -> None:
    report = make_report()
    for store_id in report.store_days["store_id"].unique():
        brief = store_brief(report, store_id)
        assert len(brief.splitlines()) <= 10
        assert len(brief) <= 420
        assert "模拟城市数据" in brief
        assert "nan" not in brief


def test_store_brief_of_an_unknown_store_says_so(make_report: Maker) -> None:
    with pytest.raises(PermanentError, match="has no store 'S999'"):
        store_brief(make_report(), "S999")


def test_reason_of_a_rung_is_told_in_both_languages() -> None:
    told = words.trouble_words("ingest degraded: wms: no answer")
    assert told == Words("取数不完整：wms: no answer", "Ingest is incomplete: wms: no answer")
    assert words.trouble_words("something: else") == Words("something: else", "something: else")
