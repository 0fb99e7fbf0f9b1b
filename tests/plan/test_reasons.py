"""Reasons: what a shop manager reads for each limit that can set a number, and that they are stored with the plan."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rouxing.cli.explain import reasons_of
from rouxing.model.errors import PermanentError
from rouxing.plan.reason_words import QUOTA, STAFF, TRANSFER
from rouxing.plan.reasons import KEY, explain_numbers, most_important
from rouxing.warehouse.database import Connection
from tasks.plan_reasons import write_reasons
from tests.plan.world import AS_OF, DAY

TODAY = date(2026, 6, 18)
TOMORROW = pd.Timestamp("2026-06-19")
LIMITS = {"coupon_quota": QUOTA, "stock_transfer": TRANSFER, "staff": STAFF}


def facts(subject: str, limit_name: str, **changes: Any) -> dict[str, pd.DataFrame]:
    row = {
        "item": "B1 S012", "business_date": TOMORROW, "place_id": "S012", "place_name": "静安寺店", "article_id": "B1",
        "article_name": "满20减3", "before_value": 500.0, "after_value": 300.0, "limit_name": limit_name,
        "limit_subject": "S012", "price_fen": 250.0, "forecast_mean": 182.0, "forecast_upper": 210.0, "committed": 60.0,
        "limit_value": 190.0, "slack": 0.0, "wanted": 340.0, "missing": 1.0, "issued_coupons": 120.0,
        "expected_claims": 280.0, "coupons_per_pickup": 4.2, **changes,
    }  # fmt: skip
    return {subject: pd.DataFrame([row])}


def sentence(subject: str, limit_name: str, **changes: Any) -> tuple[str, str]:
    told = explain_numbers(facts(subject, limit_name, **changes), TODAY, "p90").iloc[0]
    return told["sentence_zh"], told["sentence_en"]


def test_a_cut_for_want_of_counters_reads_as_a_colleague_would_say_it() -> None:
    chinese, english = sentence("coupon_quota", "counter")
    assert chinese == (
        "静安寺店（S012）明天「满20减3」减少 200 张（500 → 300）：照现行额度预计到店 182 单"
        "（其中 60 单来自已领的券和预约，九成把握不超过 210 单），柜台每天最多 190 单；"
        "柜台每天再多办 1 单，可多发约 4 张。"
    )
    assert english == (
        "静安寺店 (S012), tomorrow, 满20减3: down 200 coupons (500 → 300): 182 pickups expected at the quota in force"
        " (60 of them from coupons out and bookings, 90% sure of no more than 210); the counter hands over at most 190"
        " a day; one more pickup a day makes room for about 4."
    )


def test_the_change_limit_says_what_pushes_against_it() -> None:
    assert "每天最多接待 190 单，已减到单次上限；下一轮接着减。" in sentence("coupon_quota", "change_limit")[0]
    fits = sentence("coupon_quota", "change_limit", forecast_upper=180.0)[0]
    assert "全天还接得住" in fits
    assert "每天最多接待" not in fits
    assert "已加到单次上限；下一轮接着加。" in sentence("coupon_quota", "change_limit", after_value=600.0)[0]
    assert "最忙的半小时（17:30）" in sentence("coupon_quota", "slot", limit_subject="S012 17:30")[0]


def test_a_zone_s_load_is_told_of_the_store_that_presses_most() -> None:
    chinese, english = sentence("coupon_quota", "counter", load_place="衡山路店")
    assert "：最紧的衡山路店照现行额度预计到店 182 单" in chinese
    assert "182 pickups expected at 衡山路店, the tightest store, at the quota in force" in english


def test_goods_and_people_read_likewise() -> None:
    chinese, _ = sentence(
        "stock_transfer", "dc_supply", limit_subject="DC1", article_name="鲜牛奶", before_value=None, after_value=36.0,
        wanted=48.0, price_fen=120.0,
    )  # fmt: skip
    assert chinese == (
        "静安寺店（S012）明天到货「鲜牛奶」36 件：想要 48 件，DC1这种货不够分，少给 12 件；中心每多 1 件约值 1.20 元。"
    )
    chinese, _ = sentence("staff", "roster", before_value=21.0, after_value=24.0, wanted=25.5)
    assert chinese == (
        "静安寺店（S012）明天排 24 人时（比现行多 3）：预计到店 182 单（其中 60 单来自已领的券和预约，"
        "九成把握不超过 210 单），要 25.5 人时，可调配的人已排满，最紧时缺 1 人；再找到 1 人就能补上最紧的时段。"
    )


@pytest.mark.parametrize(("subject", "limit"), [(subject, name) for subject in LIMITS for name in LIMITS[subject]])
def test_every_limit_has_its_sentence_even_where_little_is_known(subject: str, limit: str) -> None:
    told = [sentence(subject, limit), sentence(subject, limit, forecast_mean=None, committed=None, wanted=None)]
    for chinese, english in told:
        assert chinese.endswith("。")
        assert english.endswith(".")
        for text in (chinese, english):
            assert not any(mark in text for mark in ("{", "}", "nan", "None", "；。", "：；", "，，"))


def test_an_unknown_limit_is_named_rather_than_hidden() -> None:
    assert "moon_phase" in sentence("coupon_quota", "moon_phase")[0]


ALL_REASONS = pd.concat(
    [
        explain_numbers(facts(subject, name, item=f"{subject} {name}", after_value=float(size)), TODAY, "p90")
        for subject in LIMITS
        for size, name in enumerate(LIMITS[subject])
    ],
    ignore_index=True,
)


@settings(deadline=None, max_examples=30)
@given(st.permutations(range(len(ALL_REASONS))), st.integers(1, 12))
def test_the_most_important_reasons_do_not_depend_on_the_order_of_rows(order: list[int], most: int) -> None:
    best = most_important(ALL_REASONS.iloc[order], most)
    pd.testing.assert_frame_equal(best, most_important(ALL_REASONS, most))
    assert not best.duplicated(KEY).any()
    assert len(best) == most


@pytest.fixture
def plan(plan: Connection) -> Connection:
    """The same with a header of its own."""
    plan.execute(
        "insert into plan.headers (plan_id, business_date, as_of, mode, rung, allocation_id, redistribution_id,"
        " inputs_hash, parameters, code_version, verdict, checks_passed, checks_total, is_published) values"
        " ('plan-1', %s, %s, 'live', 'full', 'allocation-1', 'redistribution-1', '', '{}', '', 'pass', 1, 1, true)",
        [DAY, AS_OF],
    )
    return plan


def test_the_reasons_are_stored_with_the_plan_and_found_by_store(plan: Connection) -> None:
    plan.execute(
        "update plan.coupon_quotas set reason = 'capacity', binding_limit = 'counter', binding_store_id = 'S1'"
    )
    # One quota and two stores' people change; goods set by demand are explained when asked for.
    assert write_reasons(plan, "plan-1") == 3
    found = reasons_of(plan, "plan-1", "S1", None, None, 10)
    assert found["subject"].tolist() == ["coupon_quota", "staff"]
    quota = found.iloc[0]
    assert quota["limit_name"] == "counter"
    assert quota["slack"] == pytest.approx(30 - 26.97616, abs=1e-4)
    # One coupon more is claimed with the chance that 26 do not do, 14 in 30, and a quarter of the claims is collected.
    assert "可多发约 9 张" in quota["sentence_zh"]
    asked = reasons_of(plan, "plan-1", "S1", "K1", None, 10)
    assert asked["limit_name"].tolist() == ["demand"]
    assert reasons_of(plan, "plan-1", "S2", "B1", None, 10).empty


def test_a_plan_or_store_nobody_knows_is_one_sentence(plan: Connection) -> None:
    with pytest.raises(PermanentError, match="There is no plan"):
        reasons_of(plan, "plan-2", "S1", None, None, 10)
    with pytest.raises(PermanentError, match="There is no store 'S9'"):
        reasons_of(plan, "plan-1", "S9", None, None, 10)
