"""Bulk writes: COPY into a table or through a temporary table and one upsert."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
from psycopg import sql

from rouxing.warehouse.database import Connection

_ROWS_A_PIECE = 25_000


def table_identifier(table: str) -> sql.Identifier:
    """``schema.table`` as a quoted identifier."""
    return sql.Identifier(*table.split("."))


def copy_rows(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Appends rows by COPY in the connection's transaction."""
    statement = sql.SQL("{} from stdin").format(_into(table, columns))
    with connection.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def copy_frame(connection: Connection, table: str, frame: pd.DataFrame) -> None:
    """Appends a frame by COPY; its column names are the table's. Missing values become null.

    Values do not become Python objects on their way, unless a column holds lists, dictionaries or bytes.
    """
    columns = [str(name) for name in frame.columns]
    plain = _plain_table(frame)
    if plain is None:
        values = [_values(frame[name]) for name in frame.columns]
        copy_rows(connection, table, columns, zip(*values, strict=True))
        return
    statement = sql.SQL("{} from stdin (format csv)").format(_into(table, columns))
    pieces = plain.to_batches(max_chunksize=_ROWS_A_PIECE)
    # While the server takes one piece the next ones become text.
    with ThreadPoolExecutor(1) as ahead, connection.cursor().copy(statement) as copy:
        for text in ahead.map(_as_csv, pieces):
            copy.write(text)


def _as_csv(batch: Any) -> memoryview:
    text = BytesIO()
    # Texts are quoted and nulls are not, which is how COPY tells them apart.
    pyarrow.csv.write_csv(batch, text, pyarrow.csv.WriteOptions(include_header=False))
    return text.getbuffer()


def replace_rows(connection: Connection, table: str, key: dict[str, Any], frame: pd.DataFrame) -> None:
    """Makes ``frame`` the only rows of ``table`` with this key, in the connection's transaction.

    ``key`` maps column names to values; they are added to the frame's columns.
    """
    condition = sql.SQL(" and ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in key
    )
    connection.execute(sql.SQL("delete from {} where {}").format(table_identifier(table), condition), key)
    copy_frame(connection, table, frame.assign(**key))


def _into(table: str, columns: Sequence[str]) -> sql.Composed:
    return sql.SQL("copy {} ({})").format(table_identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns)))


def _plain_table(frame: pd.DataFrame) -> Any:
    """The frame as an Arrow table of texts, numbers, dates and moments; None where a column holds anything else."""
    try:
        table = pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return None
    for place, column in enumerate(table.schema):
        if pa.types.is_dictionary(column.type):
            table = table.set_column(place, column.name, table.column(place).cast(column.type.value_type))
    return table if all(map(_is_plain, table.schema.types)) else None


def _is_plain(kind: Any) -> bool:
    types = pa.types
    tests = (types.is_integer, types.is_floating, types.is_string, types.is_large_string, types.is_boolean)
    return any(test(kind) for test in (*tests, types.is_date, types.is_timestamp, types.is_null))


def _values(series: pd.Series[Any]) -> list[Any]:
    # pandas' own Int64 says kind "i" too, and can be missing.
    kind = series.dtype.kind if isinstance(series.dtype, np.dtype) else "O"
    if kind in "iu":
        return list(series.tolist())
    if kind == "f":
        values = series.to_numpy()
        return [None if missing else value for value, missing in zip(values.tolist(), np.isnan(values), strict=True)]
    objects = series.astype(object)
    return list(objects.where(series.notna(), None))
