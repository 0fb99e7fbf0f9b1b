"""Plain Chinese and English for every code a report shows: reasons, limits, checks, measures, feeds, statuses."""

from __future__ import annotations

from datetime import date
from html import escape

from rouxing.model.words import Words as Words

NONE = Words("—", "—")
NOTHING = Words("", "")

RUNGS = {
    "full": Words("完整计划", "Full plan"),
    "trimmed": Words("沿用上次计划，按今日上限收紧（降级）", "Last good plan, trimmed to today's limits (degraded)"),
    "rule": Words("规则方案（降级）", "Rule plan (degraded)"),
    "freeze": Words("冻结：沿用现行设置（降级）", "Frozen: settings in force kept (degraded)"),
}

STAGES = {
    "ingest": Words("取数", "Ingest"),
    "validate": Words("数据校验", "Validate"),
    "forecast": Words("预测", "Forecast"),
    "allocate": Words("配货与排班", "Allocate"),
    "redistribute": Words("券额度调配", "Redistribute"),
    "publish": Words("发布", "Publish"),
    "learn": Words("复盘", "Learn"),
}

STAGE_STATUSES = {
    "failed": Words("失败", "failed"),
    "degraded": Words("不完整", "is incomplete"),
    "stale": Words("依据的数据过旧", "rests on old data"),
}

OBSTACLES = {
    "failed": Words("未能算出", "failed"),
    "fails its certificate": Words("未通过校验", "fails its certificate"),
    "breaks a guard": Words("会触发体验护栏", "breaks a guard"),
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
    "override": Words("人工设定的上限", "limit set by hand"),
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
    "pack": Words("按整箱取整", "Rounded to whole packs"),
    "minimum": Words("补到最低陈列量", "Filled up to the minimum on the shelf"),
    "shelf_life": Words("保质期内卖不完，不多配", "More would not sell within shelf life"),
    "override": Words("门店人工停业", "Store closed by override"),
}

CHECKS = {
    "counter_capacity": Words("门店日接待能力", "Store-day pickup capacity"),
    "staff_capacity": Words("人手能接待的单数", "Pickups the staff can serve"),
    "stock_capacity": Words("库存能满足的单数", "Pickups the stock can serve"),
    "slot_capacity": Words("半小时接待能力", "Half-hour capacity"),
    "slot_load": Words("半小时到店不超过能接待的单数", "Half-hour load within what can be served"),
    "exchange_stock": Words("兑换券有货可兑", "Goods for exchange coupons"),
    "stock_reservations": Words("预留与散客货量不超过在店库存", "Units kept for others are there"),
    "stated_load": Words("计划所报负荷与复算一致", "Stated load equals the recomputation"),
    "stated_forecast": Words("计划所用预测与存档一致", "Forecast used is the stored one"),
    "stated_claims": Words("计划所报领取量与复算一致", "Stated claims equal the recomputation"),
    "stated_quota": Words("现行额度与微信一致", "Quotas in force are WeChat's"),
    "claims_curves": Words("每个额度都有领取曲线", "Every quota has its claims curve"),
    "quota_loads": Words("每张券带来的到店与核销曲线一致", "Pickups per claim follow the redemption curve"),
    "shift_cover": Words("班次覆盖所排人手", "Shifts cover the planned staff"),
    "shift_persons": Words("班次不超过实有人数", "Shifts within the persons there are"),
    "closed_slots": Words("关闭的时段不接预约", "No bookings in closed half hours"),
    "known_lines": Words("只配已知门店与商品", "Only known stores and SKUs"),
    "shelf_life": Words("保质期内卖得完", "Sells within shelf life"),
    "minimum_units": Words("最低陈列量", "Minimum on the shelf"),
    "pilot_scope": Words("试点范围外不动", "Nothing outside the pilot's scope"),
    "override_quota": Words("门店临时设置：券额度", "Store override: quotas"),
    "override_staff": Words("门店临时设置：人手上限", "Store override: staff"),
    "override_closed_staff": Words("门店临时关闭：不排人", "Closed store: no staff"),
    "override_closed_stock": Words("门店临时关闭：不配货", "Closed store: no goods"),
    "rostered_staff": Words("排班与可加派人数", "Rostered and callable staff"),
    "opening_hours": Words("只在营业时间排班", "Staff only in opening hours"),
    "cold_chain": Words("冷链：无冷藏门店不配冷品", "Cold chain"),
    "cold_volume": Words("门店冷藏空间", "Cold room"),
    "ambient_volume": Words("门店常温空间", "Ambient room"),
    "dc_supply": Words("配送中心可用库存", "DC supply"),
    "supplying_dc": Words("由对应配送中心供货", "Supplied by its own DC"),
    "whole_packs": Words("整箱配送", "Whole packs"),
    "campaign_day_budget": Words("活动单日预算", "Campaign budget of the day"),
    "campaign_total_budget": Words("活动总预算", "Campaign budget in total"),
    "issued_coupons": Words("额度不低于已领取", "Not below coupons claimed"),
    "change_limit": Words("单次调整幅度", "Change per cycle"),
    "protected_campaign": Words("受保护活动不下调", "Protected campaigns not cut"),
    "changed_coupon_stocks": Words("单次调整的批次数", "Coupon stocks changed per cycle"),
    "changed_carriers": Words("单次调整的额度数", "Quotas changed per cycle"),
}

