"""Plotly figures of the page, in both languages, as plain JSON values.

A chart may offer options (stores, days): each holds what it changes in the traces of the figure, so that the page
draws another option without fetching anything.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from rouxing.report.load import chain_days
from rouxing.report.numbers import count, is_known, signed
from rouxing.report.plan_report import PlanReport
from rouxing.report.words import Words, day_words, in_chart, slot_words

INK, MUTED, GRID = "#1f2933", "#616e7c", "#e4e7eb"
BLUE, SKY, ORANGE, VERMILION, GREEN = "#0072b2", "#56b4e9", "#e69f00", "#d55e00", "#009e73"
_STAFF_SCALE = [[0.0, "#eef5fb"], [0.35, "#b3d4ec"], [0.7, "#4a98cf"], [1.0, "#0b4f86"]]
_MOST_STAFF_STORES = 40
_LONGEST_LABEL = 10
_FONT = "-apple-system, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', sans-serif"


@dataclass(frozen=True, slots=True)
class ChartOption:
    """One choice of a chart: what it is called and what it changes in each trace."""

    label: Words
    traces: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure (Plotly JSON), its options (none = nothing to choose)."""

    figure: dict[str, Any]
    options: tuple[ChartOption, ...] = ()


def demand_chart(report: PlanReport) -> Chart | None:
    """28 days of pickups and the forecast with interval, committed part and rule; one option per store.

    None without a forecast.
    """
    if report.forecast_days.empty:
        return None
    chain = chain_days(report)
    history = report.history_days.groupby("date", as_index=False)[["pickups"]].sum()
    total = _demand_traces(history, chain)
    names = _store_labels(report)
    past = dict(tuple(report.history_days.groupby("store_id")))
    ahead = dict(tuple(report.forecast_days.rename(columns={"p10": "lower", "p90": "upper"}).groupby("store_id")))
    options = [ChartOption(Words("全部门店", "All stores"), total)]
    for store_id, days in ahead.items():
        store_past = past.get(store_id, report.history_days.iloc[:0])
        options.append(ChartOption(Words(names[str(store_id)], names[str(store_id)]), _demand_traces(store_past, days)))
    return Chart(plain_figure(_demand_shapes(total), _demand_layout()), tuple(options) if len(options) > 2 else ())


def staff_chart(report: PlanReport) -> Chart | None:
    """Planned staff per store and half hour, with a diamond where more are needed; one option per day.

    The stores that are short come first; at most 40 are drawn. None without a staff plan.
    """
    slots = report.staff_slots
    if slots.empty:
        return None
    stores = _staff_order(slots)[:_MOST_STAFF_STORES]
    drawn = slots[slots["store_id"].isin(stores)]
    labels = _short_labels(drawn)
    days = sorted(drawn["business_date"].unique())
    options = [
        ChartOption(day_words(day.date()), _staff_traces(drawn[drawn["business_date"] == day], stores, labels))
        for day in map(pd.Timestamp, days)
    ]
    most = float(drawn["staff_planned"].fillna(0).max())
    figure = plain_figure(_staff_shapes(options[0].traces, most), _staff_layout(len(stores)))
    return Chart(figure, tuple(options) if len(options) > 1 else ())


def staff_stores_left_out(report: PlanReport) -> int:
    """How many stores the staff chart does not draw."""
    return max(0, report.staff_slots["store_id"].nunique() - _MOST_STAFF_STORES)


def quota_chart(report: PlanReport) -> Chart | None:
    """Coupons added and taken per coupon stock, all stores and dates together. None without quotas."""
    if report.quotas.empty:
        return None
    stocks = _quota_changes(report.quotas)
    names = _unique_labels({stock_id: _cut(name, 14) for stock_id, name in stocks["name"].items()})
    totals = zip(stocks.index, stocks["before"], stocks["after"], strict=True)
    labels = [f"{names[str(stock_id)]}<br>{count(before)} → {count(after)}" for stock_id, before, after in totals]
    bars = [
        _bar(labels, stocks["taken"].tolist(), Words("调减", "Cut"), ORANGE),
        _bar(labels, stocks["added"].tolist(), Words("调增", "Raised"), BLUE),
    ]
    return Chart(plain_figure(bars, plain_layout(height=80 + 46 * len(labels), bargap=0.45, **_bar_axes(stocks))))


def _quota_changes(quotas: pd.DataFrame) -> pd.DataFrame:
    change = quotas["quota_coupons"] - quotas["previous_coupons"]
    stocks = quotas.assign(added=change.clip(lower=0), taken=change.clip(upper=0)).groupby("stock_id")
    sums = stocks.agg(
        name=("stock_name", "first"),
        before=("previous_coupons", "sum"),
        after=("quota_coupons", "sum"),
        added=("added", "sum"),
        taken=("taken", "sum"),
    )
    return sums.assign(moved=sums["added"] - sums["taken"]).sort_values("moved", kind="stable")


