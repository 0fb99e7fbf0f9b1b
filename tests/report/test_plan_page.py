from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from plotly.offline import get_plotlyjs

from rouxing.model.errors import PermanentError
from rouxing.report.plan_page import render_plan_page
from rouxing.report.plan_report import FRAMES, PlanReport, empty_frame, tidy_frame
from rouxing.report.words import Words

Maker = Callable[..., PlanReport]
HOSTILE = "<img src=x onerror=alert(1)>\"'&{{ 7*7 }}</script><script>alert(2)</script>%{x}\ue000a\ue001b\ue002"

HOSTILE_NOTE = Words(HOSTILE, HOSTILE)
LIBRARY = get_plotlyjs()


class _Page(HTMLParser):
    """Tags, attributes and visible text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.shown: list[str] = []
        self.stack: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "br", "img", "input"):
            self.stack.append((tag, dict(attrs).get("class") or ""))

    def handle_endtag(self, tag: str) -> None:
        while self.stack and self.stack.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(tag in ("script", "style", "title", "noscript") for tag, _ in self.stack):
            language = next((kind for _, kind in reversed(self.stack) if kind in ("zh", "en")), "")
            self.shown.append(f"{language}|{data}")

    def in_language(self, language: str) -> str:
        return " ".join(text.partition("|")[2] for text in self.shown if text.partition("|")[0] in ("", language))


def _own(page: str) -> str:
    """The page without the chart library."""
    return page.replace(LIBRARY, "")


def _charts(page: str) -> dict[str, dict[str, object]]:
    found = re.findall(r'<script type="application/json" id="chart-(\w+)">(.*?)</script>', page, flags=re.S)
    return {name: json.loads(text) for name, text in found}


def test_page_embeds_the_chart_library_once_and_fetches_nothing(make_report: Maker) -> None:
    page = render_plan_page(make_report())
    assert page.count(LIBRARY) == 1
    addresses = [
        value
        for tag, attributes in _Page(_own(page)).tags
        if tag != "a"
        for name, value in attributes.items()
        if name in ("src", "href", "srcset", "action", "poster")
    ]
    assert addresses == ["data:,"]
    assert not re.search(r"https?://|@import|url\(", _own(page))


def test_same_report_gives_the_same_page(make_report: Maker) -> None:
    assert render_plan_page(make_report(seed=4)) == render_plan_page(make_report(seed=4))


def test_row_order_of_store_days_does_not_matter(make_report: Maker) -> None:
    report = make_report()
    shuffled = make_report(forecast_days=report.forecast_days.sample(frac=1, random_state=1))
    assert _own(render_plan_page(report)) == _own(render_plan_page(shuffled))


def test_names_are_escaped_everywhere(make_report: Maker) -> None:
    report = make_report()
    changes: dict[str, object] = {
        name: getattr(report, name).assign(
            **{column: HOSTILE for column, kind in kinds.items() if kind == "text" and not column.endswith("_id")}
        )
        for name, kinds in FRAMES.items()
    }
    page = render_plan_page(make_report(**changes, plan_id=HOSTILE, rung_reason=HOSTILE, day_note=HOSTILE_NOTE))
    own = _own(page)
    assert "<img" not in own
    assert "<script>alert" not in own
    assert [tag for tag, _ in _Page(own).tags].count("script") == 2 + len(_charts(page))
    assert "onerror" not in {name for _, attributes in _Page(own).tags for name in attributes}


def test_chart_texts_resolve_to_one_language_even_with_hostile_names(make_report: Maker) -> None:
    report = make_report()
    page = render_plan_page(
        make_report(
            store_days=report.store_days.assign(store_name=HOSTILE),
            staff_slots=report.staff_slots.assign(store_name=HOSTILE),
            quotas=report.quotas.assign(stock_name=HOSTILE),
        )
    )
    for chart in _charts(page).values():
        text = json.dumps(chart, ensure_ascii=False)
        left = re.sub("\ue000([^\ue001]*)\ue001([^\ue002]*)\ue002", r"\1", text)
        json.loads(left)
        assert not re.search("[\ue000-\ue002]", left)
        # Plotly reads a little HTML in the texts of a figure; the labels of options are set as plain text.
        assert "<img" not in json.dumps(chart["figure"])


@pytest.mark.parametrize(("rung", "verdict"), [("full", "fail"), ("rule", "inherited_breach"), ("freeze", "pass")])
def test_report_without_rows_renders_with_friendly_sentences(
    empty_report: PlanReport, make_report: Maker, rung: str, verdict: str
) -> None:
    empty = {name: getattr(empty_report, name) for name in FRAMES}
    page = _own(render_plan_page(make_report(**empty, rung=rung, verdict=verdict, checks_passed=0, checks_total=0)))
    text = _Page(page).in_language("zh")
    for sentence in ("本计划没有需求预测。", "本计划没有排班。", "没有读取记录。", "还没有回测结果。", "短缺情况未知"):
        assert sentence in text
    assert "nan" not in text.lower()
    assert _charts(page) == {}


@pytest.mark.parametrize("name", sorted(FRAMES))
def test_any_single_empty_frame_renders(make_report: Maker, name: str) -> None:
    assert "</html>" in render_plan_page(make_report(stores=3, **{name: empty_frame(name)}))


@pytest.mark.parametrize("name", sorted(FRAMES))
def test_missing_values_render_as_dashes(make_report: Maker, name: str) -> None:
    numbers = {column: np.nan for column, kind in FRAMES[name].items() if kind == "number"}
    if name == "staff_slots":
        del numbers["slot"]
    page = render_plan_page(make_report(stores=3, **{name: getattr(make_report(stores=3), name).assign(**numbers)}))
    assert "nan" not in _Page(_own(page)).in_language("zh").lower()


def test_simulated_label_only_when_told_so(make_report: Maker) -> None:
    page = _Page(_own(render_plan_page(make_report())))
    assert "模拟城市数据" in page.in_language("zh")
    assert "Simulated city data" in page.in_language("en")
    assert "模拟" not in _own(render_plan_page(make_report(is_simulated=False)))


def test_english_view_has_no_chinese_but_names(make_report: Maker) -> None:
    report = make_report()
    latin = {
        name: getattr(report, name).assign(
            **{
                column: getattr(report, name)[column].str.replace(r"[^\x00-\x7f]+", "x", regex=True)
                for column, kind in kinds.items()
                if kind == "text" and column.endswith("_name")
            }
        )
        for name, kinds in FRAMES.items()
    }
    shown = _Page(_own(render_plan_page(make_report(**latin)))).in_language("en").replace("中文", "")
    assert re.findall("[\u4e00-\u9fff]+", shown) == []


def test_figures_on_the_page_come_from_the_frames(make_report: Maker) -> None:
    report = make_report(stores=30)
    text = _Page(_own(render_plan_page(report))).in_language("zh")
    today = report.store_days[report.store_days["business_date"] == pd.Timestamp(report.business_date)]
    # The sample has some of each, so that no sentence is left out.
    over = int((today["load_upper"] > today["capacity_pickups"]).sum())
    change = int((report.quotas["quota_coupons"] - report.quotas["previous_coupons"]).sum())
    assert f"{over} 家门店按偏高需求会超出接待能力" in text
    assert f"券额度净减 {-change} 张" in text
    assert f"今晨配送 {report.transfers['quantity_units'].sum():,.0f} 件" in text
    assert "412 / 413" in text


def test_long_tables_say_how_much_they_leave_out(make_report: Maker) -> None:
    page = _Page(_own(render_plan_page(make_report(stores=60)))).in_language("zh")
    assert "另有 20 家" in page
    assert "行未列出" in page


def test_missing_column_is_named(make_report: Maker) -> None:
    with pytest.raises(PermanentError, match="'quotas' lacks reason"):
        make_report(quotas=make_report().quotas.drop(columns="reason"))


def test_text_in_a_number_column_is_refused(make_report: Maker) -> None:
    with pytest.raises(PermanentError, match="rows_read of the report's frame 'quality'"):
        make_report(quality=make_report().quality.assign(rows_read="many"))


def test_moment_without_zone_is_refused(make_report: Maker) -> None:
    with pytest.raises(PermanentError, match="no time zone"):
        make_report(as_of=make_report().as_of.replace(tzinfo=None))


def test_moments_become_days_in_shanghai() -> None:
    late = pd.Timestamp("2026-06-17 17:00", tz="UTC")
    tidy = tidy_frame("history_days", pd.DataFrame({"store_id": ["S1"], "date": [late], "pickups": [3]}))
    assert tidy["date"].iloc[0] == pd.Timestamp("2026-06-18")


def test_stores_that_share_a_name_stay_apart_in_charts(make_report: Maker) -> None:
    report = make_report(stores=4)
    page = render_plan_page(make_report(stores=4, staff_slots=report.staff_slots.assign(store_name="一店")))
    staff = _charts(page)["staff"]
    assert len(set(staff["figure"]["data"][0]["y"])) == 4  # type: ignore[index]


def test_a_plan_for_one_day_and_one_store_renders(make_report: Maker) -> None:
    report = make_report(stores=1)
    tomorrow = pd.Timestamp(report.business_date + timedelta(days=1))
    today_only = {
        name: getattr(report, name)[getattr(report, name)["business_date"] < tomorrow]
        for name in ("store_days", "staff_slots", "quotas")
    }
    charts = _charts(render_plan_page(make_report(stores=1, **today_only)))
    assert charts["staff"]["options"] == []
    assert charts["demand"]["options"] == []


@settings(
    max_examples=8,
    deadline=None,
    # A page takes a third of a second; shrinking one would take minutes.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    numbers=st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), min_size=4, max_size=4),
    name=st.text(max_size=12),
)
@example(numbers=[math.inf, math.inf, 0.0, math.inf], name="")
@example(numbers=[1e30, 1e-40, -1.0, 3.4e38], name="\x00")
@example(numbers=[math.nan, math.inf, math.nan, -math.inf], name="\ud7ff{}")
def test_any_numbers_and_names_render(make_report: Maker, numbers: list[float], name: str) -> None:
    report = make_report(stores=2)
    load_mean, load_upper, capacity, units = numbers
    page = render_plan_page(
        make_report(
            stores=2,
            store_days=report.store_days.assign(
                load_mean=load_mean, load_upper=load_upper, capacity_pickups=capacity, store_name=name, binding=name
            ),
            forecast_days=report.forecast_days.assign(mean=load_mean, p90=load_upper),
            transfers=report.transfers.assign(quantity_units=units, sku_name=name, reason=name),
            staff_slots=report.staff_slots.assign(staff_planned=abs(units), store_name=name),
        )
    )
    assert page.endswith("</html>")
    assert all(chart["figure"] for chart in _charts(page).values())


def test_decimals_and_missing_values_from_a_database_are_read() -> None:
    rows = pd.DataFrame({"measure": ["fill_rate", None], "value": [Decimal("0.5"), None], "unit": ["share", None]})
    tidy = tidy_frame("learned", rows)
    assert tidy["value"].iloc[0] == 0.5
    assert math.isnan(tidy["value"].iloc[1])
    assert tidy["measure"].tolist() == ["fill_rate", ""]


def test_an_id_stands_in_for_a_missing_name(make_report: Maker) -> None:
    report = make_report(stores=1)
    nameless = make_report(stores=1, transfers=report.transfers.assign(store_name=None))
    assert nameless.transfers["store_name"].unique().tolist() == ["S000"]


def test_an_incomplete_full_plan_says_so(make_report: Maker) -> None:
    report = make_report(rung_reason="validate degraded: 自提预约停用\nforecast degraded: 历史太短", verdict="pass")
    text = _Page(_own(render_plan_page(report))).in_language("zh")
    for told in ("部分环节不完整，见计划卡片。", "数据校验不完整：自提预约停用", "预测不完整：历史太短"):
        assert told in text
