"""The section on what the plan weighs: plans over the weight of experience, and how decisions answer to values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from rouxing.report.charts import BLUE, GRID, INK, MUTED, VERMILION, Chart, plain_figure, plain_layout
from rouxing.report.numbers import count, decimal, share, signed, yuan
from rouxing.report.tables import Cell, Table, number_column, prose_column, table, text_column
from rouxing.report.words import Words, in_chart, words_for

VALUES = {
    "margin_fen": Words("商品毛利", "Margin of goods"),
    "holding_fen": Words("商品持有成本", "Holding cost of goods"),
    "face_value_fen": Words("券面额", "Face value of coupons"),
    "claim_worth_share": Words("核销中真正由券带来的部分", "Part of redemptions that coupons brought"),
    "wait_fen_per_minute": Words("顾客等候一分钟的代价", "Cost of a minute's waiting"),
    "overload_fen_per_pickup": Words("超出接待能力一单的代价", "Cost of a pickup over capacity"),
    "called_staff_fen_per_hour": Words("临时加派一人一小时", "An hour of a person called in"),
    "move_cost_share": Words("改动一张额度的代价", "Cost of moving a coupon"),
}
_OWN = Words("各商品、各券自带", "master data")
_HEIGHT = 320
# Room for labels beside and above the points, as a part of what the points span.
_SIDE, _ABOVE = 0.25, 0.3
_MORE_COUPONS = Words("更重核销", "more coupons")
_CALMER = Words("更重体验", "calmer stores")
# Digits to which plans of one point agree.
_SHOWN = {"redemptions": 1, "overload_probability": 5, "wait_minutes": 0, "staff_fen": 0}


def trade_off_chart(points: pd.DataFrame) -> Chart | None:
    """Redemptions against the chance of overload, a labelled point per plan, the plan's own marked. None without any.

    Weights that lead to one plan share a point.
    """
    if points.empty:
        return None
    plans = _plans(points)
    is_own = plans["is_chosen"]
    others = _points(plans[~is_own], marker={"size": 9, "color": BLUE})
    own = _points(plans[is_own], marker={"size": 15, "symbol": "star", "color": VERMILION})
    x = {
        "title": _title(Words("预计核销（张，越靠右生意越多）", "Expected redemptions (further right: more business)")),
        "gridcolor": GRID,
        "zeroline": False,
        "tickformat": ",.0f",
        "range": _padded(plans["redemptions"], _SIDE),
    }
    y = {
        "title": _title(Words("超负荷概率（越低越从容）", "Chance of overload (lower: calmer)")),
        "gridcolor": GRID,
        "zeroline": False,
        "tickformat": ".1%",
        "range": _padded(plans["overload_probability"], _ABOVE),
    }
    layout = plain_layout(
        height=_HEIGHT, xaxis=x, yaxis=y, showlegend=False, margin={"l": 72, "r": 16, "t": 12, "b": 48}
    )
    return Chart(plain_figure([others, own], layout))


def _plans(points: pd.DataFrame) -> pd.DataFrame:
    """A row per plan that differs in what is shown: its measures, is_chosen and label, in the order of redemptions."""
    ordered = points.sort_values("experience_weight", kind="stable")
    ordered = ordered.assign(is_chosen=ordered["is_chosen"] == "True")
    own = float(ordered.loc[ordered["is_chosen"], "experience_weight"].min())
    shown = {name: ordered[name].round(digits) for name, digits in _SHOWN.items()}
    rows = []
    for _, same in ordered.groupby(list(shown.values()), sort=False):
        row = same.iloc[0].to_dict() | {"is_chosen": bool(same["is_chosen"].any())}
        rows.append(row | {"label": _label(same["experience_weight"], own, is_chosen=row["is_chosen"])})
    return pd.DataFrame(rows).sort_values("redemptions", kind="stable")


def _label(weights: pd.Series, own: float, *, is_chosen: bool) -> Words:
    """What a plan leans to, and its weight or weights."""
    least, most = float(weights.min()), float(weights.max())
    span = share(least) if least == most else f"{share(least)}–{share(most)}"
    if is_chosen:
        return Words(f"本计划（{span}）", f"this plan ({span})")
    leans = _CALMER if least > own else _MORE_COUPONS
    return Words(f"{leans.zh}（{span}）", f"{leans.en} ({span})")


def _padded(values: pd.Series, part: float) -> list[float]:
    """Range of an axis with room for labels."""
    low, high = float(values.min()), float(values.max())
    room = part * (high - low) if high > low else max(abs(high), 1.0) * part
    return [low - room, high + room]


def trade_off_table(points: pd.DataFrame) -> Table:
    """One row per weight of experience, the plan's own marked."""
    columns = (
        text_column("体验权重", "Weight of experience"),
        number_column("预计核销", "Redemptions"),
        number_column("超负荷概率", "Overload"),
        number_column("缺货损失", "Lost sales"),
        number_column("等候（人·分钟）", "Waiting, minutes"),
        number_column("人力成本", "Staff"),
    )
    ordered = points.sort_values("experience_weight", kind="stable")
    return table(columns, [_trade_off_row(row) for row in ordered.to_dict("records")])


