"""Bulk writes: COPY into a table or through a temporary table and one upsert."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from psycopg import sql

from rouxing.warehouse.database import Connection


def table_identifier(table: str) -> sql.Identifier:
    """``schema.table`` as a quoted identifier."""
    return sql.Identifier(*table.split("."))


def copy_rows(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Appends rows by COPY in the connection's transaction."""
    statement = sql.SQL("copy {} ({}) from stdin").format(
        table_identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def copy_frame(connection: Connection, table: str, frame: pd.DataFrame) -> None:
    """Appends a frame by COPY; its column names are the table's. Missing values become null."""
    columns = [_values(frame[name]) for name in frame.columns]
    copy_rows(connection, table, [str(name) for name in frame.columns], zip(*columns, strict=True))


def replace_rows(connection: Connection, table: str, key: dict[str, Any], frame: pd.DataFrame) -> None:
    """Makes ``frame`` the only rows of ``table`` with this key, in the connection's transaction.

    ``key`` maps column names to values; they are added to the frame's columns.
    """
    condition = sql.SQL(" and ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in key
    )
    connection.execute(sql.SQL("delete from {} where {}").format(table_identifier(table), condition), key)
    copy_frame(connection, table, frame.assign(**key))


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