def chart_json(chart: Chart) -> str:
    """The chart as JSON that is safe inside an HTML script element."""
    value = {
        "figure": chart.figure,
        "options": [
            {"zh": option.label.zh, "en": option.label.en, "traces": option.traces} for option in chart.options
        ],
    }
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def plain_figure(traces: Sequence[Any], layout: go.Layout) -> dict[str, Any]:
    """Traces and layout as plain JSON values."""
    plain: dict[str, Any] = json.loads(go.Figure(data=list(traces), layout=layout).to_json())
    return plain


def plain_layout(**changes: Any) -> go.Layout:
    """Our fonts, colours and margins, with ``changes``."""
    settings: dict[str, Any] = {
        "template": go.layout.Template(),
        "margin": {"l": 44, "r": 12, "t": 12, "b": 40},
        "font": {"family": _FONT, "size": 12, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "dragmode": False,
        "hoverlabel": {"font": {"family": _FONT, "size": 12}},
        "legend": {"orientation": "h", "x": 0, "y": -0.16, "yanchor": "top", "font": {"size": 12}},
    }
    return go.Layout(**{**settings, **changes})


def _demand_traces(history: pd.DataFrame, ahead: pd.DataFrame) -> list[dict[str, Any]]:
    past, days = history.sort_values("date"), ahead.sort_values("date")
    ahead_x = _iso(days["date"])
    return [
        {"x": ahead_x, "y": _values(days["upper"])},
        {"x": ahead_x, "y": _values(days["lower"])},
        {"x": ahead_x, "y": _values(days["committed"])},
        {"x": ahead_x, "y": _values(days["rule"])},
        {"x": _iso(past["date"]), "y": _values(past["pickups"])},
        {"x": ahead_x, "y": _values(days["mean"])},
    ]


def _demand_shapes(traces: list[dict[str, Any]]) -> list[Any]:
    pickups = "%{x|%m-%d}  %{y:,.0f}"
    names = [
        Words("上限 P90", "Upper P90"),
        Words("80% 区间", "80% interval"),
        Words("已有券或预约", "Committed"),
        Words("同星期规则", "Weekday rule"),
        Words("实际自提", "Actual"),
        Words("预测", "Forecast"),
    ]
    styles: list[dict[str, Any]] = [
        {"mode": "lines", "line": {"width": 0}, "showlegend": False},
        {"mode": "lines", "line": {"width": 0}, "fill": "tonexty", "fillcolor": "rgba(0,114,178,0.18)"},
        {"marker": {"color": "rgba(230,159,0,0.75)"}},
        {"mode": "lines", "line": {"color": MUTED, "width": 1.5, "dash": "dot"}},
        {"mode": "lines", "line": {"color": INK, "width": 2}},
        {"mode": "lines+markers", "line": {"color": BLUE, "width": 2.5}, "marker": {"size": 6}},
    ]
    makers = [go.Scatter, go.Scatter, go.Bar, go.Scatter, go.Scatter, go.Scatter]
    return [
        maker(name=in_chart(name), hovertemplate=f"{in_chart(name)}  {pickups}<extra></extra>", **trace, **style)
        for maker, name, trace, style in zip(makers, names, traces, styles, strict=True)
    ]


def _demand_layout() -> go.Layout:
    return plain_layout(
        height=340,
        bargap=0.45,
        xaxis={"type": "date", "tickformat": "%m-%d", "showgrid": False, "linecolor": GRID, "nticks": 8},
        yaxis={"rangemode": "tozero", "gridcolor": GRID, "zeroline": False, "tickformat": ",.0f"},
    )


def _staff_order(slots: pd.DataFrame) -> list[str]:
    short = (slots["staff_needed"] - slots["staff_planned"]).clip(lower=0)
    stores = slots.assign(short=short).groupby("store_id")[["short", "arrivals"]].sum().reset_index()
    ordered = stores.sort_values(["short", "arrivals", "store_id"], ascending=[False, False, True])
    return [str(store_id) for store_id in ordered["store_id"]]


def _staff_traces(day: pd.DataFrame, stores: list[str], labels: dict[str, str]) -> list[dict[str, Any]]:
    open_slots = range(int(day["slot"].min()), int(day["slot"].max()) + 1)
    grid = day.pivot_table(index="store_id", columns="slot", values="staff_planned", aggfunc="sum")
    planned = grid.reindex(index=stores, columns=list(open_slots))
    short = day[day["staff_planned"] < day["staff_needed"]]
    return [
        {
            "x": [slot_words(slot) for slot in open_slots],
            "y": [labels.get(store_id, store_id) for store_id in stores],
            "z": [_values(row) for _, row in planned.iterrows()],
        },
        {
            "x": [slot_words(int(slot)) for slot in short["slot"]],
            "y": [labels.get(str(store_id), str(store_id)) for store_id in short["store_id"]],
            "text": _short_texts(short),
        },
    ]


def _short_texts(short: pd.DataFrame) -> list[str]:
    lacking = zip(short["staff_needed"], short["staff_planned"], strict=True)
    return [
        in_chart(
            Words(
                f"需 {count(needed)} 人，排 {count(planned)} 人，缺 {count(needed - planned)} 人",
                f"needs {count(needed)}, planned {count(planned)}, short of {count(needed - planned)}",
            )
        )
        for needed, planned in lacking
    ]


def _staff_shapes(traces: list[dict[str, Any]], most_staff: float) -> list[Any]:
    planned = in_chart(Words("计划人数", "Staff planned"))
    return [
        go.Heatmap(
            **traces[0],
            zmin=0,
            zmax=max(most_staff, 1),
            xgap=1,
            ygap=1,
            colorscale=_STAFF_SCALE,
            hovertemplate=f"%{{y}} %{{x}}<br>{planned} %{{z:.0f}}<extra></extra>",
            colorbar={
                "orientation": "h",
                "thickness": 8,
                "len": 0.5,
                "x": 0,
                "xanchor": "left",
                "yref": "container",
                "y": 1,
                "yanchor": "top",
                "ypad": 4,
                "outlinewidth": 0,
                "title": {"text": planned, "side": "top", "font": {"size": 11}},
                "tickformat": "d",
                "dtick": _step(most_staff),
            },
        ),
        go.Scatter(
            **traces[1],
            mode="markers",
            showlegend=False,
            marker={"symbol": "diamond", "size": 8, "color": VERMILION, "line": {"color": "#fff", "width": 1}},
            hovertemplate="%{y} %{x}<br>%{text}<extra></extra>",
        ),
    ]


def _step(most_staff: float) -> float:
    return max(1.0, float(round(most_staff / 6)))


def _staff_layout(store_count: int) -> go.Layout:
    categories = {"type": "category", "ticks": "", "showgrid": False}
    return plain_layout(
        height=92 + 20 * store_count,
        margin={"l": 8, "r": 8, "t": 56, "b": 36},
        xaxis={**categories, "nticks": 8, "tickangle": 0},
        yaxis={**categories, "autorange": "reversed", "automargin": True, "dtick": 1, "tickfont": {"size": 11}},
    )


def _bar(labels: list[str], values: list[float], name: Words, colour: str) -> Any:
    return go.Bar(
        orientation="h",
        y=labels,
        x=values,
        name=in_chart(name),
        marker={"color": colour},
        text=[signed(value) if value else "" for value in values],
        textposition="outside",
        textfont={"size": 11},
        cliponaxis=False,
        hovertemplate=f"%{{y}}<br>{in_chart(name)} %{{x:,.0f}}<extra></extra>",
    )


def _bar_axes(stocks: pd.DataFrame) -> dict[str, Any]:
    # Room on both sides for the numbers at the bars' ends.
    added, taken = float(stocks["added"].max()), float(-stocks["taken"].min())
    room = 0.3 * max(added, taken, 1.0)
    return {
        "barmode": "relative",
        "xaxis": {
            "range": [-taken - room, added + room],
            "gridcolor": GRID,
            "zeroline": True,
            "zerolinecolor": MUTED,
            "nticks": 6,
        },
        "yaxis": {"type": "category", "automargin": True, "showgrid": False},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
        "margin": {"l": 8, "r": 16, "t": 36, "b": 30},
    }


def _store_labels(report: PlanReport) -> dict[str, str]:
    ids = report.forecast_days["store_id"].unique()
    names = dict(zip(report.store_days["store_id"], report.store_days["store_name"], strict=True))
    return _unique_labels({str(store_id): names.get(store_id, str(store_id)) for store_id in ids}, is_html=False)


def _short_labels(slots: pd.DataFrame) -> dict[str, str]:
    names = dict(zip(slots["store_id"], slots["store_name"].map(lambda name: _cut(name, _LONGEST_LABEL)), strict=True))
    return _unique_labels(names)


def _unique_labels(names: dict[Any, str], is_html: bool = True) -> dict[str, str]:
    """Label per id; the id is added where two share a name, since a chart would draw them as one."""
    taken = pd.Series(list(names.values())).value_counts()
    labels = {str(key): name if name and taken[name] == 1 else f"{name} {key}".strip() for key, name in names.items()}
    return {key: escape(label) for key, label in labels.items()} if is_html else labels


def _cut(label: str, longest: int) -> str:
    return label if len(label) <= longest else label[: longest - 1] + "…"


def _iso(days: pd.Series) -> list[str]:
    return [day.date().isoformat() for day in days]


def _values(numbers: pd.Series) -> list[float | None]:
    return [round(float(number), 1) if is_known(number) else None for number in numbers]
