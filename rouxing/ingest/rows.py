"""Vendor JSON to typed columns of the contract. What cannot be read becomes null and is remembered."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from rouxing.ingest.sources import ENDPOINTS, Endpoint, Row, TimeFormat
from rouxing.model.dates import SHANGHAI
from rouxing.model.feeds import Column, Feed, Kind

NOT_OF_TYPE = "expect_column_values_to_be_of_type"
LARGEST_INTEGER = 2**63 - 1
SHORTEST_TIME = len("2026-06-18T05:30")

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_YUAN = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,2}0*)?")
_BOOLEANS = {True: True, False: False, "true": True, "false": False}

Values = list[Any]


@dataclass(frozen=True)
class TypedRows:
    """One batch, typed.

    ``frame``: the contract's columns that the vendor gave, ``event_at`` and ``known_at`` (UTC); its index is the row's
    number in the batch, from 1. ``problems``: row_number, column_name of values that are not of the column's type.
    ``missing``: contract columns that no row has.
    """

    feed: Feed
    frame: pd.DataFrame
    problems: pd.DataFrame
    missing: tuple[str, ...]


def typed_rows(feed: Feed, rows: list[Row]) -> TypedRows:
    """The rows of one batch of ``feed`` as typed columns; never raises for a value it cannot read."""
    endpoint = ENDPOINTS[feed.name]
    columns = [*feed.columns, Column("known_at", "timestamp", "moment the vendor knew it")]
    index = pd.RangeIndex(1, len(rows) + 1, name="row_number")
    typed: dict[str, pd.Series[Any]] = {}
    problems: list[pd.DataFrame] = []
    missing: list[str] = []
    for column in columns:
        name = column.name if column.personal else endpoint.fields[column.name]
        if rows and not any(name in row for row in rows):
            missing.append(column.name)
            continue
        values = [row.get(name) for row in rows]
        series = _typed(values, column, endpoint)
        typed[column.name] = series.set_axis(index)
        problems += _problems(values, series, column.name)
    frame = pd.DataFrame(typed, index=index)
    return TypedRows(feed, _with_event_time(frame, feed), _concatenated(problems), tuple(missing))


def _typed(values: Values, column: Column, endpoint: Endpoint) -> pd.Series[Any]:
    if column.kind == "timestamp":
        return _timestamps(values, endpoint.habit.time_format)
    if column.kind == "date":
        return _dates(values)
    if column.kind == "text":
        return pd.Series([value if type(value) is str and value else _text(value) for value in values], dtype="str")
    if column.name in endpoint.yuan_columns:
        return pd.Series([_fen(value) for value in values], dtype="Int64")
    parse, dtype = _PARSERS[column.kind]
    return pd.Series([parse(value) for value in values], dtype=dtype)


def _problems(values: Values, series: pd.Series[Any], column_name: str) -> list[pd.DataFrame]:
    missing = series.isna().tolist()
    if sum(missing) == values.count(None) + values.count(""):
        return []
    numbers = [
        number
        for number, (value, is_missing) in enumerate(zip(values, missing, strict=True), start=1)
        if is_missing and value is not None and value != ""
    ]
    return [pd.DataFrame({"row_number": numbers, "column_name": column_name})]


def _concatenated(problems: list[pd.DataFrame]) -> pd.DataFrame:
    if not problems:
        return pd.DataFrame({"row_number": pd.Series(dtype="int64"), "column_name": pd.Series(dtype="str")})
    return pd.concat(problems, ignore_index=True)


def _with_event_time(frame: pd.DataFrame, feed: Feed) -> pd.DataFrame:
    if feed.event_time not in frame:
        return frame
    moments = frame[feed.event_time]
    if moments.dt.tz is None:
        moments = _shanghai_to_utc(moments)
    return frame.assign(event_at=moments)


def _text(value: Any) -> str | None:
    return str(value) if type(value) is int else None


def _integer(value: Any) -> int | None:
    if type(value) is str and _INTEGER.fullmatch(value):
        value = int(value)
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and abs(value) <= LARGEST_INTEGER else None


def _number(value: Any) -> float | None:
    if type(value) is bool:
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _boolean(value: Any) -> bool | None:
    return _BOOLEANS.get(value) if type(value) in (bool, str) else None


def _fen(value: Any) -> int | None:
    """Fen of an amount in yuan, exactly: never by way of a binary fraction."""
    text = str(value) if type(value) in (str, int, float) else ""
    return int(Decimal(text) * 100) if _YUAN.fullmatch(text) else None


def _dates(values: Values) -> pd.Series[Any]:
    texts = [value if type(value) is str and len(value) == 10 else None for value in values]
    return pd.to_datetime(pd.Series(texts, dtype="str"), format="%Y-%m-%d", errors="coerce").dt.as_unit("us")


def _timestamps(values: Values, time_format: TimeFormat) -> pd.Series[Any]:
    """Moments in UTC. A text without a zone is Shanghai time from vendors who write so, unreadable from others."""
    texts = [value if type(value) is str and len(value) >= SHORTEST_TIME else None for value in values]
    zoned = [text if text is not None and _has_zone(text) else None for text in texts]
    moments = pd.to_datetime(pd.Series(zoned, dtype="str"), format="ISO8601", utc=True, errors="coerce")
    moments = moments.dt.as_unit("us")
    if time_format == "rfc3339":
        return moments
    local = pd.to_datetime(pd.Series(texts, dtype="str"), format="%Y-%m-%d %H:%M:%S", errors="coerce")
    return moments.fillna(_shanghai_to_utc(local))


def _has_zone(text: str) -> bool:
    return text[-1] == "Z" or (text[-6] in "+-" and text[-3] == ":")


def _shanghai_to_utc(local: pd.Series[Any]) -> pd.Series[Any]:
    # Shanghai had summer time until 1991; hours that it repeated or left out are unreadable.
    zoned = local.dt.as_unit("us").dt.tz_localize(SHANGHAI, ambiguous="NaT", nonexistent="NaT")
    moments: pd.Series[Any] = zoned.dt.tz_convert("UTC")
    return moments


_PARSERS: dict[Kind, tuple[Callable[[Any], Any], str]] = {
    "integer": (_integer, "Int64"),
    "number": (_number, "Float64"),
    "boolean": (_boolean, "boolean"),
}
