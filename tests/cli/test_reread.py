"""A feed read once more: from where its stopped batch begins, or from a moment that a person names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from rouxing.cli.reread import read_feed_again
from rouxing.gateway.client import VendorClient
from rouxing.ingest.landing import ingest_feed, read_watermark, stopped_since
from rouxing.model.dates import SHANGHAI
from rouxing.model.errors import PermanentError
from rouxing.model.feeds import feed_named
from rouxing.privacy.pseudonyms import Pseudonymiser
from rouxing.settings import Settings
from rouxing.validate.runs import validate_feed
from rouxing.warehouse.database import Database
from tests.ingest.vendor import NOON, Vendor, order_line, running

ORDERS = feed_named("order_lines")
EVENING = NOON + timedelta(hours=12)


@pytest.fixture
def vendor(database: Database) -> Iterator[Vendor]:
    with database.connect() as connection:
        connection.execute("truncate ops.batches, ops.watermarks, vault.identities cascade")
    with running(Vendor()) as running_vendor:
        yield running_vendor


def ingest(database: Database, vendor: Vendor, as_of: datetime) -> None:
    with VendorClient(vendor.url, sleep=lambda seconds: None) as client:
        start = NOON - timedelta(days=30)
        pseudonymiser = Pseudonymiser(b"0123456789abcdef")
        ingest_feed(database, client, ORDERS, as_of=as_of, history_start=start, pseudonymiser=pseudonymiser)


def without_quantity(number: int) -> dict[str, object]:
    return {name: value for name, value in order_line(number).items() if name != "num"}


def test_a_stopped_batch_is_mended_by_reading_its_window_again(
    database: Database, database_settings: Settings, vendor: Vendor, capsys: pytest.CaptureFixture[str]
) -> None:
    vendor.rows["order_lines"] = [without_quantity(1)]
    ingest(database, vendor, NOON + timedelta(hours=2))
    assert validate_feed(database, ORDERS).stopped_reason
    begin = stopped_since(database, ORDERS)
    assert begin is not None

    vendor.rows["order_lines"] = [order_line(1)]
    read_feed_again(database_settings, "order_lines", None)
    assert f"again from {begin.astimezone(SHANGHAI):%Y-%m-%d %H:%M} (Asia/Shanghai)" in capsys.readouterr().out
    assert read_watermark(database, ORDERS) == begin

    ingest(database, vendor, EVENING)
    result = validate_feed(database, ORDERS)
    assert (result.loaded, result.stopped_reason) == (1, None)
    assert stopped_since(database, ORDERS) is None


def test_a_moment_without_a_zone_is_in_shanghai(
    database: Database, database_settings: Settings, vendor: Vendor
) -> None:
    ingest(database, vendor, EVENING)
    read_feed_again(database_settings, "order_lines", datetime(2026, 6, 1, 8, 30))  # noqa: DTZ001 - as a person types
    assert read_watermark(database, ORDERS) == datetime(2026, 6, 1, 8, 30, tzinfo=SHANGHAI)


def test_what_cannot_be_meant_is_one_sentence(database: Database, database_settings: Settings, vendor: Vendor) -> None:
    with pytest.raises(PermanentError, match="There is no feed 'orders'; there are stores, "):
        read_feed_again(database_settings, "orders", None)
    with pytest.raises(PermanentError, match="order_lines was never read"):
        read_feed_again(database_settings, "order_lines", None)
    ingest(database, vendor, EVENING)
    with pytest.raises(PermanentError, match="No batch of order_lines is stopped; say from when"):
        read_feed_again(database_settings, "order_lines", None)
    with pytest.raises(PermanentError, match="name an earlier moment"):
        read_feed_again(database_settings, "order_lines", datetime(2036, 6, 1))  # noqa: DTZ001
