"""Tables: Markdown for Prefect artifacts, and the shape that the page's template draws."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import pandas as pd

from rouxing.report.words import Words

Cell = str | Words


@dataclass(frozen=True, slots=True)
class Column:
    """Head of one table column. ``kind``: number is set right-aligned, prose may wrap, text does neither."""

    head: Words
    kind: Literal["text", "prose", "number"]


@dataclass(frozen=True, slots=True)
class Table:
    """A table ready to draw: formatted cells, and how many rows were left out."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    hidden_rows: int = 0


def text_column(zh: str, en: str) -> Column:
    """Column of names and short words."""
    return Column(Words(zh, en), "text")


def prose_column(zh: str, en: str) -> Column:
    """Column of sentences."""
    return Column(Words(zh, en), "prose")


def number_column(zh: str, en: str) -> Column:
    """Column of numbers."""
    return Column(Words(zh, en), "number")


def table(columns: Sequence[Column], rows: Iterable[tuple[Cell, ...]], limit: int | None = None) -> Table:
    """Table of the first ``limit`` rows (all when None); the rest is counted, not silently dropped."""
    drawn = tuple(rows)
    kept = drawn if limit is None else drawn[:limit]
    return Table(tuple(columns), kept, len(drawn) - len(kept))


def markdown_table(frame: pd.DataFrame, limit: int = 50) -> str:
    """GitHub Markdown of the first ``limit`` rows of ``frame``, for a Prefect artifact.

    Pipes, line breaks and HTML in values are made harmless. A frame without rows gives a sentence
    that says so. A last line counts the rows that were left out.
    """
    if frame.empty:
        return "（没有记录 / no rows）"
    heads = [_markdown_cell(str(name)) for name in frame.columns]
    marks = ["---:" if pd.api.types.is_numeric_dtype(kind) else "---" for kind in frame.dtypes]
    rows = [[_markdown_cell(_plain(value)) for value in row] for row in frame.head(limit).itertuples(index=False)]
    lines = ["| " + " | ".join(cells) + " |" for cells in [heads, marks, *rows]]
    if len(frame) > limit:
        lines.append(f"\n另有 {len(frame) - limit:,} 行未列出 / {len(frame) - limit:,} more rows")
    return "\n".join(lines)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, pd.Timestamp | datetime):
        return value.strftime("%Y-%m-%d %H:%M") if value.hour or value.minute else value.strftime("%Y-%m-%d")
    if isinstance(value, date):
        return value.isoformat()
    if pd.isna(value):  # type: ignore[call-overload]
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:,.3g}" if abs(value) < 1 else f"{value:,.1f}"
    return str(value)


def _markdown_cell(text: str) -> str:
    harmless = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return harmless.replace("|", "\\|").replace("\r", " ").replace("\n", " ")