METHODS = {
    "rouxing": Words("柔性预测", "Rouxing"),
    "weekday_rule": Words("同星期均值规则", "Weekday rule"),
    "seasonal_naive": Words("照抄上周同日", "Same day last week"),
}

MEASURES = {
    "pickups": Words("实际自提", "Pickups"),
    "forecast_wape": Words("预测误差（WAPE）", "Forecast error (WAPE)"),
    "forecast_bias": Words("预测偏差", "Forecast bias"),
    "forecast_coverage_80": Words("落在 80% 区间内的门店", "Stores inside the 80% interval"),
    "fill_rate": Words("有货率", "Fill rate"),
    "mean_wait_seconds": Words("平均等候", "Mean wait"),
    "worst_p90_wait_seconds": Words("最慢门店：九成顾客等候不超过", "Slowest store: 90% waited at most"),
    "overload_minutes": Words("超负荷时长（各店合计）", "Overload, all stores"),
    "redemptions_per_claim": Words("核销 ÷ 领取", "Redemptions per claim"),
}

UNITS = {
    "seconds": Words("秒", "s"),
    "store-minutes": Words("店·分钟", "store-minutes"),
    "pickups": Words("单", "pickups"),
    "coupons": Words("张", "coupons"),
    "units": Words("件", "units"),
}

FEED_STATUSES = {
    "admitted": Words("正常", "OK"),
    "landed": Words("待校验", "Waiting to be judged"),
    "stopped": Words("已停用，等待修复", "Stopped until mended"),
    "down": Words("数据源无响应", "No answer"),
}

FEED_TITLES_EN = {
    "stores": "Stores",
    "skus": "SKUs",
    "distribution_centres": "Distribution centres",
    "rosters": "Rosters",
    "campaigns": "Campaigns and budgets",
    "promotions": "Marketing calendar",
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

WEEKDAYS = (
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


def trouble_words(line: str) -> Words:
    """One line of a rung's reason, "stage status: note", in words; any other line stays as it is."""
    head, _, note = line.partition(": ")
    rung, _, obstacle = head.partition(" plan ")
    if rung in RUNGS and obstacle in OBSTACLES:
        said = both_languages(note)
        return Words(f"{RUNGS[rung].zh}{OBSTACLES[obstacle].zh}：{said.zh}", f"{head}: {said.en}")
    stage, _, status = head.partition(" ")
    if stage not in STAGES or status not in STAGE_STATUSES:
        return both_languages(line)
    named, state, said = STAGES[stage], STAGE_STATUSES[status], both_languages(note)
    return Words(f"{named.zh}{state.zh}：{said.zh}", f"{named.en} {state.en}: {said.en}")


def both_languages(text: str) -> Words:
    """``Chinese / English; Chinese / English`` as words; a text that is not written so stays as it is in both."""
    parts = [part.partition(" / ") for part in text.split("; ")]
    if not all(sign for _, sign, _ in parts):
        return Words(text, text)
    return Words("；".join(zh for zh, _, _ in parts), "; ".join(en for _, _, en in parts))


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
    weekday = WEEKDAYS[day.weekday()]
    return Words(f"{day.month}月{day.day}日（{weekday.zh}）", f"{weekday.en} {day.day} {_MONTHS_EN[day.month - 1]}")


def counted(number: float, noun: str) -> str:
    """English count of a noun with a regular plural: 1 store, 2 stores."""
    return f"{number:,.0f} {noun}" if round(number) == 1 else f"{number:,.0f} {noun}s"


def slot_words(slot: int) -> str:
    """Start of half hour 0-48 as HH:MM."""
    return f"{slot // 2:02d}:{slot % 2 * 30:02d}"


def in_chart(words: Words) -> str:
    """Both languages in one string for a chart; the page's script keeps the one that is shown."""
    return f"\ue000{escape(words.zh)}\ue001{escape(words.en)}\ue002"
