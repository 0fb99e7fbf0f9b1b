from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from rouxing.report.headline import day_sentence, key_figures
from rouxing.report.load import chain_days, load_level
from rouxing.report.plan_report import PlanReport, empty_frame
from rouxing.report.words import Words

Maker = Callable[..., PlanReport]
DAY = date(2026, 6, 18)


def _golden(make_report: Maker, **changes: object) -> PlanReport:
    """Two stores, worked by hand: 100 + 60 pickups, one over capacity, one short of staff, quotas down by 7."""
    parts: dict[str, object] = {
        "forecast_days": pd.DataFrame(
            {
                "store_id": ["A", "B"],
                "date": DAY,
                "mean": [100.0, 60.0],
                "p10": [90.0, 50.0],
                "p50": [100.0, 60.0],
                "p90": [120.0, 75.0],
                "committed": [30.0, 12.0],
                "rule": [90.0, 66.0],
            }
        ),
        "history_days": empty_frame("history_days"),
        "store_days": pd.DataFrame(
            {
                "store_id": ["A", "B"],
                "store_name": ["甲店", "乙店"],
                "district_id": "Z1",
                "district_name": "东区",
                "business_date": DAY,
                "load_mean": [100.0, 60.0],
                "load_upper": [120.0, 75.0],
                "p10": [90.0, 50.0],
                "committed": [30.0, 12.0],
                "capacity_pickups": [110.0, 90.0],
                "binding": ["staff", "counter"],
            }
        ),
        "staff_slots": pd.DataFrame(
            {
                "store_id": ["A", "B"],
                "store_name": ["甲店", "乙店"],
                "business_date": DAY,
                "slot": 36,
                "arrivals": [12.0, 6.0],
                "staff_needed": [4, 2],
                "staff_planned": [3, 2],
                "expected_wait_seconds": [200.0, 40.0],
            }
        ),
        "shortages": empty_frame("shortages"),
        "transfers": empty_frame("transfers"),
        "quotas": pd.DataFrame(
            {
                "stock_id": "C1",
                "stock_name": "满 59 减 15",
                "campaign_name": "618",
                "carrier_id": ["A", "B"],
                "carrier_name": ["甲店", "乙店"],
                "business_date": DAY,
                "previous_coupons": [40, 20],
                "quota_coupons": [30, 23],
                "issued_coupons": [5, 1],
                "reason": ["capacity", "demand"],
                "binding_store_name": ["甲店", None],
                "price_fen": [120.0, 0.0],
            }
        ),
        "verdict": "pass",
        "day_note": Words("", ""),
    }
    return make_report(**{**parts, **changes})


def test_sentence_worked_by_hand(make_report: Maker) -> None:
    words = day_sentence(_golden(make_report))
    assert words.zh == (
        "6月18日（周四）：预计自提 160 单（80% 区间 140–195），其中约 42 单已有券或预约在手；"
        "1 家门店按偏高需求会超出接待能力，1 家门店有时段缺人；券额度净减 7 张；今晨没有配送。"
    )
    assert words.en == (
        "Thu 18 Jun: 160 pickups expected (80% interval 140–195), about 42 of them already committed by coupons and "
        "bookings; 1 store over capacity at high demand, 1 store short of staff in some half hours; coupon quotas down "
        "7 in total; nothing to send this morning."
    )


def test_day_note_is_told_but_never_invented(make_report: Maker) -> None:
    noted = day_sentence(_golden(make_report, day_note=Words("618", "618 festival")))
    assert noted.zh.startswith("6月18日（周四·618）：")
    assert noted.en.startswith("Thu 18 Jun (618 festival): ")


@pytest.mark.parametrize(
    ("verdict", "rung", "told"),
    [
        ("fail", "full", "不能发布"),
        ("pass", "rule", "本计划为规则方案（降级）"),
        ("pass", "freeze", "本计划为冻结"),
        ("inherited_breach", "full", "本计划没有加重"),
    ],
)
def test_sentence_says_what_is_wrong_with_the_plan(make_report: Maker, verdict: str, rung: str, told: str) -> None:
    assert told in day_sentence(_golden(make_report, verdict=verdict, rung=rung)).zh


def test_nothing_known_is_not_told_as_nothing_wrong(make_report: Maker) -> None:
    report = _golden(make_report, store_days=empty_frame("store_days"), staff_slots=empty_frame("staff_slots"))
    assert "短缺情况未知" in day_sentence(report).zh
    assert [figure.value.zh for figure in key_figures(report)][1:4] == ["—", "—", "—"]


def test_quotas_that_only_move_are_told_as_moved(make_report: Maker) -> None:
    report = _golden(make_report)
    moved = report.quotas.assign(previous_coupons=[40, 20], quota_coupons=[35, 25])
    assert "券额度总量不变，2 处在门店间调配" in day_sentence(_golden(make_report, quotas=moved)).zh


def test_interval_of_the_chain_is_that_of_its_total(make_report: Maker) -> None:
    report = _golden(make_report)
    alone = chain_days(report).iloc[0]
    assert (alone["lower"], alone["upper"]) == (140.0, 195.0)
    totals = pd.DataFrame(
        {"area_id": ["D1", "ALL"], "date": [DAY, DAY], "mean": 170.0, "p10": [1.0, 155.0], "p90": 180}
    )
    day = chain_days(_golden(make_report, totals=totals)).iloc[0]
    assert (day["lower"], day["upper"], day["mean"]) == (155.0, 180.0, alone["mean"])


@pytest.mark.parametrize(
    ("load_share", "level"),
    [(0.0, "calm"), (0.7, "calm"), (0.71, "busy"), (0.9, "busy"), (1.0, "tight"), (1.001, "over"), (np.inf, "over")],
)
def test_levels_change_exactly_at_their_limits(load_share: float, level: str) -> None:
    assert load_level(load_share) == level
    assert load_level(float("nan")) == "unknown"


def test_inherited_breach_and_incomplete_run_are_both_told(make_report: Maker) -> None:
    report = _golden(make_report, verdict="inherited_breach", rung_reason="ingest degraded: wms")
    told = day_sentence(report).zh
    assert "本计划没有加重。部分环节不完整，见计划卡片。" in told
