"""The day in one sentence and its key figures, computed from the frames of the report."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from rouxing.report.load import demand_on_business_date, overloaded
from rouxing.report.numbers import count, signed
from rouxing.report.plan_report import PlanReport
from rouxing.report.words import NONE, NOTHING, RUNGS, Words, counted, day_words

_DEMAND = Words(
    "预计自提 {mean} 单（80% 区间 {lower}–{upper}），其中约 {committed} 单已有券或预约在手",
    "{mean} pickups expected (80% interval {lower}–{upper}), about {committed} of them already committed by coupons "
    "and bookings",
)
_NO_DEMAND = Words("没有可用的需求预测", "no demand forecast available")


@dataclass(frozen=True, slots=True)
class Figure:
    """One key figure. ``tone`` is good, warn, bad or plain."""

    label: Words
    value: Words
    note: Words
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class DayFacts:
    """Counts behind the sentence; all for the business date unless said otherwise."""

    overloaded_stores: int
    stores: int
    stores_short_of_goods: int
    stores_short_of_staff: int
    quota_change: float
    changed_quotas: int
    moved_units: float
    supplied_stores: int


def day_facts(report: PlanReport) -> DayFacts:
    """Counts of the plan's day. Quotas and transfers are counted over all dates of the plan."""
    today = pd.Timestamp(report.business_date)
    store_days = report.store_days[report.store_days["business_date"] == today]
    staff = report.staff_slots[report.staff_slots["business_date"] == today]
    change = report.quotas["quota_coupons"] - report.quotas["previous_coupons"]
    return DayFacts(
        overloaded_stores=overloaded(store_days)["store_id"].nunique(),
        stores=store_days["store_id"].nunique(),
        stores_short_of_goods=report.shortages["store_id"].nunique(),
        stores_short_of_staff=staff.loc[staff["staff_planned"] < staff["staff_needed"], "store_id"].nunique(),
        quota_change=float(change.sum()),
        changed_quotas=int((change != 0).sum()),
        moved_units=float(report.transfers["quantity_units"].sum()),
        supplied_stores=report.transfers["store_id"].nunique(),
    )


def day_sentence(report: PlanReport) -> Words:
    """The day in one sentence, Chinese and English."""
    facts = day_facts(report)
    parts = [_demand_words(report), _trouble_words(report, facts), _quota_words(report, facts), _transfer_words(facts)]
    return Words(
        f"{_day_zh(report)}：" + "；".join(part.zh for part in parts) + "。" + _state_words(report).zh,
        f"{_day_en(report)}: " + "; ".join(part.en for part in parts) + "." + _state_words(report).en,
    )


def key_figures(report: PlanReport) -> tuple[Figure, ...]:
    """Six figures for the top of the page; a dash where the plan has nothing to count from."""
    facts = day_facts(report)
    return (
        _demand_figure(report),
        _trouble_figure(
            Words("可能超负荷", "Over capacity"),
            None if report.store_days.empty else facts.overloaded_stores,
            Words(f"共 {facts.stores} 家，偏高需求下", f"of {facts.stores}, at high demand"),
            "bad",
        ),
        _trouble_figure(
            Words("缺货", "Short of goods"),
            None if report.store_days.empty else facts.stores_short_of_goods,
            Words(f"{len(report.shortages)} 个门店商品", counted(len(report.shortages), "store-SKU")),
            "warn",
        ),
        _trouble_figure(
            Words("有时段缺人", "Short of staff"),
            None if report.staff_slots.empty else facts.stores_short_of_staff,
            Words("今日，至少半小时", "today, half an hour or more"),
            "warn",
        ),
        Figure(
            Words("券额度净变化", "Quota change"),
            NONE if report.quotas.empty else Words(f"{signed(facts.quota_change)} 张", signed(facts.quota_change)),
            Words(f"调整 {facts.changed_quotas} 个额度", f"{counted(facts.changed_quotas, 'quota')} changed"),
        ),
        Figure(
            Words("今晨配送", "Sent this morning"),
            Words(f"{count(facts.moved_units)} 件", counted(facts.moved_units, "unit")),
            Words(f"到 {facts.supplied_stores} 家门店", f"to {counted(facts.supplied_stores, 'store')}"),
        ),
    )


def _trouble_figure(label: Words, stores: int | None, note: Words, tone: str) -> Figure:
    if stores is None:
        return Figure(label, NONE, Words("没有数据", "no data"))
    return Figure(label, Words(f"{stores} 家", counted(stores, "store")), note, tone if stores else "good")


