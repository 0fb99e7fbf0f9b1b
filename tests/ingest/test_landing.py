"""Landing against a real PostgreSQL and a real vendor: watermarks, overlap, repeats, kills, identities."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from rouxing.gateway.client import VendorClient
from rouxing.ingest.landing import IngestResult, ingest_feed, land_window, read_again, read_watermark
from rouxing.model.errors import PermanentError, TransientError
from rouxing.model.feeds import Feed, feed_named
from rouxing.privacy.pseudonyms import Pseudonymiser
from rouxing.warehouse.database import Database
from tests.ingest.vendor import NOON, Vendor, consent, fault, order_line, running

ORDERS = feed_named("order_lines")
CONSENTS = feed_named("consents")
STOCK = feed_named("stock_levels")
PSEUDONYMISER = Pseudonymiser(b"0123456789abcdef")
START = NOON - timedelta(days=30)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with running(Vendor()) as running_vendor:
        yield running_vendor


@pytest.fixture
def client(vendor: Vendor) -> Iterator[VendorClient]:
    with VendorClient(vendor.url, sleep=lambda seconds: None) as made:
        yield made


@pytest.fixture(autouse=True)
def empty(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("truncate ops.batches, ops.watermarks, vault.identities cascade")


def ingest(database: Database, client: VendorClient, as_of: datetime, feed: Feed = ORDERS) -> IngestResult:
    return ingest_feed(database, client, feed, as_of=as_of, history_start=START, pseudonymiser=PSEUDONYMISER)


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with database.connect() as connection:
        return connection.execute(query.encode()).fetchall()


def landed_orders(database: Database) -> list[str]:
    query = "select r ->> 'tid' from landing.pages, json_array_elements(rows) as r order by 1"
    return [number for (number,) in rows(database, query)]


def orders(count: int) -> list[dict[str, Any]]:
    return [order_line(number, at=START + timedelta(hours=number)) for number in range(count)]


def test_a_first_load_reads_the_history_in_windows_and_says_how_far_it_is(
    database: Database, vendor: Vendor, client: VendorClient
) -> None:
    vendor.rows["order_lines"] = orders(700)
    told: list[tuple[str, int, float]] = []
    result = ingest_feed(
        database,
        client,
        ORDERS,
        as_of=NOON,
        history_start=START,
        pseudonymiser=PSEUDONYMISER,
        progress=lambda feed, landed, share: told.append((feed, landed, share)),
    )
    assert sorted(set(landed_orders(database))) == [f"T{number:05d}" for number in range(700)]
    assert result.batches == len(told) > 1
    assert told[-1] == ("order_lines", result.rows_read, 1.0)
    assert [share for _, _, share in told] == sorted(share for _, _, share in told)
    assert read_watermark(database, ORDERS) == NOON


def test_twice_is_once(database: Database, vendor: Vendor, client: VendorClient) -> None:
    vendor.rows["order_lines"] = orders(100)
    ingest(database, client, NOON)
    query = "select batch_id, page_number, rows::text from landing.pages order by 1, 2"
    before = rows(database, query), rows(database, "select * from ops.batches"), rows(database, "table ops.watermarks")
    vendor.requests.clear()
    assert ingest(database, client, NOON).batches == 0
    assert vendor.requests == []
    after = rows(database, query), rows(database, "select * from ops.batches"), rows(database, "table ops.watermarks")
    assert before == after


def test_rows_that_show_late_are_found_by_the_overlap(database: Database, vendor: Vendor, client: VendorClient) -> None:
    ingest(database, client, NOON)
    vendor.rows["order_lines"] = [
        order_line(1, update_time=(NOON - timedelta(minutes=10)).strftime("%Y-%m-%d %H:%M:%S"))
    ]
    ingest(database, client, NOON + timedelta(hours=1))
    assert landed_orders(database) == ["T00001"]


def test_states_older_than_the_history_are_read_at_the_first_load(
    database: Database, vendor: Vendor, client: VendorClient
) -> None:
    vendor.rows["consents"] = [consent("o1", at=START - timedelta(days=900)), consent("o2", at=START)]
    ingest(database, client, NOON, CONSENTS)
    assert rows(database, "select count(*) from vault.identities") == [(2,)]


def test_a_vendor_that_fails_half_way_leaves_whole_windows_and_the_next_run_goes_on(
    database: Database, vendor: Vendor, client: VendorClient
) -> None:
    vendor.rows["order_lines"] = orders(700)
    vendor.faults = [lambda handler: False] * 3 + [fault(503, {})] * 5
    with pytest.raises(TransientError):
        ingest(database, client, NOON)
    watermark = read_watermark(database, ORDERS)
    assert watermark is not None
    assert START < watermark < NOON
    vendor.faults = [fault(400, {"code": "INVALID_REQUEST"})]
    with pytest.raises(PermanentError):
        ingest(database, client, NOON)
    assert read_watermark(database, ORDERS) == watermark
    ingest(database, client, NOON)
    assert sorted(set(landed_orders(database))) == [f"T{number:05d}" for number in range(700)]


def test_two_runs_at_once_land_a_window_once(database: Database, vendor: Vendor, client: VendorClient) -> None:
    vendor.rows["order_lines"] = orders(20)
    with VendorClient(vendor.url) as other:
        land_window(database, other, ORDERS, None, START, NOON, PSEUDONYMISER)
    with pytest.raises(TransientError, match="Another run is landing order_lines"):
        land_window(database, client, ORDERS, None, START, NOON, PSEUDONYMISER)
    assert len(landed_orders(database)) == 20


def test_two_feeds_that_meet_the_same_customers_do_not_block_each_other(database: Database, vendor: Vendor) -> None:
    vendor.rows["order_lines"] = [order_line(n, at=START, open_id=f"o{n}") for n in range(500)]
    vendor.rows["consents"] = [consent(f"o{499 - n}", at=START) for n in range(500)]
    failures: list[Exception] = []

    def run(feed: Feed) -> None:
        try:
            with VendorClient(vendor.url) as own:
                ingest(database, own, NOON, feed)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(feed,)) for feed in (ORDERS, CONSENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert rows(database, "select count(*) from vault.identities where kind = 'openid'") == [(500,)]


def test_identities_are_in_the_vault_and_nowhere_else(database: Database, vendor: Vendor, client: VendorClient) -> None:
    vendor.rows["order_lines"] = [
        order_line(1, at=START, receiver_name="张三", open_id="oSecret", buyer_phone=13812345678)
    ]
    ingest(database, client, NOON)
    assert rows(database, "select kind, raw_value from vault.identities order by 1") == [
        ("openid", "oSecret"),
        ("phone", "13812345678"),
    ]
    (text,) = rows(database, "select string_agg(rows::text, '') from landing.pages")[0]
    assert not any(secret in text for secret in ("oSecret", "13812345678", "张三"))
    assert PSEUDONYMISER.identity("openid", "oSecret").pseudonym in text


def test_texts_that_postgres_cannot_hold_are_landed_readably(
    database: Database, vendor: Vendor, client: VendorClient
) -> None:
    vendor.rows["order_lines"] = [order_line(1, at=START, coupon_code="a\0b\ud800", open_id="o\0\ud800")]
    assert ingest(database, client, NOON).rows_read == 1
    codes = rows(database, "select r ->> 'coupon_code' from landing.pages, json_array_elements(rows) as r")
    assert codes == [("a\ufffdb?",)]


def test_an_empty_feed_moves_its_watermark(database: Database, client: VendorClient) -> None:
    result = ingest(database, client, NOON, STOCK)
    assert (result.rows_read, read_watermark(database, STOCK)) == (0, NOON)


def test_reading_again_goes_back_but_never_forward(database: Database, vendor: Vendor, client: VendorClient) -> None:
    vendor.rows["order_lines"] = orders(10)
    ingest(database, client, NOON)
    read_again(database, ORDERS, NOON + timedelta(days=1))
    assert read_watermark(database, ORDERS) == NOON
    read_again(database, ORDERS, START)
    assert ingest(database, client, NOON).rows_read >= 10
