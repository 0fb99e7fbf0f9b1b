"""Two connections that see the same rows, and reading on both at once."""

from __future__ import annotations

from functools import partial

import pandas as pd
import psycopg
import pytest

from rouxing.warehouse.database import Connection, Database
from rouxing.warehouse.side_by_side import read_side_by_side


def read(connection: Connection, query: str) -> pd.DataFrame:
    return pd.DataFrame(connection.execute(query.encode()).fetchall(), columns=["value"])


def test_both_see_what_was_committed_at_the_call_and_nothing_later(database: Database) -> None:
    with database.connect() as other:
        other.execute("create table if not exists ops.seen (value integer)")
        other.execute("insert into ops.seen values (1)")
    count = "select count(*) from ops.seen"
    with database.connect_twice() as pair:
        with database.connect() as other:
            other.execute("insert into ops.seen values (2)")
        found = read_side_by_side(pair, {name: partial(read, query=count) for name in "abcd"})
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), pair[1].transaction():
            pair[1].execute("insert into ops.seen values (3)")
    assert list(found) == list("abcd")
    assert [frame["value"].iloc[0] for frame in found.values()] == [1, 1, 1, 1]


def test_each_reader_is_read_once_whatever_the_number_of_connections(database: Database) -> None:
    readers = {str(number): partial(read, query=f"select {number}") for number in range(7)}
    with database.connect_twice() as (first, second):
        for connections in ((first,), (first, second)):
            found = read_side_by_side(connections, readers)
            assert [frame["value"].iloc[0] for frame in found.values()] == list(range(7))


def test_an_error_ends_what_the_others_are_reading(database: Database) -> None:
    readers = {
        "long": partial(read, query="select pg_sleep(600)::text"),
        "wrong": partial(read, query="select 1 / 0"),
    }
    with pytest.raises(psycopg.errors.DivisionByZero), database.connect_twice() as pair:
        read_side_by_side(pair, readers)