def _demand_figure(report: PlanReport) -> Figure:
    label = Words("今日预计自提", "Pickups today")
    demand = demand_on_business_date(report)
    if demand is None:
        return Figure(label, NONE, _NO_DEMAND, "warn")
    interval = f"{count(demand.lower)}–{count(demand.upper)}"
    return Figure(
        label,
        Words(f"{count(demand.mean)} 单", count(demand.mean)),
        Words(f"80% 区间 {interval}", f"80% interval {interval}"),
    )


def _day_zh(report: PlanReport) -> str:
    day = day_words(report.business_date).zh
    return f"{day[:-1]}·{report.day_note.zh}）" if report.day_note else day


def _day_en(report: PlanReport) -> str:
    day = day_words(report.business_date).en
    return f"{day} ({report.day_note.en})" if report.day_note else day


def _demand_words(report: PlanReport) -> Words:
    demand = demand_on_business_date(report)
    if demand is None:
        return _NO_DEMAND
    return _DEMAND.fill(
        mean=count(demand.mean),
        lower=count(demand.lower),
        upper=count(demand.upper),
        committed=count(demand.committed),
    )


def _trouble_words(report: PlanReport, facts: DayFacts) -> Words:
    if report.store_days.empty or report.staff_slots.empty:
        return Words("没有门店负荷或排班数据，短缺情况未知", "no store loads or staff plan, so shortages are unknown")
    troubles = [
        (facts.overloaded_stores, Words("家门店按偏高需求会超出接待能力", "over capacity at high demand")),
        (facts.stores_short_of_staff, Words("家门店有时段缺人", "short of staff in some half hours")),
        (facts.stores_short_of_goods, Words("家门店缺货", "short of goods")),
    ]
    told = [
        Words(f"{number} {words.zh}", f"{counted(number, 'store')} {words.en}") for number, words in troubles if number
    ]
    if not told:
        return Words("各门店人手、库存和接待能力都够", "staff, stock and capacity suffice in every store")
    return Words("，".join(words.zh for words in told), ", ".join(words.en for words in told))


def _quota_words(report: PlanReport, facts: DayFacts) -> Words:
    if report.quotas.empty:
        return Words("本计划不含券额度", "the plan holds no coupon quotas")
    if not facts.changed_quotas:
        return Words("券额度不变", "coupon quotas unchanged")
    number = count(abs(facts.quota_change))
    if round(facts.quota_change) == 0:
        return Words(
            f"券额度总量不变，{facts.changed_quotas} 处在门店间调配",
            f"coupon quotas unchanged in total, {facts.changed_quotas} moved between stores",
        )
    rises = facts.quota_change > 0
    return Words(
        f"券额度净{'增' if rises else '减'} {number} 张", f"coupon quotas {'up' if rises else 'down'} {number} in total"
    )


def _transfer_words(facts: DayFacts) -> Words:
    if not facts.moved_units:
        return Words("今晨没有配送", "nothing to send this morning")
    return Words(
        f"今晨配送 {count(facts.moved_units)} 件到 {facts.supplied_stores} 家门店",
        f"{counted(facts.moved_units, 'unit')} sent to {counted(facts.supplied_stores, 'store')} this morning",
    )


def _state_words(report: PlanReport) -> Words:
    if report.verdict == "fail":
        return Words("计划未通过校验，不能发布。", " The plan fails its certificate and cannot be published.")
    if report.label == "rollback":
        return Words("本计划由人工回滚到以前的计划。", " This plan goes back to a former one, as a person asked.")
    if report.rung != "full":
        rung = RUNGS[report.rung]
        return Words(f"本计划为{rung.zh}。", f" This is a degraded plan: {rung.en}.")
    told = [_breach_words(report), _incomplete_words(report)]
    return Words("".join(words.zh for words in told), "".join(words.en for words in told))


def _breach_words(report: PlanReport) -> Words:
    if report.verdict != "inherited_breach":
        return NOTHING
    breaches = int((report.checks["verdict"] == "inherited_breach").sum())
    return Words(
        f"另有 {breaches} 处超限由此前的承诺造成，本计划没有加重。",
        f" {counted(breaches, 'limit')} already broken by earlier promises; this plan makes none worse.",
    )


def _incomplete_words(report: PlanReport) -> Words:
    if not report.rung_reason:
        return NOTHING
    return Words("部分环节不完整，见计划卡片。", " Parts of the run are incomplete, see the plan card.")
