"""The section on what the plan weighs: plans over the weight of experience, and how decisions answer to values."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from rouxing.report.charts import BLUE, GRID, MUTED, VERMILION, Chart, plain_figure, plain_layout
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
_HALF = 0.5
_HEIGHT = 300


def trade_off_chart(points: pd.DataFrame) -> Chart | None:
    """Redemptions against the chance of overload over the weights, the plan's own marked. None without points."""
    if points.empty:
        return None
    ordered = points.sort_values("experience_weight", kind="stable")
    chosen = ordered[ordered["is_chosen"] == "True"]
    others = _points(
        ordered,
        Words("其他权重的方案", "Plans at other weights"),
        mode="lines+markers",
        line={"color": MUTED, "width": 1.5},
        marker={"size": 8, "color": BLUE},
    )
    own = _points(
        chosen,
        Words("本计划", "This plan"),
        mode="markers",
        marker={"size": 15, "symbol": "star", "color": VERMILION},
    )
    x = {"title": _title(Words("预计核销（张）", "Expected redemptions")), "gridcolor": GRID, "tickformat": ",.0f"}
    y = {
        "title": _title(Words("超负荷概率（店日平均）", "Chance of overload, mean of store-days")),
        "gridcolor": GRID,
        "zeroline": False,
        "tickformat": ".1%",
    }
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}}
    margin = {"l": 66, "r": 16, "t": 12, "b": 48}
    layout = plain_layout(height=_HEIGHT, xaxis={**x, "zeroline": False}, yaxis=y, legend=legend, margin=margin)
    return Chart(plain_figure([others, own], layout))


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
    """One row per value: what moves when it is half as large."""
    columns = (
        prose_column("取值", "Value"),
        text_column("现为", "Now"),
        number_column("换地方的额度", "Coupons moved"),
        number_column("换地方的配货", "Units moved"),
        number_column("人时", "Staff-hours"),
        number_column("核销", "Redemptions"),
    )
    halved = rows[rows["factor"] == _HALF].set_index("name")
    return table(columns, [_sensitivity_row(name, halved.loc[name]) for name in VALUES if name in halved.index])


def _sensitivity_row(name: str, halved: Any) -> tuple[Cell, ...]:
    now = _value(halved["value"] / _HALF, str(halved["unit"])) if pd.notna(halved["value"]) else _OWN
    return (
        words_for(VALUES, name),
        now,
        count(halved["quota_moved"]),
        count(halved["transfers_moved"]),
        _signed_decimal(halved["staff_hours"]),
        signed(halved["redemptions"]),
    )


def _signed_decimal(value: float) -> str:
    return "±0" if abs(value) < 0.05 else ("+" if value > 0 else "") + decimal(value, 1)


def _value(value: float, unit: str) -> Cell:
    if unit.startswith("fen"):
        return f"¥{decimal(value / 100, 2)}"
    return share(value, 1 if value < 0.1 else 0)


def _points(rows: pd.DataFrame, name: Words, **style: Any) -> Any:
    wait, staff = in_chart(Words("等候", "Waiting")), in_chart(Words("人力", "Staff"))
    minutes = in_chart(Words("分钟", "min"))
    return go.Scatter(
        x=[round(float(value), 1) for value in rows["redemptions"]],
        y=[round(float(value), 5) for value in rows["overload_probability"]],
        text=[
            f"{share(row['experience_weight'])}<br>{wait} {count(row['wait_minutes'])} {minutes}"
            f"<br>{staff} {yuan(row['staff_fen'])}"
            for row in rows.to_dict("records")
        ],
        name=in_chart(name),
        hovertemplate=f"{in_chart(Words('体验权重', 'Weight of experience'))} %{{text}}<extra></extra>",
        **style,
    )


def _title(words: Words) -> dict[str, Any]:
    return {"text": in_chart(words), "font": {"size": 12, "color": MUTED}}
