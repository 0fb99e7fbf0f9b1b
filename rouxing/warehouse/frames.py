"""Query results as frames."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
from psycopg import ClientCursor, sql
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus

from rouxing.warehouse.database import Connection
from rouxing.warehouse.queries import named_query

_INTEGER, _NUMBER, _TEXT = pa.int64(), pa.float64(), pa.large_string()
_DATE = 1082
# PostgreSQL's type numbers, and the column that each becomes.
_COLUMNS: dict[int, Any] = {
    20: _INTEGER, 21: _INTEGER, 23: _INTEGER, 700: _NUMBER, 701: _NUMBER, 1700: _NUMBER, 25: _TEXT, 1042: _TEXT,
    1043: _TEXT, 16: pa.bool_(), _DATE: pa.timestamp("s"), 1184: pa.timestamp("us", tz="UTC"),
}  # fmt: skip
# Texts that could be a missing value are quoted by COPY, and missing ones are not.
_MISSING = {
    "null_values": [""],
    "true_values": ["t"],
    "false_values": ["f"],
    "strings_can_be_null": True,
    "quoted_strings_can_be_null": False,
}


def read_frame(connection: Connection, name: str, **parameters: Any) -> pd.DataFrame:
    """Rows of the named query ``stage/name``: text as ``str``, dates as ``datetime64``, timestamps in UTC.

    Columns of whole numbers are ``int64``, or ``float64`` where a value is null. Rows come by COPY and never become
    Python objects, unless a column is of a rare type (lists, JSON): a million rows of five columns take a second.
    """
    # COPY takes no parameters: the values are written into the text.
    query = sql.SQL(ClientCursor(connection).mogrify(named_query(name).encode(), parameters))
    columns = _columns(connection, query)
    if all(kind in _COLUMNS for kind in columns.values()):
        return _copied(connection, query, {column: _COLUMNS[kind] for column, kind in columns.items()})
    rows = connection.execute(query).fetchall()
    values = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    return pd.DataFrame(
        {column: _series(given, kind) for (column, kind), given in zip(columns.items(), values, strict=True)}
    )


def _columns(connection: Connection, query: sql.Composable) -> dict[str, int]:
    """Names of the query's columns and PostgreSQL's numbers of their types; nothing is read."""
    empty = connection.execute(sql.SQL("select * from (\n{}\n) as described limit 0").format(query))
    return {column.name: column.type_code for column in empty.description or []}


def _copied(connection: Connection, query: sql.Composable, columns: dict[str, Any]) -> pd.DataFrame:
    text = _text(connection, sql.SQL("copy (\n{}\n) to stdout (format csv)").format(query))
    if not text:
        return _frame(pa.table({name: pa.array([], kind) for name, kind in columns.items()}))
    table = pyarrow.csv.read_csv(
        BytesIO(text),
        pyarrow.csv.ReadOptions(column_names=list(columns)),
        pyarrow.csv.ParseOptions(newlines_in_values=True),
        pyarrow.csv.ConvertOptions(column_types=columns, **_MISSING),
    )
    return _frame(table)


def _text(connection: Connection, statement: sql.Composed) -> bytes:
    """All that a COPY sends. A stop is heard while nothing comes; what has come is taken without waiting.

    psycopg waits anew for every row, at four times the cost of the row itself.
    """
    rows: list[bytes] = []
    with connection.cursor().copy(statement) as copy:
        while True:
            size, row = connection.pgconn.get_copy_data(1)
            if size < 0:
                break
            rows.append(bytes(row) if size else bytes(copy.read()))
            if not rows[-1]:
                return b"".join(rows)
        # All results are taken before one of them is told: until then the connection is busy.
        ended = list(iter(connection.pgconn.get_result, None))
        for result in ended:
            if result.status == ExecStatus.FATAL_ERROR:
                raise error_from_result(result)
    return b"".join(rows)


def _frame(table: Any) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True)
    return frame


def _series(values: tuple[Any, ...], kind: int) -> pd.Series[Any]:
    """A column of values that came as Python objects, of the type that COPY would have given it."""
    if kind not in _COLUMNS:
        return pd.Series(values, dtype="object")
    column = _COLUMNS[kind]
    # Arrow takes a date for a timestamp only by way of its own dates.
    given = pa.array(values, pa.date32() if kind == _DATE else column, from_pandas=True).cast(column)
    series: pd.Series[Any] = given.to_pandas()
    return series
