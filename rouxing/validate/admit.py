"""One transaction a batch: good rows into core, bad rows into quarantine, and the books balanced."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.csv
from psycopg import sql

from rouxing.ingest.sources import Row
from rouxing.model.errors import PermanentError
from rouxing.model.feeds import Feed
from rouxing.privacy.consent import withheld_columns, withhold_unconsented
from rouxing.validate.judge import Judgement
from rouxing.validate.suites import without_zone
from rouxing.validate.words import SAME_VERSION_REASON
from rouxing.warehouse.copy import copy_rows
from rouxing.warehouse.database import Connection, Database
from rouxing.warehouse.queries import named_query

SAME_VERSION = "same_version_other_content"
KNOWN_REFERENCE = "guard_known_reference"

REFERENCES: dict[str, str] = {
    "store_id": "core.stores",
    "sku_id": "core.skus",
    "dc_id": "core.distribution_centres",
    "stock_id": "core.coupon_stocks",
    "campaign_id": "core.campaigns",
}
"""Columns whose values should be known to master data. A stranger is a warning: its master row may come later."""

Counts = tuple[int, int, int]


def admit_batch(database: Database, feed: Feed, batch_id: int, rows: Sequence[Row], judgement: Judgement) -> Counts:
    """Rows (loaded, unchanged, quarantined) of a judged batch that is now in ``core``.

    ``rows`` are the raw rows in their order, for the payloads. A batch that another run has admitted meanwhile is left
    alone. PermanentError, and nothing written, when rows read != loaded + unchanged + quarantined.
    """
    with database.connect() as connection:
        if not _lock_batch(connection, batch_id):
            return _admitted_counts(connection, batch_id)
        _write_results(connection, feed, batch_id, judgement.results)
        _write_quarantine(connection, feed, batch_id, rows, judgement)
        _copy_incoming(connection, feed, judgement.admitted)
        withhold_unconsented(connection, feed)
        _warn_of_strangers(connection, feed, batch_id, len(judgement.admitted))
        loaded = connection.execute(statement("insert_versions", feed), {"batch_id": batch_id}).rowcount
        differing = _differing_rows(connection, feed, len(judgement.admitted) - loaded)
        _quarantine_rows(connection, feed, batch_id, rows, [(row, known_at) for row, known_at in differing])
        return _close_batch(connection, feed, batch_id, loaded, len(differing))


def stop_batch(database: Database, feed: Feed, batch_id: int, judgement: Judgement) -> None:
    """The batch is marked as stopped with its reason; its raw pages stay in ``landing`` to be judged again."""
    with database.connect() as connection:
        if not _lock_batch(connection, batch_id):
            return
        _write_results(connection, feed, batch_id, judgement.results)
        reason = {"batch_id": batch_id, "reason": judgement.stop_reason}
        connection.execute(named_query("validate/stop_batch").encode(), reason)


def statement(name: str, feed: Feed) -> sql.Composed:
    """The template sql/validate/<name>.sql for the table of ``feed``; its identifiers come from the contract."""
    personal = withheld_columns(feed)
    content = [name for name in feed.column_names if name not in (*feed.key, *personal)]
    return sql.SQL(named_query(f"validate/{name}")).format(
        table=sql.Identifier("core", feed.name),
        columns=_names([*feed.column_names, "event_at", "known_at"]),
        key=_names([*feed.key, "known_at"]),
        incoming_content=_names([*content, "event_at"], "incoming"),
        core_content=_names([*content, "event_at"], "kept"),
        personal_differs=sql.SQL(" or ").join(
            [sql.SQL("false").format()]
            + [sql.SQL("incoming.{0} <> kept.{0}").format(sql.Identifier(column)) for column in personal]
        ),
    )


def _names(columns: Sequence[str], table: str | None = None) -> sql.Composed:
    prefix = () if table is None else (table,)
    return sql.SQL(", ").join(sql.Identifier(*prefix, column) for column in columns)


def _lock_batch(connection: Connection, batch_id: int) -> bool:
    """Whether the batch is still to be judged; clears what an earlier judgement wrote."""
    row = connection.execute(named_query("validate/lock_batch").encode(), {"batch_id": batch_id}).fetchone()
    if row is None or row[0] == "admitted":
        return False
    for name in ("clear_results", "clear_quarantine"):
        connection.execute(named_query(f"validate/{name}").encode(), {"batch_id": batch_id})
    return True


def _admitted_counts(connection: Connection, batch_id: int) -> Counts:
    row = connection.execute(named_query("validate/batch_counts").encode(), {"batch_id": batch_id}).fetchone()
    assert row is not None
    return row[0], row[1], row[2]


def _write_results(connection: Connection, feed: Feed, batch_id: int, results: pd.DataFrame) -> None:
    copy_rows(
        connection,
        "ops.quality_results",
        ("feed", "batch_id", *results.columns),
        ((feed.name, batch_id, *row) for row in results.itertuples(index=False, name=None)),
    )


def _write_quarantine(
    connection: Connection, feed: Feed, batch_id: int, rows: Sequence[Row], judgement: Judgement
) -> None:
    lines = (
        (batch_id, row, feed.name, expectation, column, reason, _payload(rows[row - 1]), _moment(known_at))
        for row, expectation, column, reason, known_at in judgement.quarantine.itertuples(index=False, name=None)
    )
    _copy_quarantine(connection, lines)


def _quarantine_rows(
    connection: Connection, feed: Feed, batch_id: int, rows: Sequence[Row], differing: Sequence[tuple[int, Any]]
) -> None:
    lines = (
        (batch_id, row, feed.name, SAME_VERSION, "", SAME_VERSION_REASON, _payload(rows[row - 1]), known_at)
        for row, known_at in differing
    )
    _copy_quarantine(connection, lines)


def _copy_quarantine(connection: Connection, lines: Iterator[tuple[Any, ...]]) -> None:
    columns = ("batch_id", "row_number", "feed", "expectation", "column_name", "reason", "payload", "known_at")
    copy_rows(connection, "ops.quarantine", columns, lines)


def _moment(known_at: pd.Timestamp) -> pd.Timestamp | None:
    return None if pd.isna(known_at) else known_at


def _payload(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False)


def _copy_incoming(connection: Connection, feed: Feed, admitted: pd.DataFrame) -> None:
    """A temporary table ``incoming`` with the admitted rows, for the rest of the transaction."""
    connection.execute(statement("create_incoming", feed))
    # Arrow writes naive moments 17 times as fast as those with a zone; the transaction reads them as UTC.
    connection.execute("set local time zone 'UTC'")
    frame = without_zone(admitted).rename_axis("row_number").reset_index()
    table = pa.Table.from_pandas(frame, preserve_index=False)
    text = BytesIO()
    # Texts are quoted and nulls are not, which is how COPY tells them apart.
    pyarrow.csv.write_csv(table, text, pyarrow.csv.WriteOptions(include_header=False))
    columns = _names(table.column_names)
    with connection.cursor().copy(sql.SQL("copy incoming ({}) from stdin (format csv)").format(columns)) as copy:
        copy.write(text.getbuffer())
    connection.execute("analyze incoming")


def _warn_of_strangers(connection: Connection, feed: Feed, batch_id: int, rows: int) -> None:
    for column, table in REFERENCES.items():
        if column not in feed.column_names or table == feed.table:
            continue
        template = sql.SQL(named_query("validate/guard_strangers"))
        guard = template.format(column=sql.Identifier(column), reference=sql.Identifier(*table.split(".")))
        values = {"feed": feed.name, "batch_id": batch_id, "guard": KNOWN_REFERENCE, "column": column, "rows": rows}
        connection.execute(guard, values)


def _differing_rows(connection: Connection, feed: Feed, not_loaded: int) -> list[tuple[int, Any]]:
    """Row number and known_at of incoming rows whose version is in core with other content."""
    if not not_loaded:
        return []
    return [(row[0], row[1]) for row in connection.execute(statement("differing_versions", feed)).fetchall()]


def _close_batch(connection: Connection, feed: Feed, batch_id: int, loaded: int, differing: int) -> Counts:
    counts = {"batch_id": batch_id, "loaded": loaded, "differing": differing}
    try:
        row = connection.execute(named_query("validate/close_batch").encode(), counts).fetchone()
    except psycopg.errors.CheckViolation as error:
        raise PermanentError(
            f"Batch {batch_id} of {feed.name} does not balance: rows read is not loaded + unchanged + quarantined. "
            "Nothing of it was written; this is a fault of Rouxing, please report it."
        ) from error
    assert row is not None
    return row[0], row[1], row[2]
