"""One store's day as a short Chinese text, for a message to its manager."""

from __future__ import annotations

import pandas as pd

from rouxing.model.errors import PermanentError
from rouxing.report.explanation import explanation_words
from rouxing.report.numbers import count, is_known, signed
from rouxing.report.plan_report import PlanReport
from rouxing.report.words import BINDINGS, RUNGS, day_words, quota_reason, slot_words, words_for

_NAMED = 3


def store_brief(report: PlanReport, store_id: str) -> str:
    """The day of one store in at most ten short lines of Chinese: load, people, deliveries, shortages, quotas.

    Raises PermanentError when the plan has no day of the store.
    """
    days = report.store_days[report.store_days["store_id"] == store_id].sort_values("business_date")
    today = days[days["business_date"] == pd.Timestamp(report.business_date)]
    if today.empty:
        raise PermanentError(f"plan {report.plan_id} has no store {store_id!r} on {report.business_date}; check the id")
    lines = [
        _title(report, str(today["store_name"].iloc[0])),
        *(_load_line(row) for _, row in days.iterrows()),
        _made_of_line(_of(report.shares, store_id), pd.Timestamp(report.business_date)),
        _staff_line(_of(report.staff_slots, store_id), pd.Timestamp(report.business_date)),
        _delivery_line(_of(report.transfers, store_id)),
        _goods_line(_of(report.shortages, store_id)),
        _quota_line(report.quotas[report.quotas["carrier_id"] == store_id]),
    ]
    return "\n".join(line for line in lines if line)


def _of(frame: pd.DataFrame, store_id: str) -> pd.DataFrame:
    return frame[frame["store_id"] == store_id]


def _title(report: PlanReport, name: str) -> str:
    labels = ["模拟城市数据"] if report.is_simulated else []
    labels += [RUNGS[report.rung].zh] if report.rung != "full" else []
    marks = f"（{'，'.join(labels)}）" if labels else ""
    return f"【{name}】{day_words(report.business_date).zh}自提计划{marks}"


def _load_line(row: pd.Series) -> str:
    mean, upper, capacity = (count(row[name]) for name in ("load_mean", "load_upper", "capacity_pickups"))
    told = f"· {day_words(row['business_date'].date()).zh}：预计 {mean} 单，偏高时 {upper} 单，可接待 {capacity} 单"
    if row["load_upper"] > row["capacity_pickups"]:
        return f"{told}。注意：可能超负荷，受限于{words_for(BINDINGS, str(row['binding'])).zh}。"
    return f"{told}。"


def _made_of_line(shares: pd.DataFrame, today: pd.Timestamp) -> str:
    rows = shares[shares["date"] == today].to_dict("records")
    return f"· 构成：{explanation_words(rows[0]).zh}" if rows else ""


def _staff_line(slots: pd.DataFrame, today: pd.Timestamp) -> str:
    day = slots[slots["business_date"] == today]
    if day.empty:
        return ""
    most = day["staff_planned"].max()
    busiest = day.loc[day["staff_planned"] == most, "slot"]
    told = f"· 人手：最多 {count(most)} 人（{slot_words(int(busiest.min()))} 起）"
    short = day[day["staff_planned"] < day["staff_needed"]]
    if short.empty:
        return f"{told}，全天够用。"
    gap = (short["staff_needed"] - short["staff_planned"]).max()
    first, last = slot_words(int(short["slot"].min())), slot_words(int(short["slot"].max()) + 1)
    return f"{told}；{first}–{last} 有 {len(short)} 个半小时缺人，最多缺 {count(gap)} 人。"


def _delivery_line(transfers: pd.DataFrame) -> str:
    if transfers.empty:
        return "· 到货：本次没有配送。"
    first = transfers["arrives_on"].min()
    when = day_words(first.date()).zh if pd.notna(first) else "日期待定"
    return f"· 到货：{when}，共 {count(transfers['quantity_units'].sum())} 件：{_items(transfers, 'quantity_units')}。"


def _goods_line(shortages: pd.DataFrame) -> str:
    return f"· 可能缺货：{_items(shortages, 'short_units')}。" if len(shortages) else ""


def _items(lines: pd.DataFrame, units: str) -> str:
    ordered = lines.sort_values(units, ascending=False, kind="stable")
    named = "、".join(f"{row['sku_name']} ×{count(row[units])}" for row in ordered.head(_NAMED).to_dict("records"))
    return f"{named} 等 {len(ordered)} 种" if len(ordered) > _NAMED else named


def _quota_line(quotas: pd.DataFrame) -> str:
    change = quotas["quota_coupons"] - quotas["previous_coupons"]
    changed = quotas.assign(change=change)[change != 0]
    if changed.empty:
        return ""
    largest = changed.loc[[changed["change"].abs().idxmax()]].to_dict("records")[0]
    reason = quota_reason(str(largest["reason"]), str(largest["binding_store_name"])).zh
    total = changed["change"].sum()
    told = f"· 券额度：{len(changed)} 处调整，净 {signed(total)} 张" if is_known(total) else "· 券额度有调整"
    return f"{told}；变化最大的是{largest['stock_name']} {signed(largest['change'])}（{reason}）。"
