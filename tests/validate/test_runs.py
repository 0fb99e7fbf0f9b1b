"""From landing to core and quarantine in a real PostgreSQL: the books balance, twice is once, kills are mended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from rouxing.gateway.client import VendorClient
from rouxing.ingest.landing import ingest_feed, read_again
from rouxing.model.errors import PermanentError
from rouxing.model.feeds import FEEDS, Feed, feed_named
from rouxing.privacy.consent import consent_state
from rouxing.privacy.pseudonyms import Pseudonymiser
from rouxing.validate.runs import ValidateResult, validate_feed
from rouxing.warehouse.database import Database
from rouxing.warehouse.frames import read_frame
from tests.ingest.vendor import NOON, UNTIMED, Vendor, consent, order_line, running

ORDERS = feed_named("order_lines")
CONSENTS = feed_named("consents")
PSEUDONYMISER = Pseudonymiser(b"0123456789abcdef")
START = NOON - timedelta(days=30)
EVENING = NOON + timedelta(hours=12)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with running(Vendor()) as running_vendor:
        yield running_vendor


@pytest.fixture
def client(vendor: Vendor) -> Iterator[VendorClient]:
    with VendorClient(vendor.url, sleep=lambda seconds: None) as made:
        yield made


def clear(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("truncate ops.batches, ops.watermarks, vault.identities cascade")


@pytest.fixture(autouse=True)
def empty(database: Database) -> None:
    clear(database)


def ingest(database: Database, client: VendorClient, as_of: datetime = EVENING, feed: Feed = ORDERS) -> None:
    ingest_feed(database, client, feed, as_of=as_of, history_start=START, pseudonymiser=PSEUDONYMISER)


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with database.connect() as connection:
        return connection.execute(query.encode()).fetchall()


def counts(result: ValidateResult) -> tuple[int, int, int, int]:
    return result.rows_read, result.loaded, result.unchanged, result.quarantined


def test_good_rows_go_to_core_typed(database: Database, vendor: Vendor, client: VendorClient) -> None:
    vendor.rows["order_lines"] = [order_line(1)]
    ingest(database, client)
    assert counts(validate_feed(database, ORDERS)) == (1, 1, 0, 0)
    query = (
        "select order_id, quantity_units, paid_fen, placed_at, event_at, known_at, coupon_code from core.order_lines"
    )
    collected = NOON + timedelta(hours=1)
    assert rows(database, query) == [("T00001", 2, 1250, NOON, NOON, collected, None)]


def test_bad_rows_go_to_quarantine_with_reason_and_payload(
    database: Database, vendor: Vendor, client: VendorClient
) -> None:
    vendor.rows["order_lines"] = [order_line(1), order_line(2, num=-3, status="lost"), order_line(3, payment="N/A")]
    ingest(database, client)
    assert counts(validate_feed(database, ORDERS)) == (3, 1, 0, 2)
    query = "select row_number, column_name, reason, payload ->> 'tid', known_at from ops.quarantine order by 1, 2"
    known_at = NOON + timedelta(hours=1)
    assert rows(database, query) == [
        (2, "quantity_units", "数量不在 1 至 1,000 之间", "T00002", known_at),
        (2, "status", "状态不在约定取值之内（placed、ready、collected、cancelled、no_show）", "T00002", known_at),
        (3, "paid_fen", "实付金额（分）的格式无法识别", "T00003", known_at),
    ]


def test_a_row_without_update_time_is_quarantined(database: Database, vendor: Vendor, client: VendorClient) -> None:
    vendor.rows["order_lines"] = [order_line(1)]
    ingest(database, client)
    with database.connect() as connection:
        connection.execute("update landing.pages set rows = replace(rows::text, '2026-06-01 13:00:00', 'soon')::json")
    validate_feed(database, ORDERS)
    assert ("known_at", None) in rows(database, "select column_name, known_at from ops.quarantine")


def test_new_versions_are_appended_and_old_ones_kept(database: Database, vendor: Vendor, client: VendorClient) -> None:
    placed = order_line(1, status="placed", picked_up_at=None, update_time="2026-06-01 12:00:00")
    vendor.rows["order_lines"] = [placed]
    ingest(database, client, NOON + timedelta(minutes=5))
    validate_feed(database, ORDERS)
    vendor.rows["order_lines"] = [placed, order_line(1)]
    ingest(database, client)
    # The overlap brings the first version again.
    assert counts(validate_feed(database, ORDERS)) == (2, 1, 1, 0)
    assert rows(database, "select status from core.order_lines order by known_at") == [("placed",), ("collected",)]


def test_the_same_version_with_other_content_is_quarantined_and_the_first_kept(
    database: Database, vendor: Vendor, client: VendorClient
) -> None:
    vendor.rows["order_lines"] = [order_line(1), order_line(1), order_line(1, num=5)]
    ingest(database, client)
    assert counts(validate_feed(database, ORDERS)) == (3, 1, 1, 1)
    assert rows(database, "select quantity_units from core.order_lines") == [(2,)]
    query = "select row_number, expectation, reason from ops.quarantine"
    reason = "同一单据的同一版本内容不一致，保留先到的一份"
    assert rows(database, query) == [(3, "same_version_other_content", reason)]


def snapshot(database: Database) -> list[list[tuple[Any, ...]]]:
    with database.connect() as connection:
        tables = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where table_schema in ('core', 'ops', 'landing') order by 1"
        ).fetchall()
        return [
            connection.execute(f"select t::text from {name} t order by 1".encode()).fetchall() for (name,) in tables
        ]


def test_twice_is_once(database: Database, vendor: Vendor, client: VendorClient) -> None:
    vendor.rows["order_lines"] = [order_line(number, num=-1 if number % 50 == 0 else 1) for number in range(200)]
    ingest(database, client)
    validate_feed(database, ORDERS)
    before = snapshot(database)
    ingest(database, client)
    assert validate_feed(database, ORDERS).batches == 0
    assert snapshot(database) == before


def test_a_kill_between_landing_and_validation_loses_nothing(
    database: Database, vendor: Vendor, client: VendorClient
) -> None:
    vendor.rows["order_lines"] = [order_line(number, at=START + timedelta(hours=number)) for number in range(300)]
    ingest(database, client, NOON)
    ingest(database, client, EVENING)
    told: list[tuple[str, int, int]] = []
    result = validate_feed(database, ORDERS, progress=lambda feed, done, total: told.append((feed, done, total)))
    assert (result.loaded, result.quarantined) == (300, 0)
    assert told[-1][1] == told[-1][2] == result.rows_read


def test_a_kill_within_a_batch_leaves_it_as_it_was(database: Database, vendor: Vendor, client: VendorClient) -> None:
    vendor.rows["order_lines"] = [order_line(1), order_line(2, num=-1)]
    ingest(database, client)
    with database.connect() as holder, ThreadPoolExecutor(1) as pool:
        holder.execute("lock table core.order_lines in exclusive mode")
        run = pool.submit(validate_feed, database, ORDERS)
        # The run is in the middle of its transaction when it waits for the table that is held here.
        while not terminate_who_waits_for(database, "insert into%"):
            assert not run.done()
        with pytest.raises(psycopg.OperationalError):
            run.result()
    assert rows(database, "select count(*) from ops.quarantine") == [(0,)]
    assert rows(database, "select distinct status from ops.batches where rows_read > 0") == [("landed",)]
    assert counts(validate_feed(database, ORDERS)) == (2, 1, 0, 1)


def terminate_who_waits_for(database: Database, statement: str) -> bool:
    query = (
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and wait_event_type = 'Lock' and query ilike %s"
    )
    with database.connect() as connection:
        return connection.execute(query, [f"%{statement}"]).fetchone() is not None


def test_a_batch_that_does_not_balance_is_refused(database: Database, vendor: Vendor, client: VendorClient) -> None:
    vendor.rows["order_lines"] = [order_line(1), order_line(2)]
    ingest(database, client)
    with database.connect() as connection:
        connection.execute("update ops.batches set rows_read = rows_read + 1 where rows_read > 0")
    with pytest.raises(PermanentError, match="does not balance"):
        validate_feed(database, ORDERS)
    assert rows(database, "select count(*) from core.order_lines") == [(0,)]


def broken(number: int) -> dict[str, Any]:
    row = order_line(number)
    row["quantity"] = row.pop("num")
    return row


def test_a_stopped_batch_stops_its_feed_until_it_is_mended(
    database: Database, vendor: Vendor, client: VendorClient
) -> None:
    vendor.rows["order_lines"] = [broken(1), broken(2)]
    ingest(database, client, NOON + timedelta(hours=2))
    result = validate_feed(database, ORDERS)
    assert result.stopped_reason == "整批缺少字段：数量；请供应方核对接口后重新校验"
    assert rows(database, "select count(*) from core.order_lines") == [(0,)]
    later = NOON + timedelta(hours=4)
    vendor.rows["order_lines"] = [order_line(3, at=later)]
    ingest(database, client, EVENING)
    waiting = "整批缺少字段：数量；请供应方核对接口后重新校验（其后 1 批等待该批重新校验）"
    result = validate_feed(database, ORDERS)
    assert (result.batches, result.stopped_reason) == (0, waiting)
    by_status = "select status, count(*) from ops.batches where rows_read > 0 group by 1 order by 1"
    assert rows(database, by_status) == [("landed", 1), ("stopped", 1)]
    result = validate_feed(database, ORDERS, retry_stopped=True)
    assert (result.stopped_batches, result.loaded, result.stopped_reason) == (1, 0, waiting)
    # Mended here as a better reading of the vendor's fields would.
    with database.connect() as connection:
        connection.execute(
            """update landing.pages set rows = (
                select json_agg(r::jsonb || '{"num": 1}') from json_array_elements(rows) as r
            ) where batch_id = (select batch_id from ops.batches where status = 'stopped')"""
        )
    result = validate_feed(database, ORDERS, retry_stopped=True)
    assert (counts(result), result.stopped_reason) == ((3, 3, 0, 0), None)
    assert rows(database, "select count(*) from ops.batches where status <> 'admitted' or stop_reason is not null") == [
        (0,)
    ]


def test_a_batch_that_reads_the_stopped_window_again_fills_the_hole(
    database: Database, vendor: Vendor, client: VendorClient
) -> None:
    vendor.rows["order_lines"] = [broken(1)]
    ingest(database, client, NOON + timedelta(hours=2))
    later = NOON + timedelta(hours=4)
    vendor.rows["order_lines"] = [order_line(1), order_line(2, at=later)]
    ingest(database, client, NOON + timedelta(hours=3))
    assert validate_feed(database, ORDERS).stopped_batches == 1
    read_again(database, ORDERS, START)
    ingest(database, client, EVENING)
    result = validate_feed(database, ORDERS)
    assert (result.loaded, result.stopped_reason) == (2, None)
    with database.connect() as connection:
        summary = read_frame(connection, "validate/quality_summary", since=START, until=EVENING)
    assert summary.set_index("feed").loc["order_lines", "status"] == "landed"


def test_an_old_hole_is_in_every_report_until_it_is_filled(
    database: Database, vendor: Vendor, client: VendorClient
) -> None:
    vendor.rows["order_lines"] = [broken(1)]
    ingest(database, client)
    validate_feed(database, ORDERS)
    month = timedelta(days=30)
    with database.connect() as connection:
        window = {"since": EVENING + month, "until": EVENING + 2 * month}
        summary = read_frame(connection, "validate/quality_summary", **window)
    assert summary[["feed", "status", "batches_waiting"]].to_numpy().tolist() == [["order_lines", "stopped", 0]]


def test_no_raw_identity_outside_the_vault(database: Database, vendor: Vendor, client: VendorClient) -> None:
    vendor.rows["order_lines"] = [order_line(number, num=-1 if number == 3 else 1) for number in range(20)]
    vendor.rows["consents"] = [consent(f"openid-{number}", at=START) for number in range(7)]
    for feed in (CONSENTS, ORDERS):
        ingest(database, client, EVENING, feed)
        validate_feed(database, feed)
    text = str(snapshot(database))
    assert "T00003" in text
    assert re.findall(r"openid-\d|1380000\d{4}", text) == []
    assert rows(database, "select count(*) from vault.identities") == [(14,)]


def test_only_consenting_customers_are_known_in_core(database: Database, vendor: Vendor, client: VendorClient) -> None:
    hour = timedelta(hours=1)
    vendor.rows["consents"] = [
        consent("agreed", at=START),
        consent("withdrew", at=START),
        consent("withdrew", at=NOON + 2 * hour, is_granted=False),
        consent("declined", at=START, is_granted=False),
        consent("other purpose", at=START, purpose="preference_analysis"),
    ]
    names = ("agreed", "withdrew", "declined", "other purpose", "silent")
    vendor.rows["order_lines"] = [order_line(number, open_id=name) for number, name in enumerate(names)]
    vendor.rows["order_lines"].append(order_line(9, open_id="withdrew", at=NOON + 3 * hour))
    for feed in (CONSENTS, ORDERS):
        ingest(database, client, EVENING, feed)
        validate_feed(database, feed)
    known = rows(database, "select order_id from core.order_lines where customer_key is not null order by 1")
    # Order 1 was known to the vendor before its customer withdrew.
    assert known == [("T00000",), ("T00001",)]
    assert rows(
        database, "select count(*) from core.order_lines where (customer_key is null) <> (phone_key is null)"
    ) == [(0,)]
    with database.connect() as connection:
        state = consent_state(connection, EVENING)
    key = PSEUDONYMISER.identity("openid", "withdrew").pseudonym
    assert not state.set_index("customer_key").loc[key, "is_granted"]


def test_a_withheld_customer_is_no_other_content(database: Database, vendor: Vendor, client: VendorClient) -> None:
    vendor.rows["order_lines"] = [order_line(1)]
    ingest(database, client, NOON + timedelta(hours=1, minutes=5))
    validate_feed(database, ORDERS)
    vendor.rows["consents"] = [consent("openid-1", at=START)]
    ingest(database, client, EVENING, CONSENTS)
    validate_feed(database, CONSENTS)
    ingest(database, client, EVENING)
    assert counts(validate_feed(database, ORDERS)) == (1, 0, 1, 0)


def test_strangers_to_master_data_are_a_warning_and_are_kept(
    database: Database, vendor: Vendor, client: VendorClient
) -> None:
    vendor.rows["order_lines"] = [order_line(1)]
    ingest(database, client)
    assert validate_feed(database, ORDERS).loaded == 1
    query = (
        "select column_name, rows_failed from ops.quality_results "
        "where expectation = 'guard_known_reference' and verdict = 'warn' order by 1"
    )
    assert rows(database, query) == [("sku_id", 1), ("store_id", 1)]


def test_the_report_queries_read_the_window(database: Database, vendor: Vendor, client: VendorClient) -> None:
    vendor.rows["order_lines"] = [order_line(1), order_line(2, num=-1), order_line(3, num=-1)]
    ingest(database, client)
    validate_feed(database, ORDERS)
    with database.connect() as connection:
        window = {"since": START, "until": EVENING}
        summary = read_frame(connection, "validate/quality_summary", **window)
        findings = read_frame(connection, "validate/findings", **window)
        warnings = read_frame(connection, "validate/warnings", **window)
    line = summary.set_index("feed").loc["order_lines"]
    assert (line["rows_read"], line["rows_loaded"], line["rows_quarantined"], line["status"]) == (3, 1, 2, "admitted")
    assert findings[["feed", "column_name", "rows_failed"]].to_numpy().tolist() == [
        ["order_lines", "quantity_units", 2]
    ]
    assert set(warnings["column_name"]) == {"sku_id", "store_id"}


def test_every_feed_can_be_admitted_empty(database: Database, client: VendorClient) -> None:
    for feed in FEEDS:
        ingest(database, client, EVENING, feed)
        result = validate_feed(database, feed)
        assert (counts(result), result.stopped_reason) == ((0, 0, 0, 0), None)


versions = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 2), st.sampled_from([1, 2, -1])), min_size=1, max_size=15
)


@hypothesis_settings(UNTIMED, max_examples=8)
@given(versions)
def test_the_books_balance_whatever_repeats(
    database: Database, vendor: Vendor, client: VendorClient, found: list[tuple[int, int, int]]
) -> None:
    clear(database)
    vendor.rows["order_lines"] = [
        order_line(number, num=units, update_time=f"2026-06-01 14:0{minute}:00") for number, minute, units in found
    ]
    ingest(database, client)
    result = validate_feed(database, ORDERS)
    if result.stopped_reason is None:
        assert result.rows_read == len(found)
        good = {(number, minute) for number, minute, units in found if units > 0}
        assert result.loaded == len(good)
        assert rows(database, "select count(*) from core.order_lines") == [(len(good),)]
