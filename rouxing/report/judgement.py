"""How good the forecast is: boards, alerts and who leads, as words and tables in both languages."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from rouxing.report.numbers import count, decimal, share
from rouxing.report.tables import Cell, Table, number_column, table, text_column
from rouxing.report.words import METHODS, NONE, NOTHING, WEEKDAYS, Words, counted, day_words, words_for

CHAIN = Words("全连锁", "Whole chain")
LEVELS = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
BELOW = ("below_p05", "below_p10", "below_p25", "below_p50", "below_p75", "below_p90", "below_p95")

_METHODS = {**METHODS, "ours": METHODS["rouxing"], "model": METHODS["rouxing"]}
_BOARDS = {
    "district": Words("区域", "District"),
    "size": Words("门店规模", "Store size"),
    "age": Words("开店时间", "Age of the store"),
    "weekday": Words("星期", "Weekday"),
    "used": Words("所用方法", "Method used"),
}
_GROUPS = {
    "small": Words("小店", "Small"),
    "medium": Words("中店", "Medium"),
    "large": Words("大店", "Large"),
    "settled": Words("老店", "Settled"),
    "thin": Words("近期数据少", "Thin history"),
    "new": Words("新店（不足 8 周）", "New (under 8 weeks)"),
    "model": Words("模型", "Model"),
    "rule": Words("同星期规则", "Weekday rule"),
    **{str(day): words for day, words in enumerate(WEEKDAYS)},
}
_CAUSES = {
    "bias": (Words("预测偏高", "forecast too high"), Words("预测偏低", "forecast too low")),
    "error": (Words("预测误差变大", "forecast error has grown"), Words("预测误差变小", "forecast error has shrunk")),
    "coverage": (Words("80% 区间过宽", "80% interval too wide"), Words("80% 区间过窄", "80% interval too narrow")),
}


def alert_words(alert: Mapping[Hashable, Any], districts: Mapping[str, str]) -> Words:
    """One alert: when, where, what, how much against the usual. ``districts``: name per district id."""
    where = CHAIN if alert["scope"] == "chain" else Words(*[districts.get(alert["scope"], alert["scope"])] * 2)
    what = _CAUSES.get(alert["cause"], (NONE, NONE))[int(alert["value"] < alert["usual"])]
    first, last = day_words(alert["first_day"].date()), day_words(alert["last_day"].date())
    value, usual, lower, upper = (share(alert[name]) for name in ("value", "usual", "lower", "upper"))
    return Words(
        f"{first.zh}至{last.zh}，{where.zh}{what.zh}：{value}，往常 {usual}（正常范围 {lower} 至 {upper}）。",
        f"{first.en} to {last.en}, {where.en}: {what.en}, {value}; usual is {usual}, normal {lower} to {upper}.",
    )


def alert_list(alerts: pd.DataFrame, districts: Mapping[str, str]) -> list[Words]:
    """Alerts as sentences; empty when nothing is out of its usual range."""
    return [alert_words(alert, districts) for alert in alerts.to_dict("records")]


def champion_words(champion: pd.DataFrame) -> Words:
    """Who leads and why, in one sentence; empty where nothing was judged."""
    if champion.empty or not champion["origins"].iloc[0]:
        return NOTHING
    row = champion.iloc[0]
    leader, challenger = (words_for(_METHODS, str(row[name])) for name in ("kind", "challenger"))
    less = row["gain"] > 0
    margin, origins = share(abs(row["gain"]), 1), f"{count(row['won_origins'])}/{count(row['origins'])}"
    if row["kind"] != row["incumbent"]:
        return Words(
            f"改用{leader.zh}：滚动回测误差低 {margin}，{origins} 个起点都更准。",
            f"{leader.en} takes over: {margin} less error in the rolling backtest, better at {origins} origins.",
        )
    return Words(
        f"沿用{leader.zh}：{challenger.zh}误差{'低' if less else '高'} {margin}，"
        f"{origins} 个起点更准，未达到更换标准（低 5% 且每个起点都更准）。",
        f"{leader.en} stays: {challenger.en} has {margin} {'less' if less else 'more'} error, better at {origins} "
        "origins; a change takes 5% less and every origin.",
    )


def rule_words(methods: pd.Series) -> Words:
    """How many stores use the weekday rule. ``methods``: "model" or "rule", one per store."""
    by_rule, stores = int((methods == "rule").sum()), len(methods)
    if not stores:
        return NOTHING
    if not by_rule:
        return Words("所有门店都用模型预测。", "Every store is forecast by the model.")
    return Words(
        f"{stores} 家门店中有 {by_rule} 家近四周规则明显更准，改用同星期规则。",
        f"{counted(by_rule, 'store')} of {stores} use the weekday rule, clearly better there in the last four weeks.",
    )


def group_table(boards: pd.DataFrame, districts: Mapping[str, str]) -> Table:
    """Error, bias and coverage by district, size, age of the store, weekday and method used, beside the rules."""
    columns = (
        text_column("分组", "Group"),
        text_column("", ""),
        number_column("店·日", "Store-days"),
        number_column("误差 WAPE", "WAPE"),
        number_column("同星期规则", "Weekday rule"),
        number_column("照抄上周", "Last week"),
        number_column("偏差", "Bias"),
        number_column("80% 区间覆盖", "80% coverage"),
    )
    return table(columns, [_group_row(row, districts) for row in _grouped(boards).to_dict("records")])


def _grouped(boards: pd.DataFrame) -> pd.DataFrame:
    """Our scores per group with the rules' WAPE beside them, in the order of the boards and of their groups."""
    grouped = boards[boards["board"].isin(list(_BOARDS))]
    key = ["board", "group_name"]
    rules = [
        grouped.loc[grouped["method"] == method, [*key, "wape"]].rename(columns={"wape": method})
        for method in ("weekday_rule", "seasonal_naive")
    ]
    joined = (
        grouped[grouped["method"] == "ours"].merge(rules[0], on=key, how="left").merge(rules[1], on=key, how="left")
    )
    places = {name: place for place, name in enumerate([*_BOARDS, *_GROUPS])}
    ranked = joined.assign(board_rank=joined["board"].map(places), group_rank=joined["group_name"].map(places))
    return ranked.sort_values(["board_rank", "group_rank", "group_name"], kind="stable")


