"""A made-up plan, realistic enough to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rouxing.forecast.judgement import METHODS
from rouxing.model.dates import planning_moment
from rouxing.report.judgement import BELOW, LEVELS
from rouxing.report.plan_report import FRAMES, PlanReport, PlanValues, empty_frame
from rouxing.report.words import Words

DAY = date(2026, 6, 18)
DISTRICTS = ("静安区", "徐汇区", "浦东新区", "杨浦区", "闵行区", "长宁区")
STREETS = ("南京西路", "衡山路", "陆家嘴", "五角场", "莘庄", "虹桥", "漕河泾", "张江", "大宁", "中山公园")
SKUS = ("鲜牛奶 950ml", "低温酸奶 8 杯", "五常大米 5kg", "抽纸 24 包", "冷鲜鸡胸 500g", "苏打水 12 瓶", "洗衣液 3kg")
COUPONS = ("满 59 减 15", "满 99 减 30", "乳品 8 折", "冷鲜 9 折", "鲜奶兑换券", "大区通用券")


@pytest.fixture
def make_report() -> Callable[..., PlanReport]:
    """Builds a report of ``stores`` stores; keyword arguments replace its fields."""

    def make(stores: int = 6, seed: int = 1, **changes: Any) -> PlanReport:
        return replace(sample_report(stores, seed), **changes)

    return make


@pytest.fixture
def empty_report(make_report: Callable[..., PlanReport]) -> PlanReport:
    """A report whose frames have no rows."""
    return make_report(stores=1, values=PlanValues(), **{name: empty_frame(name) for name in FRAMES})


def sample_report(stores: int, seed: int) -> PlanReport:
    random = np.random.default_rng(seed)
    directory = _stores(stores)
    return PlanReport(
        plan_id="3f9c2b7a1d0e4c58",
        business_date=DAY,
        as_of=planning_moment(DAY),
        rung="full",
        rung_reason="",
        verdict="inherited_breach",
        checks_passed=412,
        checks_total=413,
        is_simulated=True,
        is_dry_run=True,
        checks=_checks(directory, random),
        store_days=_store_days(directory, random),
        forecast_days=_forecast_days(directory, random),
        history_days=_history_days(directory, random),
        transfers=_transfers(directory, random),
        shortages=_shortages(directory, random),
        staff_slots=_staff_slots(directory, random),
        quotas=_quotas(directory, random),
        quality=_quality(),
        findings=_findings(),
        accuracy=_accuracy(),
        learned=_learned(),
        boards=_boards(),
        alerts=_alerts(),
        champion=_champion(),
        shares=_shares(directory, random),
        values=PlanValues(4_812_300.0, 4_830_100.0, 1_223_400.0, 1_226_900.0),
        accuracy_window="2026-06-04 – 2026-06-17",
        day_note=Words("618", "618 festival"),
    )


def _stores(number: int) -> pd.DataFrame:
    rows = range(number)
    return pd.DataFrame(
        {
            "store_id": [f"S{row:03d}" for row in rows],
            "store_name": [f"{STREETS[row % 10]}{'店' if row < 10 else f'{row // 10 + 1}店'}" for row in rows],
            "district_id": [f"Z{row % len(DISTRICTS) + 1}" for row in rows],
            "district_name": [DISTRICTS[row % len(DISTRICTS)] for row in rows],
            "size": 28 + np.arange(number) * 17 % 30,
        }
    )


def _by_day(directory: pd.DataFrame, first: int, days: int, name: str) -> pd.DataFrame:
    dates = pd.DataFrame({name: [DAY + timedelta(days=first + day) for day in range(days)]})
    return directory.merge(dates, how="cross")


def _weekly(days: pd.Series) -> np.ndarray:
    moments = pd.to_datetime(days)
    burst = 1 + 0.6 * np.exp(-np.abs((moments - pd.Timestamp(DAY)).dt.days.to_numpy()) / 1.5)
    return np.array([1.0, 0.95, 0.97, 1.0, 1.15, 1.35, 1.3])[moments.dt.day_of_week] * burst


def _history_days(directory: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    days = _by_day(directory, -28, 28, "date")
    days["pickups"] = random.poisson(days["size"] * _weekly(days["date"]))
    return days[["store_id", "date", "pickups"]]


def _forecast_days(directory: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    days = _by_day(directory, 0, 7, "date")
    mean = days["size"] * _weekly(days["date"]) * random.normal(1, 0.05, len(days))
    lead = np.tile(np.arange(7), len(directory))
    return days[["store_id", "date"]].assign(
        mean=mean,
        p10=mean * 0.75,
        p50=mean * 0.98,
        p90=mean * 1.3,
        committed=mean * 0.42 * 0.45**lead,
        rule=days["size"],
    )


def _store_days(directory: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    days = _by_day(directory, 0, 2, "business_date")
    mean = days["size"] * _weekly(days["business_date"])
    return days.drop(columns="size").assign(
        load_mean=mean,
        load_upper=mean * 1.25,
        p10=mean * 0.78,
        committed=mean * 0.35,
        capacity_pickups=np.round(mean * random.uniform(1.05, 2.4, len(days))),
        binding=random.choice(["counter", "staff", "stock", "default"], len(days)),
    )


def _transfers(directory: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    lines = directory.merge(pd.DataFrame({"sku_name": SKUS}), how="cross").sample(frac=0.6, random_state=1)
    wanted = random.integers(4, 60, len(lines)).astype(float)
    return lines.assign(
        sku_id=["K" + str(SKUS.index(name)) for name in lines["sku_name"]],
        dc_id=random.choice(["DC1", "DC2"], len(lines)),
        quantity_units=np.maximum(1, np.floor(wanted * random.uniform(0.5, 1, len(lines)))).astype(int),
        wanted_units=wanted,
        arrives_on=DAY + timedelta(days=1),
        reason=random.choice(["demand", "dc_supply", "cold_volume", "pack"], len(lines)),
    )


def _shortages(directory: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    lines = directory.head(4).merge(pd.DataFrame({"sku_name": SKUS[:5]}), how="cross").sample(frac=0.6, random_state=2)
    return lines.assign(
        sku_id=["K" + str(SKUS.index(name)) for name in lines["sku_name"]],
        short_units=random.uniform(2, 40, len(lines)),
        reason=random.choice(["dc_supply", "cold_volume"], len(lines)),
    )


def _staff_slots(directory: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    slots = pd.DataFrame({"slot": range(18, 44)})
    rows = _by_day(directory, 0, 2, "business_date").merge(slots, how="cross")
    peak = np.exp(-(((rows["slot"] - 37) / 4.0) ** 2)) + 0.5 * np.exp(-(((rows["slot"] - 24) / 3.0) ** 2))
    arrivals = rows["size"] * (0.02 + 0.12 * peak) * random.uniform(0.8, 1.2, len(rows))
    needed = np.ceil(arrivals / 2.2).astype(int).clip(lower=1)
    planned = np.minimum(needed, 3)
    return rows.assign(
        arrivals=arrivals,
        staff_needed=needed,
        staff_planned=planned,
        expected_wait_seconds=random.uniform(5, 200, len(rows)),
    )


def _quotas(directory: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    coupons = pd.DataFrame({"stock_name": COUPONS, "campaign_name": ["618 大促", "周年庆"] * 3})
    rows = _by_day(directory, 0, 2, "business_date").merge(coupons, how="cross")
    previous = random.integers(10, 60, len(rows))
    change = np.where(random.random(len(rows)) < 0.15, random.integers(-12, 8, len(rows)), 0)
    reason = np.where(
        change == 0, "move_cost", random.choice(["capacity", "budget", "change_limit", "demand"], len(rows))
    )
    return rows.assign(
        stock_id=["C" + str(COUPONS.index(name)) for name in rows["stock_name"]],
        carrier_id=rows["store_id"],
        carrier_name=rows["store_name"],
        previous_coupons=previous,
        quota_coupons=np.maximum(0, previous + change),
        issued_coupons=np.where(rows["business_date"] == DAY, 3, 0),
        reason=reason,
        binding_store_name=np.where(reason == "capacity", rows["store_name"], None),
        price_fen=random.uniform(0, 900, len(rows)),
    )


def _checks(directory: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    names = ["counter_capacity", "slot_capacity", "cold_chain", "dc_supply", "campaign_day_budget", "change_limit"]
    rows = directory[["store_id"]].merge(pd.DataFrame({"check_name": names}), how="cross")
    limit = random.uniform(30, 90, len(rows)).round()
    slack = random.uniform(0, 30, len(rows)).round(1)
    slack[3] = -2.0
    verdict = np.where(slack < 0, "inherited_breach", "pass")
    return rows.assign(subject=rows["store_id"], value=limit - slack, limit_value=limit, slack=slack, verdict=verdict)


def _quality() -> pd.DataFrame:
    return pd.DataFrame(
        [
            ("order_lines", "POS 订单明细", 3912, 3671, 230, 11, "admitted"),
            ("stock_levels", "WMS 库存", 768, 768, 0, 0, "admitted"),
            ("coupon_events", "微信卡券事件", 5210, 5102, 99, 9, "admitted"),
            ("bookings", "自提预约", 1204, 900, 3, 0, "stopped"),
        ],
        columns=["feed", "title", "rows_read", "rows_loaded", "rows_unchanged", "rows_quarantined", "status"],
    )


def _findings() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "feed": ["order_lines", "coupon_events"],
            "title": ["POS 订单明细", "微信卡券事件"],
            "expectation": ["expect_column_values_to_be_between", "expect_column_values_to_not_be_null"],
            "column_name": ["quantity_units", "store_id"],
            "reason": ["件数应在 1 到 1000 之间", "缺少门店编号"],
            "rows": [11, 9],
        }
    )


def _accuracy() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "method": ["rouxing", "weekday_rule", "seasonal_naive"],
            "wape": [0.182, 0.241, 0.296],
            "rmsle": [0.231, 0.302, 0.371],
            "mase": [0.71, 0.93, 1.14],
            "bias": [-0.012, -0.081, -0.064],
            "coverage_80": [0.81, float("nan"), float("nan")],
        }
    )


def _boards() -> pd.DataFrame:
    groups = [("all", ["all"]), ("horizon", [str(day) for day in range(1, 15)]), ("district", ["Z1", "Z2"])]
    groups += [("size", ["small", "medium", "large"]), ("age", ["settled", "new"]), ("used", ["model", "rule"])]
    groups += [("weekday", [str(day) for day in range(7)])]
    rows = [(board, group, method) for board, names in groups for group in names for method in METHODS]
    boards = pd.DataFrame(rows, columns=["board", "group_name", "method"])
    worse = boards["method"].map({"ours": 0.0, "weekday_rule": 0.05, "seasonal_naive": 0.1})
    far = pd.to_numeric(boards["group_name"].where(boards["board"] == "horizon")).fillna(7)
    ours = boards["method"] == "ours"
    below = {name: ours.map({True: level * 0.98, False: np.nan}) for name, level in zip(BELOW, LEVELS, strict=True)}
    return boards.assign(
        store_days=420, wape=0.15 + worse + 0.005 * far, bias=-0.01, **below, coverage_80=below["below_p90"] * 0.88
    )


def _alerts() -> pd.DataFrame:
    days = {"first_day": pd.Timestamp("2026-06-15"), "last_day": pd.Timestamp("2026-06-17")}
    usual = {"usual": -0.02, "lower": -0.12, "upper": 0.08}
    return pd.DataFrame([{"scope": "Z1", "cause": "bias", "value": -0.21, **usual, **days}])


def _champion() -> pd.DataFrame:
    kept = {"kind": "model", "incumbent": "model", "challenger": "weekday_rule"}
    return pd.DataFrame([{**kept, "gain": -0.12, "won_origins": 0, "origins": 3}])


def _shares(directory: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    days = _by_day(directory, 0, 14, "date")
    parts = {name: random.normal(0, days["size"] * 0.1) for name in ("calendar", "commitments", "campaign", "other")}
    rest = pd.DataFrame(parts).sum(axis=1)
    method = np.where(days["store_id"] == "S001", "rule", "model")
    return days[["store_id", "date"]].assign(
        level=days["size"], **parts, mean=days["size"] + rest, committed=days["size"] * 0.3, method=method
    )


def _learned() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "measure": [
                "pickups",
                "forecast_wape",
                "fill_rate",
                "mean_wait_seconds",
                "overload_minutes",
                "redemptions_per_claim",
            ],
            "value": [1312, 0.174, 0.968, 74.2, 210, 0.342],
            "unit": ["pickups", "share", "share", "seconds", "store-minutes", "share"],
        }
    )
