"""The tables of core say what the contracts of the feeds say."""

from __future__ import annotations

from pathlib import Path

import pytest

from rouxing.model.feeds import FEEDS, Feed
from rouxing.settings import Settings, load_settings
from rouxing.warehouse.database import Database

TYPES = {
    "text": "text",
    "integer": "bigint",
    "number": "double precision",
    "boolean": "boolean",
    "timestamp": "timestamp with time zone",
    "date": "date",
}
BOOKKEEPING = ["event_at", "known_at", "batch_id", "loaded_at"]


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
def test_table_and_contract_agree(database: Database, feed: Feed) -> None:
    with database.connect() as connection:
        found = connection.execute(
            "select column_name, data_type, is_nullable = 'NO',"
            " col_description(('core.' || table_name)::regclass, ordinal_position) from information_schema.columns"
            " where table_schema = 'core' and table_name = %s order by ordinal_position",
            [feed.name],
        ).fetchall()
    expected = [(column.name, TYPES[column.kind], column.required, column.meaning) for column in feed.columns]
    # A column that a later migration adds stands behind the bookkeeping.
    told = [row for row in found if row[0] not in BOOKKEEPING]
    assert told == expected
    assert [row[0] for row in found if row[0] in BOOKKEEPING] == BOOKKEEPING


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
def test_a_version_is_key_and_known_at(database: Database, feed: Feed) -> None:
    with database.connect() as connection:
        rows = connection.execute(
            "select a.attname from pg_index i join unnest(i.indkey) with ordinality k (number, place) on true"
            " join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number"
            " where i.indisprimary and i.indrelid = %s::regclass order by k.place",
            [feed.table],
        ).fetchall()
    assert [row[0] for row in rows] == [*feed.key, "known_at"]


def test_core_has_no_table_without_a_contract(database: Database) -> None:
    with database.connect() as connection:
        rows = connection.execute("select table_name from information_schema.tables where table_schema = 'core'")
        assert {row[0] for row in rows} == {feed.name for feed in FEEDS}


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    settings = load_settings(
        state_dir=tmp_path, database_url="postgresql://me:s3cret@db/rouxing", pseudonym_key="s3cret" * 4
    )
    assert "s3cret" not in f"{settings!r} {settings!s} {settings.model_dump()} {settings.model_dump_json()}"
    assert settings.pseudonym_secret() == b"s3cret" * 4


def test_a_key_is_made_once_per_state_folder(tmp_path: Path) -> None:
    keys = {load_settings(state_dir=tmp_path, pseudonym_key=None).pseudonym_secret() for _ in range(3)}
    assert len(keys) == 1
    assert (tmp_path / "pseudonym.key").stat().st_mode & 0o077 == 0
