"""What COPY writes is what a frame reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rouxing.model.errors import PermanentError
from rouxing.warehouse import queries
from rouxing.warehouse.copy import copy_frame, replace_rows
from rouxing.warehouse.database import Connection, Database
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.queries import named_query

TABLE = (
    "create temporary table lines (number bigint, maybe bigint, share double precision, words text, day date,"
    " moment timestamptz, flag boolean)"
)


@pytest.fixture
def lines(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """An empty temporary table and a query that reads it."""
    (tmp_path / "lines.sql").write_text("select * from lines order by number")
    monkeypatch.setattr(queries, "SQL_ROOT", tmp_path)
    named_query.cache_clear()
    with database.connect() as connection:
        connection.execute(TABLE)
        yield connection
        connection.rollback()
    named_query.cache_clear()


FRAME = pd.DataFrame(
    {
        "number": [1, 2, 3],
        "maybe": pd.array([7, None, 9], dtype="Int64"),
        "share": [0.1, np.nan, 1e300],
        "words": ["tab\tline\nback\\slash", None, "\\N 柔性 “”,;"],
        "day": pd.to_datetime(["2026-06-18", None, "1999-12-31"]),
        "moment": pd.to_datetime(
            ["2026-06-18T05:30:00+08:00", None, "2026-06-18T05:30:00.123456Z"], utc=True, format="ISO8601"
        ),
        "flag": pd.Series([True, None, False], dtype="object"),
    }
)


def test_every_kind_of_value_comes_back(lines: Connection) -> None:
    copy_frame(lines, "lines", FRAME)
    read = read_frame(lines, "lines")
    assert list(read["number"]) == [1, 2, 3]
    assert read["number"].dtype == np.int64
    assert read["maybe"].dtype == np.float64
    assert read["maybe"].isna().tolist() == [False, True, False]
    assert read["share"].equals(FRAME["share"])
    assert read["words"].fillna("-").tolist() == FRAME["words"].fillna("-").tolist()
    assert read["words"].isna().tolist() == [False, True, False]
    assert (read["day"].dropna() == FRAME["day"].dropna()).all()
    assert (read["moment"].dropna() == FRAME["moment"].dropna()).all()
    assert str(read["moment"].dt.tz) == "UTC"
    assert read["flag"].tolist() == [True, None, False]


def test_dates_and_moments_may_be_plain_python(lines: Connection) -> None:
    moment = datetime(2026, 6, 18, tzinfo=UTC)
    copy_frame(lines, "lines", pd.DataFrame({"number": [1], "day": [date(2026, 6, 18)], "moment": [moment]}))
    read = read_frame(lines, "lines").iloc[0]
    assert (read["day"], read["moment"]) == (pd.Timestamp("2026-06-18"), pd.Timestamp(moment))


def test_an_empty_result_keeps_its_columns_and_types(lines: Connection) -> None:
    copy_frame(lines, "lines", FRAME.iloc[:0])
    read = read_frame(lines, "lines")
    assert list(read.columns) == list(FRAME.columns)
    assert read["number"].dtype == np.int64
    assert str(read["words"].dtype) == "str"
    assert str(read["moment"].dt.tz) == "UTC"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(words=st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), max_size=6))
def test_any_text_comes_back(lines: Connection, words: list[str]) -> None:
    lines.execute("truncate lines")
    copy_frame(lines, "lines", pd.DataFrame({"number": range(len(words)), "words": pd.Series(words, dtype="str")}))
    assert read_frame(lines, "lines")["words"].tolist() == words


def test_categories_are_written_as_their_values(lines: Connection) -> None:
    copy_frame(lines, "lines", pd.DataFrame({"number": [1, 2], "words": pd.Categorical(["b", None])}))
    assert read_frame(lines, "lines")["words"].fillna("-").tolist() == ["b", "-"]


def test_an_empty_text_is_not_a_missing_one(lines: Connection) -> None:
    copy_frame(lines, "lines", pd.DataFrame({"number": [1, 2], "words": ["", None]}))
    assert read_frame(lines, "lines")["words"].isna().tolist() == [False, True]


def test_lists_and_documents_are_written_and_read(lines: Connection, tmp_path: Path) -> None:
    lines.execute("create temporary table rare (parts double precision[], words text)")
    (tmp_path / "rare.sql").write_text("select parts, words, to_jsonb(words) as document from rare -- as it is")
    copy_frame(lines, "rare", pd.DataFrame({"parts": [[0.5, 1.0], None], "words": ["a", None]}))
    read = read_frame(lines, "rare")
    assert read["parts"].tolist() == [[0.5, 1.0], None]
    assert read["document"].tolist() == ["a", None]
    assert str(read["words"].dtype) == "str"


def test_a_query_that_fails_half_way_says_so(lines: Connection, tmp_path: Path) -> None:
    (tmp_path / "broken.sql").write_text("select 1 / (3000 - number) as share from generate_series(1, 9000) as number")
    with pytest.raises(psycopg.errors.DivisionByZero), lines.transaction():
        read_frame(lines, "broken")
    assert lines.execute("select 1").fetchone() == (1,)


def test_values_are_written_into_the_query_as_values(lines: Connection, tmp_path: Path) -> None:
    words = 'it\'s 100 % \\ "x" ; --'
    (tmp_path / "echo.sql").write_text("select %(words)s::text as words, %(days)s::date[] @> array[%(day)s] as found")
    read = read_frame(lines, "echo", words=words, day=date(2026, 6, 18), days=[date(2026, 6, 18)])
    assert read.iloc[0].tolist() == [words, True]


def test_replacing_rows_leaves_those_of_other_keys(lines: Connection) -> None:
    copy_frame(lines, "lines", pd.DataFrame({"number": [1, 2], "words": ["kept", "old"]}))
    for _ in range(2):
        replace_rows(lines, "lines", {"number": 2}, pd.DataFrame({"words": ["new", "newer"]}))
    assert sorted(read_frame(lines, "lines")["words"]) == ["kept", "new", "newer"]


def test_an_unknown_query_is_named(database: Database) -> None:
    with pytest.raises(PermanentError, match="There is no query 'core/nothing'"):
        named_query("core/nothing")


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.connect() as connection:
            connection.execute("create table public.half (id integer)")
            raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        fail()
    with database.connect() as connection:
        assert connection.execute("select to_regclass('public.half')").fetchone() == (None,)
