"""Plain Chinese and English for every code a report shows: reasons, limits, checks, measures, feeds, statuses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from html import escape


@dataclass(frozen=True, slots=True)
class Words:
    """One text in Chinese and in English."""

    zh: str
    en: str

    def fill(self, **values: object) -> Words:
        """The text with ``{name}`` replaced in both languages; a value that is ``Words`` gives each its own."""
        chinese = {name: value.zh if isinstance(value, Words) else value for name, value in values.items()}
        english = {name: value.en if isinstance(value, Words) else value for name, value in values.items()}
        return Words(self.zh.format(**chinese), self.en.format(**english))

    def __bool__(self) -> bool:
        return bool(self.zh or self.en)


NONE = Words("—", "—")
NOTHING = Words("", "")

RUNGS = {
    "full": Words("完整计划", "Full plan"),
    "rule": Words("规则方案（降级）", "Rule plan (degraded)"),
    "freeze": Words("冻结：沿用现行设置（降级）", "Frozen: settings in force kept (degraded)"),
}

VERDICTS = {
    "pass": Words("通过", "Pass"),
    "inherited_breach": Words("已有超限，未加重", "Inherited breach, not worsened"),
    "fail": Words("未通过", "Fail"),
}

BINDINGS = {
    "counter": Words("柜台接待能力", "counter capacity"),
    "staff": Words("人手", "staff"),
    "stock": Words("库存", "stock"),
    "default": Words("保守默认值（门店未维护产能）", "cautious default (capacity not maintained)"),
}

QUOTA_REASONS = {
    "demand": Words("按预计领取量给足", "Set to what customers are expected to claim"),
    "budget": Words("活动预算已分完，先给价值更高的门店", "Campaign budget is used up; worthier stores come first"),
    "capacity": Words("门店接待能力已到上限", "Held back by the store's pickup capacity"),
    "change_limit": Words("已到单次调整上限", "Reached the most it may change in one cycle"),
    "issued": Words("不能低于已领取的张数", "Cannot go below coupons already claimed"),
    "protected": Words("受保护的活动，不下调", "Protected campaign: not cut"),
    "move_cost": Words("调整收益太小，维持不变", "A change would gain too little; kept"),
    "scope": Words("不在本次调整范围", "Outside the scope of this cycle"),
    "rule": Words("规则方案：按今日上限等比例收紧", "Rule plan: trimmed in proportion to today's limits"),
}

CAPACITY_OF = Words("{store}接待能力已到上限", "Held back by the pickup capacity of {store}")

STOCK_REASONS = {
    "demand": Words("按需求足量配送", "Sent as much as demand asks for"),
    "dc_supply": Words("配送中心货源不足", "Not enough supply at the distribution centre"),
    "cold_volume": Words("门店冷藏空间不足", "Not enough cold room in the store"),
    "ambient_volume": Words("门店常温空间不足", "Not enough ambient room in the store"),
    "no_cold_storage": Words("门店没有冷藏设备", "The store has no cold storage"),
    "pack": Words("按整箱取整", "Rounded to whole packs"),
    "shelf_life": Words("受保质期限制", "Held back by shelf life"),
    "lead_time": Words("来不及到货", "Cannot arrive in time"),
}

CHECKS = {
    "store_day_capacity": Words("门店日接待能力", "Store-day capacity"),
    "slot_capacity": Words("半小时接待能力", "Half-hour capacity"),
    "staff": Words("排班人数上限", "Staff limit"),
    "staff_limit": Words("排班人数上限", "Staff limit"),
    "cold_chain": Words("冷链：无冷藏门店不配冷品", "Cold chain"),
    "cold_volume": Words("门店冷藏空间", "Cold room"),
    "ambient_volume": Words("门店常温空间", "Ambient room"),
    "volume": Words("门店存放空间", "Store room"),
    "dc_supply": Words("配送中心可用库存", "DC supply"),
    "pack": Words("整箱配送", "Whole packs"),
    "whole_packs": Words("整箱配送", "Whole packs"),
    "budget": Words("活动预算", "Campaign budget"),
    "campaign_budget": Words("活动总预算", "Campaign budget"),
    "daily_budget": Words("活动单日预算", "Daily campaign budget"),
    "issued": Words("额度不低于已领取", "Not below issued"),
    "issued_count": Words("额度不低于已领取", "Not below issued"),
    "change_limit": Words("单次调整幅度", "Change per cycle"),
    "changed_stocks": Words("单次调整的批次数", "Coupon stocks changed per cycle"),
    "changed_carriers": Words("单次调整的额度数", "Quotas changed per cycle"),
    "protected": Words("受保护活动不下调", "Protected campaigns"),
    "pilot_scope": Words("试点范围", "Pilot scope"),
    "scope": Words("试点范围", "Pilot scope"),
}

METHODS = {
    "rouxing": Words("柔性预测", "Rouxing"),
    "weekday_rule": Words("同星期均值规则", "Weekday rule"),
    "seasonal_naive": Words("照抄上周同日", "Same day last week"),
}

MEASURES = {
    "forecast_wape": Words("预测误差（WAPE）", "Forecast error (WAPE)"),
    "forecast_bias": Words("预测偏差", "Forecast bias"),
    "interval_coverage": Words("落在 80% 区间内的门店", "Stores inside the 80% interval"),
    "forecast_coverage": Words("落在 80% 区间内的门店", "Stores inside the 80% interval"),
    "coverage_80": Words("落在 80% 区间内的门店", "Stores inside the 80% interval"),
    "fill_rate": Words("有货率", "Fill rate"),
    "mean_wait_seconds": Words("平均等候", "Mean wait"),
    "p90_wait_seconds": Words("九成顾客等候不超过", "90% waited at most"),
    "overload_minutes": Words("超负荷时长（各店合计）", "Overload minutes, all stores"),
    "redemption_rate": Words("券核销率", "Redemption rate"),
    "pickups": Words("实际自提", "Pickups"),
    "forecast_pickups": Words("预测自提", "Pickups forecast"),
    "arrivals": Words("到店", "Arrivals"),
    "claims": Words("领券", "Claims"),
    "redemptions": Words("核销", "Redemptions"),
    "no_show_rate": Words("爽约率", "No-show rate"),
}

UNITS = {
    "seconds": Words("秒", "s"),
    "minutes": Words("分钟", "min"),
    "pickups": Words("单", "pickups"),
    "coupons": Words("张", "coupons"),
    "units": Words("件", "units"),
    "stores": Words("家", "stores"),
    "arrivals": Words("人次", "arrivals"),
    "claims": Words("张", "claims"),
    "redemptions": Words("张", "redemptions"),
    "count": Words("", ""),
}

FEED_STATUSES = {
    "ok": Words("正常", "OK"),
    "pass": Words("正常", "OK"),
    "admitted": Words("正常", "OK"),
    "validated": Words("正常", "OK"),
    "loaded": Words("正常", "OK"),
    "landed": Words("待校验", "Waiting"),
    "stopped": Words("已停用，等待修复", "Stopped until mended"),
    "down": Words("数据源无响应", "No answer"),
    "empty": Words("无新数据", "Nothing new"),
}

FEED_TITLES_EN = {
    "stores": "Stores",
    "skus": "SKUs",
    "distribution_centres": "Distribution centres",
    "rosters": "Rosters",
    "campaigns": "Campaigns and budgets",
    "consents": "Consents",
    "order_lines": "POS order lines",
    "stock_levels": "WMS stock levels",
    "transfers": "WMS transfers",
    "milestones": "Logistics milestones",
    "coupon_stocks": "WeChat coupon stocks",
    "coupon_quotas": "WeChat coupon quotas",
    "coupon_events": "WeChat coupon events",
    "bookings": "Pickup bookings",
    "arrivals": "Arrivals and hand-overs",
}

EXPECTATIONS_EN = {
    "expect_column_values_to_not_be_null": "a required value is missing",
    "expect_column_values_to_be_in_set": "a value outside the allowed set",
    "expect_column_values_to_be_between": "a value outside the allowed range",
    "expect_column_values_to_be_of_type": "a value that cannot be read",
    "expect_column_pair_values_a_to_be_greater_than_b": "moments in the wrong order",
    "same_version_other_content": "the same version came twice with different content",
}

_WEEKDAYS = (
    Words("周一", "Mon"),
    Words("周二", "Tue"),
    Words("周三", "Wed"),
    Words("周四", "Thu"),
    Words("周五", "Fri"),
    Words("周六", "Sat"),
    Words("周日", "Sun"),
)
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def words_for(table: dict[str, Words], code: str) -> Words:
    """Words of ``code`` in ``table``; an unknown code is shown readably rather than hidden."""
    if not code:
        return NONE
    readable = code.replace("_", " ")
    return table.get(code, Words(readable, readable))


def quota_reason(reason: str, binding_store_name: str) -> Words:
    """Why a quota is what it is, naming the store whose capacity binds if there is one."""
    if reason == "capacity" and binding_store_name:
        return Words(
            CAPACITY_OF.zh.replace("{store}", binding_store_name), CAPACITY_OF.en.replace("{store}", binding_store_name)
        )
    return words_for(QUOTA_REASONS, reason)


def feed_title(feed: str, title: str) -> Words:
    """Title of a feed for people."""
    return Words(title or feed, FEED_TITLES_EN.get(feed, feed.replace("_", " ")))


def finding_words(expectation: str, column_name: str, reason: str) -> Words:
    """What was wrong with quarantined rows. ``reason`` is the Chinese sentence of the validation."""
    problem = EXPECTATIONS_EN.get(expectation.removesuffix("_or_equal"), expectation.replace("_", " "))
    english = f"{column_name}: {problem}" if column_name else problem
    return Words(reason or english, english)


def day_words(day: date) -> Words:
    """A day as people write it: 6月18日（周四） / Thu 18 Jun."""
    weekday = _WEEKDAYS[day.weekday()]
    return Words(f"{day.month}月{day.day}日（{weekday.zh}）", f"{weekday.en} {day.day} {_MONTHS_EN[day.month - 1]}")


def slot_words(slot: int) -> str:
    """Start of half hour 0-48 as HH:MM."""
    return f"{slot // 2:02d}:{slot % 2 * 30:02d}"


def in_chart(words: Words) -> str:
    """Both languages in one string for a chart; the page's script keeps the one that is shown."""
    return f"\ue000{escape(words.zh)}\ue001{escape(words.en)}\ue002"
