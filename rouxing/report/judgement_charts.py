"""Figures of the accuracy section: error by days ahead, and nominal against observed quantiles."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from rouxing.report.charts import BLUE, GRID, MUTED, ORANGE, Chart, plain_figure, plain_layout
from rouxing.report.judgement import calibration, horizon_scores
from rouxing.report.words import METHODS, Words, in_chart

_LINES: dict[str, tuple[Words, dict[str, Any]]] = {
    "ours": (METHODS["rouxing"], {"color": BLUE, "width": 2.5}),
    "weekday_rule": (METHODS["weekday_rule"], {"color": MUTED, "width": 1.5, "dash": "dot"}),
    "seasonal_naive": (METHODS["seasonal_naive"], {"color": ORANGE, "width": 1.5}),
}
_HEIGHT = 280


def horizon_chart(boards: pd.DataFrame) -> Chart | None:
    """WAPE by days ahead of ours and the rules. None without a backtest."""
    scores = horizon_scores(boards)
    if scores.empty:
        return None
    traces = [_line(scores[method], *_LINES[method]) for method in _LINES if method in scores.columns]
    days = {"title": _title(Words("提前天数", "Days ahead")), "dtick": 1, "showgrid": False, "linecolor": GRID}
    shares = {"rangemode": "tozero", "gridcolor": GRID, "zeroline": False, "tickformat": ".0%"}
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}}
    return Chart(plain_figure(traces, plain_layout(height=_HEIGHT, xaxis=days, yaxis=shares, legend=legend)))


def calibration_chart(boards: pd.DataFrame) -> Chart | None:
    """Share of pickups that fell below each quantile, beside the share that should. None without a backtest."""
    observed = calibration(boards)
    if observed.empty:
        return None
    name = in_chart(Words("实际低于该分位的比例", "Observed below"))
    ideal = go.Scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": MUTED, "width": 1.5, "dash": "dot"}, hoverinfo="skip"
    )
    found = go.Scatter(
        x=list(observed.index),
        y=[round(float(value), 3) for value in observed],
        mode="lines+markers",
        line={"color": BLUE, "width": 2.5},
        marker={"size": 7},
        hovertemplate=f"P%{{x:.0%}}  {name} %{{y:.1%}}<extra></extra>",
    )
    axis = {"range": [0, 1], "gridcolor": GRID, "zeroline": False, "tickformat": ".0%", "dtick": 0.25}
    nominal = {**axis, "title": _title(Words("名义分位", "Nominal quantile"))}
    actual = {**axis, "title": _title(Words("实际低于该分位", "Observed below it"))}
    layout = plain_layout(
        height=_HEIGHT, showlegend=False, xaxis=nominal, yaxis=actual, margin={"l": 58, "r": 12, "t": 12, "b": 44}
    )
    return Chart(plain_figure([ideal, found], layout))


def _line(scores: pd.Series, name: Words, line: dict[str, Any]) -> Any:
    return go.Scatter(
        x=[int(day) for day in scores.index],
        y=[None if pd.isna(value) else round(float(value), 4) for value in scores],
        name=in_chart(name),
        mode="lines+markers",
        marker={"size": 5},
        line=line,
        hovertemplate=f"{in_chart(name)}  %{{x}}  %{{y:.1%}}<extra></extra>",
    )


def _title(words: Words) -> dict[str, Any]:
    return {"text": in_chart(words), "font": {"size": 12, "color": MUTED}}
