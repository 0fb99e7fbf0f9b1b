"""What a store's forecast is made of, in a sentence a manager understands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rouxing.report.numbers import count, is_known, signed
from rouxing.report.plan_report import PlanReport
from rouxing.report.tables import Table, number_column, prose_column, table, text_column
from rouxing.report.words import NONE, Words

PARTS = {
    "calendar": Words("星期与节假日", "weekday and holiday"),
    "commitments": Words("已领券与预约较往常", "coupons and bookings against usual"),
    "campaign": Words("营销活动", "campaign"),
    "other": Words("近期校准", "recent correction"),
}
_MOST_STORES = 12


def explanation_words(share: Mapping[Any, Any]) -> Words:
    """One sentence on a row of ``shares``: the mean, the usual level and what moves the day away from it.

    Whole numbers that add up: what rounding leaves over goes to the level. Parts that round to 0 are left out. A dash
    for what is unknown.
    """
    if not is_known(float(share["mean"])):
        return NONE
    parts = {name: round(float(share[name])) for name in PARTS if is_known(float(share[name]))}
    mean = round(float(share["mean"]))
    level = count(mean - sum(parts.values()))
    told = [(PARTS[name], signed(value)) for name, value in parts.items() if value]
    committed = count(float(share["committed"]))
    chinese = "".join(f"，{words.zh} {value}" for words, value in told)
    english = "".join(f", {words.en} {value}" for words, value in told)
    return Words(
        f"预计 {count(mean)} 单：平时水平 {level}{chinese}；其中约 {committed} 单已有券或预约在手。",
        f"{count(mean)} pickups: usual level {level}{english}; about {committed} already committed.",
    )


def explained_today(report: PlanReport) -> pd.DataFrame:
    """Rows of ``shares`` of the business date with ``store_name``, what moves most away from its level first."""
    today = report.shares[report.shares["date"] == pd.Timestamp(report.business_date)]
    names = dict(zip(report.store_days["store_id"], report.store_days["store_name"], strict=True))
    named = today.assign(
        store_name=[names.get(store_id, store_id) for store_id in today["store_id"]],
        moved=(today["mean"] - today["level"]).abs(),
    )
    return named.sort_values(["moved", "store_id"], ascending=[False, True], kind="stable")


def explanation_table(report: PlanReport) -> Table:
    """The stores whose day differs most from the usual, each with its sentence."""
    columns = (text_column("门店", "Store"), number_column("预计", "Forecast"), prose_column("构成", "Made of"))
    rows = [
        (str(row["store_name"]), count(row["mean"]), explanation_words(row))
        for row in explained_today(report).to_dict("records")
    ]
    return table(columns, rows, _MOST_STORES)
