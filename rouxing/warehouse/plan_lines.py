"""Canonical hashes of a plan's line tables, stored and rebuilt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from psycopg import sql

from rouxing.warehouse.copy import copy_frame, table_identifier
from rouxing.warehouse.database import Connection

_REBUILT = "rebuilt_lines"
_HASH = "select count(*), coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '') from {} as t"


@dataclass(frozen=True, slots=True)
class TableHash:
    """Rows of a table and the hash of all their bytes, whatever their order."""

    rows: int
    digest: str


def stored_hash(connection: Connection, table: str, columns: Sequence[str], key: str, name: str) -> TableHash:
    """Hash of the rows of ``table`` whose ``key`` is ``name``, in these columns."""
    rows = sql.SQL("(select {} from {} where {} = {})").format(
        _listed(columns), table_identifier(table), sql.Identifier(key), sql.Literal(name)
    )
    return _hash(connection, rows)


def rebuilt_hash(connection: Connection, table: str, frame: pd.DataFrame) -> TableHash:
    """Hash that a frame's rows would have in ``table``: they go into a temporary table of its types and defaults."""
    copied = sql.Identifier(_REBUILT)
    connection.execute(sql.SQL("drop table if exists {}").format(copied))
    connection.execute(
        sql.SQL("create temporary table {} as select {} from {} limit 0").format(
            copied, _listed([str(name) for name in frame.columns]), table_identifier(table)
        )
    )
    copy_frame(connection, _REBUILT, frame)
    return _hash(connection, sql.SQL("(select * from {})").format(copied))


def _listed(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _hash(connection: Connection, rows: sql.Composable) -> TableHash:
    found = connection.execute(sql.SQL(_HASH).format(rows)).fetchone()
    return TableHash(0, "") if found is None else TableHash(int(found[0]), str(found[1]))