def _trade_off_row(row: dict[Any, Any]) -> tuple[Cell, ...]:
    weight = share(row["experience_weight"])
    label = Words(f"★ {weight}（本计划）", f"★ {weight} (this plan)") if row["is_chosen"] == "True" else weight
    return (
        label,
        count(row["redemptions"]),
        share(row["overload_probability"], 1),
        yuan(row["lost_sales_fen"]),
        count(row["wait_minutes"]),
        yuan(row["staff_fen"]),
    )


def sensitivity_table(rows: pd.DataFrame) -> Table:
    """One row per value: what moves when it is half as large, and when it is half as large again."""
    columns = (
        prose_column("取值", "Value"),
        text_column("现为", "Now"),
        number_column("换地方的额度", "Coupons moved"),
        number_column("换地方的配货", "Units moved"),
        number_column("人时", "Staff-hours"),
        number_column("核销", "Redemptions"),
    )
    known = {name: mine.sort_values("factor", kind="stable") for name, mine in rows.groupby("name")}
    return table(columns, [_sensitivity_row(name, known[name]) for name in VALUES if name in known])


def _sensitivity_row(name: str, factors: pd.DataFrame) -> tuple[Cell, ...]:
    first = factors.iloc[0]
    now = _value(first["value"] / first["factor"], str(first["unit"])) if pd.notna(first["value"]) else _OWN
    return (
        words_for(VALUES, name),
        now,
        _by_factor(factors["quota_moved"], count),
        _by_factor(factors["transfers_moved"], count),
        _by_factor(factors["staff_hours"], _signed_decimal),
        _by_factor(factors["redemptions"], signed),
    )


def _by_factor(values: pd.Series, shown: Callable[[float], str]) -> str:
    return " / ".join(shown(float(value)) for value in values)


def _signed_decimal(value: float) -> str:
    return "±0" if abs(value) < 0.05 else ("+" if value > 0 else "") + decimal(value, 1)


def _value(value: float, unit: str) -> Cell:
    if unit.startswith("fen"):
        return f"¥{decimal(value / 100, 2)}"
    return share(value, 1 if value < 0.1 else 0)


def _points(rows: pd.DataFrame, marker: dict[str, Any]) -> Any:
    wait, staff = in_chart(Words("等候", "Waiting")), in_chart(Words("人力", "Staff"))
    minutes = in_chart(Words("分钟", "min"))
    return go.Scatter(
        x=[round(float(value), 1) for value in rows["redemptions"]],
        y=[round(float(value), 5) for value in rows["overload_probability"]],
        mode="markers+text",
        text=[in_chart(label) for label in rows["label"]],
        # Above and below in turn from left to right, so that points close together can both be read.
        textposition=[
            "top center" if place % 2 == 0 else "bottom center" for place in rows["redemptions"].rank(method="first")
        ],
        textfont={"size": 12, "color": INK},
        cliponaxis=False,
        customdata=[
            f"{wait} {count(row['wait_minutes'])} {minutes}<br>{staff} {yuan(row['staff_fen'])}"
            for row in rows.to_dict("records")
        ],
        hovertemplate="%{text}<br>%{customdata}<extra></extra>",
        marker=marker,
    )


def _title(words: Words) -> dict[str, Any]:
    return {"text": in_chart(words), "font": {"size": 12, "color": MUTED}}