def _group_row(row: Mapping[Hashable, Any], districts: Mapping[str, str]) -> tuple[Cell, ...]:
    group = str(row["group_name"])
    return (
        _BOARDS[row["board"]],
        _GROUPS.get(group, Words(*[districts.get(group, group)] * 2)),
        count(row["store_days"]),
        share(row["wape"], 1),
        share(row["weekday_rule"], 1),
        share(row["seasonal_naive"], 1),
        share(row["bias"], 1),
        share(row["coverage_80"], 0),
    )


def horizon_scores(boards: pd.DataFrame) -> pd.DataFrame:
    """WAPE by days ahead: a row per horizon, in order; a column per method."""
    by_horizon = boards[boards["board"] == "horizon"]
    scores = by_horizon.assign(horizon=by_horizon["group_name"].astype("int64"))
    return scores.pivot(index="horizon", columns="method", values="wape").sort_index()


def calibration(boards: pd.DataFrame) -> pd.Series:
    """Share of pickups below each nominal level, all store-days; empty without a backtest."""
    ours = boards[(boards["board"] == "all") & (boards["method"] == "ours")]
    if ours.empty:
        return pd.Series(dtype="float64")
    return pd.Series(ours[list(BELOW)].iloc[0].to_numpy(dtype=np.float64), index=list(LEVELS))


def horizon_table(boards: pd.DataFrame) -> Table:
    """WAPE by days ahead of ours and the rules."""
    scores = horizon_scores(boards)
    methods = [name for name in ("ours", "weekday_rule", "seasonal_naive") if name in scores.columns]
    heads = [number_column(_METHODS[name].zh, _METHODS[name].en) for name in methods]
    columns = (number_column("提前天数", "Days ahead"), *heads)
    rows = [(str(day), *(decimal(row[name], 3) for name in methods)) for day, row in scores.iterrows()]
    return table(columns, rows)
