"""What the forecast reads of coming days and of censored ones: promotions, quotas, and the seen share of a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from rouxing.city.streams import NONE
from rouxing.city.trade import COLLECTED, PICKUP
from rouxing.city.world import CityParameters, build_world
from rouxing.forecast.history import History
from rouxing.model.dates import SHANGHAI, day_start, planning_moment
from rouxing.warehouse.copy import copy_frame
from rouxing.warehouse.database import Connection, Database
from rouxing.warehouse.frames import read_frame
from tests.city.small import live

ORIGIN = date(2026, 6, 17)
KNOWN_BY = planning_moment(ORIGIN + timedelta(days=1))
LONG_AGO = day_start(date(2026, 1, 1))
FIRST_SLOT, LAST_SLOT = 16, 43  # 08:00 to 22:00


def day(back: int) -> date:
    return ORIGIN - timedelta(days=back)


def at(back: int, clock: str) -> datetime:
    return datetime.fromisoformat(f"{day(back)}T{clock}").replace(tzinfo=SHANGHAI)


def add(connection: Connection, feed: str, event_time: str, rows: list[dict[str, Any]] | pd.DataFrame) -> None:
    batch = "insert into ops.batches (feed, window_start, window_end, rows_read) values ('x', now(), now(), 0)"
    number = connection.execute(f"{batch} returning batch_id".encode()).fetchone()
    assert number is not None
    frame = pd.DataFrame(rows)
    events = pd.to_datetime(frame[event_time])
    moments = events.dt.tz_localize(SHANGHAI) if events.dt.tz is None else events
    copy_frame(connection, f"core.{feed}", frame.assign(event_at=moments, batch_id=number[0]))


def store(store_id: str, district_id: str) -> dict[str, Any]:
    return {
        "store_id": store_id, "store_name": store_id, "district_id": district_id, "district_name": district_id,
        "dc_id": "DC1", "lead_time_days": 0, "opens_slot": FIRST_SLOT, "closes_slot": LAST_SLOT + 1, "counters": 2,
        "handover_seconds": 300, "ambient_volume_ml": 1, "cold_volume_ml": 0, "valid_from": date(2026, 1, 1),
        "known_at": LONG_AGO,
    }  # fmt: skip


def promotion(tier: int, known_at: datetime, area: str = "ALL", back: int = -1) -> dict[str, Any]:
    return {
        "campaign_id": "C1", "business_date": day(back), "area_id": area, "intensity_tier": tier,
        "announced_at": LONG_AGO, "known_at": known_at,
    }  # fmt: skip


def quota(carrier: str, coupons: int, known_at: datetime, stock: str = "B1", back: int = -1) -> dict[str, Any]:
    return {
        "stock_id": stock, "carrier_id": carrier, "business_date": day(back), "quota_coupons": coupons,
        "issued_coupons": 0, "set_at": known_at, "known_at": known_at,
    }  # fmt: skip


def claim(number: int, store_id: str, stock: str, back: int) -> dict[str, Any]:
    return {
        "event_id": f"E{number}", "event_type": "claim", "coupon_code": f"P{number}", "stock_id": stock,
        "store_id": store_id, "customer_key": "k", "occurred_at": at(back, "12:00"),
        "expires_at": at(back - 20, "12:00"), "known_at": at(back, "12:01"),
    }  # fmt: skip


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """Three stores in two districts; whatever a test adds is gone after it."""
    with database.connect() as opened:
        add(opened, "stores", "valid_from", [store("S1", "Z1"), store("S2", "Z1"), store("S3", "Z2")])
        yield opened
        opened.rollback()


def read(connection: Connection, name: str, origin: date = ORIGIN, known_by: datetime = KNOWN_BY) -> pd.DataFrame:
    return read_frame(connection, f"forecast/{name}", origin=origin, known_by=known_by)


def rows_of(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    texts = frame.assign(**{name: frame[name].dt.date for name in frame.select_dtypes("datetime").columns})
    return [tuple(None if pd.isna(value) else value for value in row) for row in texts.to_numpy(dtype=object)]


# Promotions.


def test_a_promotion_is_for_the_stores_of_its_district_or_for_all(connection: Connection) -> None:
    add(connection, "promotions", "announced_at", [promotion(2, at(20, "10:00")), promotion(5, at(9, "10:00"), "Z1")])
    assert rows_of(read(connection, "promotions")) == [
        ("S1", day(-1), 5, day(9)),
        ("S2", day(-1), 5, day(9)),
        (None, day(-1), 2, day(20)),
    ]


def test_a_promotion_counts_from_the_day_its_grade_was_known(connection: Connection) -> None:
    versions = [promotion(3, at(30, "10:00")), promotion(4, at(9, "10:00")), promotion(4, at(2, "10:00"))]
    add(connection, "promotions", "announced_at", versions)
    assert rows_of(read(connection, "promotions")) == [(None, day(-1), 4, day(9))]
    assert rows_of(read(connection, "promotions", known_by=at(10, "10:00"))) == [(None, day(-1), 3, day(30))]


def test_what_is_announced_after_the_planning_moment_is_not_there(connection: Connection) -> None:
    add(connection, "promotions", "announced_at", [promotion(3, KNOWN_BY + timedelta(seconds=1))])
    assert read(connection, "promotions").empty


def test_what_came_in_the_night_is_usable_at_the_origin(connection: Connection) -> None:
    add(connection, "promotions", "announced_at", [promotion(3, KNOWN_BY - timedelta(minutes=1))])
    history = History(pd.DataFrame({"store_id": ["S1"], "date": [ORIGIN], "pickups": [1]}))
    known = History(history.demand, promotions=read(connection, "promotions")).as_of(ORIGIN).promotions
    assert known is not None
    assert len(known) == 1


# Quotas.


def test_a_store_s_quota_is_its_own(connection: Connection) -> None:
    add(connection, "coupon_quotas", "set_at", [quota("S1", 12, at(2, "20:00"))])
    assert rows_of(read(connection, "quotas")) == [("S1", "B1", day(-1), 12.0, day(2))]


def test_a_zone_s_quota_is_divided_by_the_claims_of_its_stores(connection: Connection) -> None:
    """Set on Monday 15 June: the claims of 18 May to 14 June count, whenever it is looked at."""
    add(connection, "coupon_quotas", "set_at", [quota("Z1", 12, at(2, "20:00")), quota("Z1", 8, at(2, "20:00"), "B2")])
    claims = [claim(1, "S1", "B1", 30), claim(2, "S1", "B1", 27), claim(3, "S1", "B1", 5), claim(4, "S2", "B1", 3)]
    add(connection, "coupon_events", "occurred_at", [*claims, claim(5, "S2", "B1", 31), claim(6, "S2", "B1", 2)])
    found = {(row[0], row[1]): row[3] for row in rows_of(read(connection, "quotas"))}
    assert found == {("S1", "B1"): 9.0, ("S2", "B1"): 3.0, ("S1", "B2"): 4.0, ("S2", "B2"): 4.0}


def test_a_quota_that_was_changed_is_told_as_it_was_on_each_day(connection: Connection) -> None:
    moments = [(10, at(3, "20:00")), (10, at(2, "11:00")), (6, at(1, "09:00")), (7, at(1, "10:00")), (5, KNOWN_BY)]
    add(connection, "coupon_quotas", "set_at", [quota("S1", coupons, moment) for coupons, moment in moments])
    told = [(row[3], row[4]) for row in rows_of(read(connection, "quotas"))]
    assert told == [(10.0, day(3)), (7.0, day(1)), (5.0, day(0))]
    assert len(read(connection, "quotas", known_by=at(2, "12:00"))) == 1


# Censored days.


def orders(store_id: str, back: int, per_slot: dict[int, int]) -> pd.DataFrame:
    """Collected pickups of a store-day, so many in each half hour."""
    slots = [slot for slot, count in per_slot.items() for _ in range(count)]
    moments = pd.DatetimeIndex([day_start(day(back)) + timedelta(minutes=30 * slot + 7) for slot in slots])
    return pd.DataFrame(
        {
            "order_id": [f"{store_id}-{back}-{number}" for number in range(len(slots))],
            "line_number": 1, "store_id": store_id, "channel": "pickup", "status": "collected", "sku_id": "K1",
            "quantity_units": 1, "paid_fen": 1, "placed_at": moments - timedelta(minutes=20), "collected_at": moments,
            "known_at": moments + timedelta(minutes=1),
        }
    )  # fmt: skip


# One pickup a half hour until 15:00, three afterwards: 14 + 42 = 56 a day.
USUAL = {slot: 1 if slot < 30 else 3 for slot in range(FIRST_SLOT, LAST_SLOT + 1)}
MORNING = {slot: count for slot, count in USUAL.items() if slot < 30}


def open_shares(connection: Connection, exceptions: dict[tuple[str, int], dict[int, int]]) -> pd.Series:
    """Share of each store-day of four weeks as usual, but for the exceptions; indexed by store and days back."""
    parts = [
        orders(name, back, exceptions.get((name, back), USUAL)) for name in ("S1", "S2", "S3") for back in range(28)
    ]
    add(connection, "order_lines", "placed_at", pd.concat(parts))
    found = read(connection, "daily_pickups")
    back = (pd.Timestamp(ORIGIN) - found["date"]).dt.days
    return found.set_index([found["store_id"], back])["open_share"]


def test_usual_days_are_whole(connection: Connection) -> None:
    shares = open_shares(connection, {})
    assert len(shares) == 84
    assert (shares == 1.0).all()


def test_half_a_day_without_the_feed_is_weighed_by_the_usual_profile(connection: Connection) -> None:
    shares = open_shares(connection, {(name, 4): MORNING for name in ("S1", "S2", "S3")})
    assert shares.xs(4, level=1).tolist() == pytest.approx([14 / 56] * 3)
    assert shares.drop(4, level=1).eq(1.0).all()


def test_a_store_that_shut_early_is_told_from_its_neighbours(connection: Connection) -> None:
    shares = open_shares(connection, {("S2", 4): MORNING})
    assert shares["S2", 4] == pytest.approx(14 / 56)
    assert shares.drop(("S2", 4)).eq(1.0).all()


def test_yesterday_s_evening_may_be_missing_too(connection: Connection) -> None:
    until_six = {slot: count for slot, count in USUAL.items() if slot < 36}
    shares = open_shares(connection, {(name, 0): until_six for name in ("S1", "S2", "S3")})
    assert shares.xs(0, level=1).tolist() == pytest.approx([32 / 56] * 3)


def test_a_day_s_share_stays_what_it_is(connection: Connection) -> None:
    """Days that come later change nothing, so that forecasts of past origins can be used again."""
    later = open_shares(connection, {("S2", 8): MORNING, ("S2", 1): MORNING})
    known_by = planning_moment(day(4))
    then = read(connection, "daily_pickups", origin=day(5), known_by=known_by)
    assert then["open_share"].tolist() == later[later.index.get_level_values(1) >= 5].tolist()
    assert (then["open_share"] < 1).sum() == 1


def test_a_weak_day_is_not_a_silent_one(connection: Connection) -> None:
    weak = dict.fromkeys(range(FIRST_SLOT, LAST_SLOT + 1, 5), 1)
    assert open_shares(connection, {("S1", 4): weak})["S1", 4] == 1.0


def test_too_few_orders_tell_nothing(connection: Connection) -> None:
    until_eight = {slot: count for slot, count in USUAL.items() if slot < 40}  # 12 of 56 missing in each store
    assert open_shares(connection, {("S1", 25): MORNING})["S1", 25] == 1.0, "less than a week before"
    connection.rollback()
    add(connection, "stores", "valid_from", [store("S1", "Z1")])
    assert open_shares(connection, {("S1", 3): until_eight | {40: 1}})["S1", 3] == 1.0


def test_orders_that_were_told_late_are_not_missing(connection: Connection) -> None:
    evening = {slot: count for slot, count in USUAL.items() if slot >= 30}
    late = orders("S1", 4, evening).assign(known_at=at(1, "09:00"))
    add(connection, "order_lines", "placed_at", late.assign(order_id="L" + late["order_id"]))
    shares = open_shares(connection, {(name, 4): MORNING for name in ("S1", "S2", "S3")})
    assert shares["S1", 4] == 1.0


def test_a_closure_leaves_no_shares_behind(connection: Connection) -> None:
    """A store that reopens after months: nothing tells what is usual there, so its days are whole."""
    for back in (*range(120, 130), 2, 1, 0):
        add(connection, "order_lines", "placed_at", orders("S4", back, MORNING))
    shares = open_shares(connection, {})
    assert shares["S4"].eq(1.0).all()


# The simulated city.


@pytest.fixture(scope="module")
def city_orders() -> pd.DataFrame:
    """Hand-overs of ten stores over 36 days: what the tills would tell."""
    parameters = CityParameters(stores=10, days=35, seed=11, business_date=ORIGIN + timedelta(days=1))
    parts = []
    for _, record in live(build_world(parameters), 36):
        due = record.outcomes
        done = (due["fate"] == COLLECTED) & (due["channel"] == PICKUP) & (due["handed_over"] != NONE)
        parts.append(pd.DataFrame({name: due[name][done] for name in ("order", "store", "placed", "handed_over")}))
    frame = pd.concat(parts, ignore_index=True)
    moments = {
        name: pd.to_datetime(frame[column], unit="s").dt.tz_localize(SHANGHAI)
        for name, column in (("placed_at", "placed"), ("collected_at", "handed_over"))
    }
    return pd.DataFrame(
        {
            "order_id": "E" + frame["order"].astype(str), "store_id": "S" + frame["store"].astype(str),
            "line_number": 1, "channel": "pickup", "status": "collected", "sku_id": "K1", "quantity_units": 1,
            "paid_fen": 1, **moments,
            "known_at": moments["collected_at"] + timedelta(minutes=1),
        }
    )  # fmt: skip


def test_half_a_day_of_silent_tills_is_repaired(connection: Connection, city_orders: pd.DataFrame) -> None:
    moments = city_orders["collected_at"]
    silent = (moments >= at(6, "12:00")) & (moments < at(6, "18:00"))
    whole = city_orders.groupby([city_orders["store_id"], moments.dt.date]).size()[:, day(6)]
    add(connection, "order_lines", "placed_at", city_orders[~silent])
    found = read(connection, "daily_pickups")
    that_day = found["date"] == pd.Timestamp(day(6))
    assert found.loc[~that_day, "open_share"].eq(1.0).all()
    seen = found[that_day].set_index("store_id")
    assert (1 - seen["pickups"].sum() / whole.sum()) > 0.3
    repaired = seen["pickups"] / seen["open_share"]
    assert repaired.sum() == pytest.approx(whole.sum(), rel=0.1)
