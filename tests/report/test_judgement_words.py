"""How good the forecast is, and what it is made of, in words; by hand."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from rouxing.report.explanation import explained_today, explanation_table, explanation_words
from rouxing.report.judgement import (
    alert_list,
    calibration,
    champion_words,
    group_table,
    horizon_scores,
    rule_words,
)
from rouxing.report.judgement_charts import calibration_chart, horizon_chart
from rouxing.report.judgement_page import judgement_markdown
from rouxing.report.plan_report import PlanReport, empty_frame
from rouxing.report.store_brief import store_brief

Maker = Callable[..., PlanReport]
SHARE = {"mean": 86.4, "committed": 41.2, "level": 70.3, "calendar": 9.4, "commitments": 5.4, "campaign": 0.2}


def test_a_forecast_in_a_sentence_adds_up_in_whole_pickups() -> None:
    words = explanation_words({**SHARE, "other": 1.1})
    assert words.zh == (
        "预计 86 单：平时水平 71，星期与节假日 +9，已领券与预约较往常 +5，近期校准 +1；其中约 41 单已有券或预约在手。"
    )
    assert words.en == (
        "86 pickups: usual level 71, weekday and holiday +9, coupons and bookings against usual +5, "
        "recent correction +1; about 41 already committed."
    )


def test_the_store_furthest_from_its_usual_comes_first(make_report: Maker) -> None:
    rows = [("S000", 10.0, 30.0), ("S001", 50.0, 31.0), ("S002", 29.0, 30.0)]
    today = pd.Timestamp("2026-06-18")
    shares = pd.DataFrame(
        [{**SHARE, "other": 0, "store_id": store, "mean": mean, "level": level, "method": "model", "date": today}
         for store, mean, level in rows]
    )  # fmt: skip
    report = make_report(shares=pd.concat([shares, shares.assign(date=today + pd.Timedelta(days=1))]))
    assert explained_today(report)["store_id"].tolist() == ["S000", "S001", "S002"]
    assert explanation_table(report).rows[0][0] == "南京西路店"


def test_the_manager_s_brief_says_what_the_forecast_is_made_of(make_report: Maker) -> None:
    brief = store_brief(make_report(), "S002")
    assert "平时水平" in brief
    assert len(brief.splitlines()) <= 10


def test_an_alert_says_when_where_what_and_how_much(make_report: Maker) -> None:
    (told,) = alert_list(make_report().alerts, {"Z1": "静安区"})
    assert told.zh == ("6月15日（周一）至6月17日（周三），静安区预测偏低：−21%，往常 −2%（正常范围 −12% 至 8%）。")
    assert told.en == "Mon 15 Jun to Wed 17 Jun, 静安区: forecast too low, −21%; usual is −2%, normal −12% to 8%."


@pytest.mark.parametrize(
    ("kind", "gain", "sentence"),
    [
        ("model", -0.12, "沿用柔性预测：同星期均值规则误差高 12.0%，0/3 个起点更准"),
        ("weekday_rule", 0.08, "改用同星期均值规则：滚动回测误差低 8.0%，3/3 个起点都更准。"),
    ],
)
def test_who_leads_and_why(kind: str, gain: float, sentence: str) -> None:
    row = {"kind": kind, "incumbent": "model", "challenger": "weekday_rule", "gain": gain, "origins": 3}
    assert champion_words(pd.DataFrame([{**row, "won_origins": 3 * (gain > 0)}])).zh.startswith(sentence)


def test_how_many_stores_use_the_rule() -> None:
    assert rule_words(pd.Series(["model", "rule", "model"])).zh.startswith("3 家门店中有 1 家")
    assert rule_words(pd.Series(["model"])).en == "Every store is forecast by the model."
    assert not rule_words(pd.Series([], dtype="str"))


def test_groups_stand_in_their_order_with_the_rules_beside(make_report: Maker) -> None:
    rows = group_table(make_report().boards, {"Z1": "静安区"}).rows
    assert [str(getattr(row[1], "zh", row[1])) for row in rows[:7]] == [
        *("静安区", "Z2", "小店", "中店", "大店", "老店", "新店（不足 8 周）"),
    ]
    assert rows[0][3:6] == ("18.5%", "23.5%", "28.5%")


def test_charts_hold_the_boards(make_report: Maker) -> None:
    boards = make_report().boards
    assert horizon_scores(boards).index.tolist() == list(range(1, 15))
    assert calibration(boards).loc[0.5] == pytest.approx(0.49)
    horizon, quantiles = horizon_chart(boards), calibration_chart(boards)
    assert horizon is not None
    assert quantiles is not None
    assert len(horizon.figure["data"]) == 3
    assert quantiles.figure["data"][1]["y"][3] == 0.49


def test_without_a_backtest_there_is_no_chart_and_a_friendly_line() -> None:
    nothing = {name: empty_frame(name) for name in ("boards", "alerts", "champion")}
    assert horizon_chart(nothing["boards"]) is None
    assert calibration_chart(nothing["boards"]) is None
    assert "近三天没有超出往常范围" in judgement_markdown(**nothing)


def test_the_artifact_holds_alerts_horizons_and_groups(make_report: Maker) -> None:
    report = make_report()
    text = judgement_markdown(report.boards, report.alerts, report.champion)
    for part in ("预测偏低", "forecast too low", "新店（不足 8 周）", "| 14 |"):
        assert part in text
