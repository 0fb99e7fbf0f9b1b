"""Stores that will be short, and of what: people, goods or room at the counter."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from rouxing.report.load import overloaded
from rouxing.report.numbers import count
from rouxing.report.plan_report import PlanReport
from rouxing.report.tables import Table, number_column, prose_column, table, text_column
from rouxing.report.words import BINDINGS, STOCK_REASONS, Words, day_words, slot_words, words_for

SHORT_OF_CAPACITY = Words("接待能力", "Capacity")
SHORT_OF_STAFF = Words("人手", "Staff")
SHORT_OF_GOODS = Words("商品", "Goods")
_MOST_ROWS = 60
_NAMED_SKUS = 3


def shortage_table(report: PlanReport) -> Table:
    """One row per store, day and kind of shortage; over capacity first, then people, then goods."""
    columns = (
        text_column("门店", "Store"),
        text_column("缺什么", "Short of"),
        text_column("何时", "When"),
        number_column("缺口", "Gap"),
        prose_column("说明", "Why"),
    )
    rows = [*_capacity_rows(report.store_days), *_staff_rows(report.staff_slots), *_goods_rows(report.shortages)]
    return table(columns, rows, _MOST_ROWS)


def _capacity_rows(store_days: pd.DataFrame) -> Iterator[tuple[str | Words, ...]]:
    days = overloaded(store_days)
    gaps = days.assign(gap=days["load_upper"] - days["capacity_pickups"]).sort_values("gap", ascending=False)
    for row in gaps.to_dict("records"):
        binding = words_for(BINDINGS, str(row["binding"]))
        upper, capacity = count(row["load_upper"]), count(row["capacity_pickups"])
        yield (
            str(row["store_name"]),
            SHORT_OF_CAPACITY,
            day_words(row["business_date"].date()),
            Words(f"{count(row['gap'])} 单", f"{count(row['gap'])} pickups"),
            Words(
                f"偏高需求 {upper} 单，只能接待 {capacity} 单，受限于{binding.zh}",
                f"{upper} pickups at high demand, room for {capacity}, limited by {binding.en}",
            ),
        )


def _staff_rows(staff_slots: pd.DataFrame) -> Iterator[tuple[str | Words, ...]]:
    lacking = staff_slots.assign(gap=staff_slots["staff_needed"] - staff_slots["staff_planned"])
    lacking = lacking[lacking["gap"] > 0]
    for (name, _, day), rows in _by_store_day(lacking):
        first, last = slot_words(int(rows["slot"].min())), slot_words(int(rows["slot"].max()) + 1)
        most = count(rows["gap"].max())
        yield (
            name,
            SHORT_OF_STAFF,
            day_words(day.date()),
            Words(f"{most} 人", f"{most} people"),
            Words(
                f"{first}–{last} 之间有 {len(rows)} 个半小时人手不够，可调配的人已排满",
                f"{len(rows)} half hours between {first} and {last}; everyone who can be called in is planned",
            ),
        )


def _by_store_day(lacking: pd.DataFrame) -> list[tuple[tuple[str, str, pd.Timestamp], pd.DataFrame]]:
    groups = [
        ((str(name), str(store_id), pd.Timestamp(str(day))), rows)
        for (name, store_id, day), rows in lacking.groupby(["store_name", "store_id", "business_date"])
    ]
    return sorted(groups, key=lambda group: (-float(group[1]["gap"].sum()), group[0]))


def _goods_rows(shortages: pd.DataFrame) -> Iterator[tuple[str | Words, ...]]:
    groups = {key: rows.sort_values("short_units", ascending=False) for key, rows in shortages.groupby("store_id")}
    for rows in sorted(groups.values(), key=lambda rows: -float(rows["short_units"].sum())):
        units = count(rows["short_units"].sum())
        yield (
            str(rows["store_name"].iloc[0]),
            SHORT_OF_GOODS,
            Words("本次补货期", "This supply period"),
            Words(f"{units} 件", f"{units} units"),
            _goods_words(rows),
        )


def _goods_words(rows: pd.DataFrame) -> Words:
    named = rows.head(_NAMED_SKUS)
    items = [f"{sku} ×{count(units)}" for sku, units in zip(named["sku_name"], named["short_units"], strict=True)]
    reasons = [words_for(STOCK_REASONS, reason) for reason in dict.fromkeys(rows["reason"])]
    more = len(rows) - len(named)
    return Words(
        "、".join(items) + (f" 等 {len(rows)} 种" if more else "") + "：" + "，".join(words.zh for words in reasons),
        ", ".join(items) + (f" and {more} more" if more else "") + ": " + "; ".join(words.en for words in reasons),
    )
