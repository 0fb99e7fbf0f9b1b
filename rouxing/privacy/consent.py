"""Consent: what a customer allowed, as of a moment, and what happens to rows without it."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
from psycopg import sql

from rouxing.model.feeds import Feed
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.queries import named_query


def withheld_columns(feed: Feed) -> tuple[str, ...]:
    """Columns that a row keeps only with the customer's pickup_service consent."""
    return tuple(column.name for column in feed.personal_columns if not column.required)


def withhold_unconsented(connection: Connection, feed: Feed) -> int:
    """Rows of the temporary table ``incoming`` whose customer was taken out.

    A customer counts as consenting when the newest ``consents`` version known at the row's ``known_at`` grants
    pickup_service; no version = not granted. Later changes of mind do not rewrite history here.
    """
    columns = [sql.Identifier(name) for name in withheld_columns(feed)]
    if not columns:
        return 0
    template = sql.SQL(named_query("privacy/withhold_unconsented"))
    statement = template.format(
        personal=sql.SQL(", ").join(sql.SQL("incoming.{}").format(column) for column in columns),
        nothing=sql.SQL(", ").join(sql.SQL("{} = null").format(column) for column in columns),
    )
    return connection.execute(statement).rowcount


def consent_state(connection: Connection, known_by: datetime) -> pd.DataFrame:
    """Consents as known at ``known_by``: customer_key, purpose, is_granted, decided_at; absent = not granted."""
    return read_frame(connection, "privacy/consent_state", known_by=known_by)
