"""The city as a whole: the same bytes again, commands that are obeyed, rows as the contracts have them."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from rouxing.city.city import City
from rouxing.city.commands import COMMAND_FILE, Body, RefusedError
from rouxing.city.rows import FIELDS
from rouxing.city.world import CityParameters
from rouxing.model.errors import PermanentError
from rouxing.model.feeds import FEEDS, feed_named
from tests.city.small import SMALL, at, dump

D = SMALL.business_date
YESTERDAY = D - timedelta(days=1)
VENDOR_NAMES = {"customer_key": "openid", "phone_key": "phone"}


def quota(number: str, coupons: int, day: date = YESTERDAY, store: str = "S0001") -> Body:
    return {
        "request_number": number,
        "stock_id": "16260001",
        "carrier_id": store,
        "business_date": day.isoformat(),
        "quota_coupons": coupons,
    }


def transfer(number: str, units: int, day: date = YESTERDAY) -> Body:
    return {
        "request_number": number,
        "dc_id": "DC1",
        "store_id": "S0001",
        "sku_id": "K008",
        "quantity_units": units,
        "dispatch_date": day.isoformat(),
    }


def quotas_told(city: City, day: date, store: str = "S0001") -> list[tuple[int, int]]:
    rows = [json.loads(text) for text in dump(city)["coupon_quotas"]]
    mine = [r for r in rows if (r["stock_id"], r["carrier_id"], r["business_date"]) == ("16260001", store, str(day))]
    return [(row["quota_coupons"], row["issued_coupons"]) for row in mine]


def claims_of(city: City, day: date, store: str) -> int:
    rows = [json.loads(text) for text in dump(city)["coupon_events"]]
    return sum(
        r["event_type"] == "claim" and (r["stock_id"], r["store_id"]) == ("16260001", store) for r in rows
        if r["occurred_at"].startswith(str(day))
    )  # fmt: skip


def test_the_same_city_told_to_go_in_steps_or_at_once_gives_the_same_bytes() -> None:
    steps, leap = City(SMALL), City(SMALL)
    for hour in ("05:36", "12:00", "18:30"):
        steps.move_clock(at(YESTERDAY, hour))
        dump(steps)
    steps.move_clock(at(D, "05:30"))
    leap.move_clock(at(D, "05:30"))
    assert dump(steps) == dump(leap)


def test_another_seed_is_another_city() -> None:
    other = CityParameters(SMALL.stores, SMALL.days, 8, D)
    assert dump(City(other))["order_lines"] != dump(City(SMALL))["order_lines"]


def test_a_longer_history_does_not_change_the_random_numbers_of_a_day(city: City) -> None:
    longer = City(CityParameters(SMALL.stores, SMALL.days + 5, SMALL.seed, D))
    walk_ins = [
        {json.loads(t)["tid"] for t in dump(c)["order_lines"] if f'"created": "{D - timedelta(days=3)}' in t}
        for c in (city, longer)
    ]
    assert len(walk_ins[0] & walk_ins[1]) > 0.8 * len(walk_ins[0])


def test_a_restarted_city_has_the_same_bytes(tmp_path: Path) -> None:
    first = City(SMALL, tmp_path)
    first.accept("quota", quota("q1", 1))
    first.accept("transfer", transfer("t1", 12))
    first.move_clock(at(YESTERDAY, "13:00"))
    first.accept("quota", quota("q2", 40))
    first.accept("slot_capacity", capacity("c1", 0))
    first.move_clock(at(D, "05:30"))
    again = City(SMALL, tmp_path)
    again.move_clock(at(D, "05:30"))
    assert dump(again) == dump(first)


def test_a_line_cut_off_by_a_crash_is_dropped(tmp_path: Path) -> None:
    City(SMALL, tmp_path).accept("quota", quota("q1", 5))
    path = tmp_path / COMMAND_FILE
    path.write_bytes(path.read_bytes() + b'{"body": {"request_nu')
    City(SMALL, tmp_path).accept("quota", quota("q2", 6))
    assert [json.loads(line)["body"]["request_number"] for line in path.read_text().splitlines()[1:]] == ["q1", "q2"]


def test_the_folder_of_another_city_is_refused(tmp_path: Path) -> None:
    City(SMALL, tmp_path)
    with pytest.raises(PermanentError, match="belongs to the city"):
        City(CityParameters(SMALL.stores, SMALL.days, 8, D), tmp_path)


def test_a_quota_of_the_morning_holds_all_day(city: City) -> None:
    city.accept("quota", quota("q1", 2))
    assert quotas_told(city, YESTERDAY)[-1] == (2, 0)
    city.move_clock(at(D, "05:30"))
    assert claims_of(city, YESTERDAY, "S0001") <= 2
    assert quotas_told(city, YESTERDAY)[-1] == (2, 2)


def test_a_quota_set_at_noon_changes_only_what_comes_after(city: City) -> None:
    city.accept("quota", quota("q1", 3))
    city.move_clock(at(YESTERDAY, "14:10"))
    before = dump(city)
    city.accept("quota", quota("q2", 30))
    city.accept("slot_capacity", capacity("c1", 0))
    city.accept("staff", staff("s1", 1))
    after = dump(city)
    for feed, rows in before.items():
        extra = 1 if feed == "coupon_quotas" else 0
        assert after[feed][: len(rows)] == rows, feed
        assert len(after[feed]) == len(rows) + extra, feed
    city.move_clock(at(YESTERDAY, "14:11"))
    told = dump(city)
    for feed, rows in before.items():
        if feed not in ("bookings", "order_lines", "arrivals"):  # there a newer version may replace one of today
            assert set(rows) <= set(told[feed]), feed
    city.move_clock(at(D, "05:30"))
    assert 3 < claims_of(city, YESTERDAY, "S0001") <= 30


def test_a_quota_below_what_is_issued_is_refused(city: City) -> None:
    city.move_clock(at(YESTERDAY, "20:00"))
    with pytest.raises(RefusedError, match="issued already"):
        city.accept("quota", quota("q1", 0))
    city.accept("quota", quota("q2", 0, D))


def test_transfers_take_the_place_of_the_chain_s_rule(city: City) -> None:
    city.accept("transfer", transfer("t1", 12))
    city.accept("transfer", transfer("t2", 999_999))
    city.move_clock(at(D + timedelta(days=3), "05:30"))
    moved = [json.loads(t) for t in dump(city)["transfers"] if f'"T{YESTERDAY:%Y%m%d}' in t]
    assert {row["store_id"] for row in moved} == {"S0001"}
    steps = [row["status"] for row in moved if row["quantity_units"] == 12]
    assert steps in (["ordered", "dispatched", "received"], ["ordered", "received"])  # the same day keeps the newest
    assert max(row["quantity_units"] for row in moved if row["status"] == "received") < 999_999


def test_a_truck_that_has_left_takes_nothing_more(city: City) -> None:
    city.move_clock(at(YESTERDAY, "06:00"))
    with pytest.raises(RefusedError, match="have left"):
        city.accept("transfer", transfer("t1", 12))


def capacity(number: str, pickups: int) -> Body:
    slots = [{"slot": slot, "capacity_pickups": pickups} for slot in range(48)]
    return {"request_number": number, "store_id": "S0001", "business_date": str(YESTERDAY), "slots": slots}


def staff(number: str, persons: int) -> Body:
    slots = [{"slot": slot, "staff": persons} for slot in range(48)]
    return {"request_number": number, "store_id": "S0001", "business_date": str(YESTERDAY), "slots": slots}


def test_a_closed_half_hour_takes_no_new_bookings(city: City) -> None:
    city.accept("slot_capacity", capacity("c1", 0))
    city.move_clock(at(D, "05:30"))
    rows = [json.loads(t) for t in dump(city)["bookings"]]
    mine = [r for r in rows if r["store_id"] == "S0001" and r["slot_starts_at"].startswith(str(YESTERDAY))]
    assert all(row["made_at"] < str(YESTERDAY) for row in mine)


def waits(city: City, day: date) -> float:
    rows = [json.loads(t) for t in dump(city)["arrivals"]]
    mine = [r for r in rows if r["store_id"] == "S0001" and r["served_at"] and r["arrived_at"].startswith(str(day))]
    waited = [datetime.fromisoformat(r["served_at"]) - datetime.fromisoformat(r["arrived_at"]) for r in mine]
    return sum(waited, timedelta()).total_seconds() / len(mine)


def test_more_staff_shorten_the_wait() -> None:
    thin, thick = City(SMALL), City(SMALL)
    thin.accept("staff", staff("s1", 1))
    thick.accept("staff", staff("s1", 9))
    for each in (thin, thick):
        each.move_clock(at(D, "05:30"))
    assert waits(thick, YESTERDAY) < waits(thin, YESTERDAY)


def test_the_same_number_is_the_same_command_or_refused(city: City) -> None:
    city.accept("quota", quota("q1", 5))
    before = dump(city)
    city.accept("quota", quota("q1", 5))
    assert dump(city) == before
    with pytest.raises(RefusedError) as no:
        city.accept("quota", quota("q1", 6))
    assert no.value.code == "ALREADY_EXISTS"


@pytest.mark.parametrize(
    "change",
    [
        {"stock_id": "1"},
        {"carrier_id": "Z01"},
        {"quota_coupons": -1},
        {"quota_coupons": "5"},
        {"quota_coupons": True},
        {"business_date": "yesterday"},
        {"business_date": "2026-01-01"},
        {"request_number": ""},
    ],
)
def test_a_senseless_quota_is_refused(city: City, change: Body) -> None:
    with pytest.raises(RefusedError) as no:
        city.accept("quota", quota("q1", 5) | change)
    assert no.value.code == "INVALID_REQUEST"


def test_tomorrow_s_quotas_are_known_when_a_day_is_planned(city: City) -> None:
    city.move_clock(at(D, "05:30"))
    for day in (D, D + timedelta(days=1)):
        assert quotas_told(city, day)


def test_every_feed_carries_the_columns_of_its_contract(city: City) -> None:
    told = dump(city)
    assert set(told) == {feed.name for feed in FEEDS}
    for feed in FEEDS:
        rows = [json.loads(text) for text in told[feed.name]]
        assert rows, feed.name
        if feed.name != "order_lines":
            expected = {VENDOR_NAMES.get(name, name) for name in feed.column_names} | {"modified"}
            assert all(set(row) == expected for row in rows), feed.name


def test_a_version_of_a_document_is_told_once(city: City) -> None:
    city.move_clock(at(D, "05:30"))
    told = dump(city)
    for name in set(FIELDS) - {"order_lines"}:
        key = [VENDOR_NAMES.get(column, column) for column in feed_named(name).key]
        versions = [tuple(str(json.loads(t)[c]) for c in (*key, "modified")) for t in told[name]]
        assert len(set(versions)) == len(versions), name
    lines = [tuple(json.loads(t)[c] for c in ("tid", "line_no", "update_time")) for t in told["order_lines"]]
    assert len(set(lines)) == len(lines)


def test_a_few_rows_are_broken_and_a_few_are_late() -> None:
    told = dump(City(CityParameters(stores=15, days=25, seed=2)))
    orders = [json.loads(text) for text in told["order_lines"]]
    faults = {
        "negative": sum(row["num"] < 0 for row in orders),
        "status": sum(row["status"] == "STATUS_99" for row in orders),
        "store": sum(row["shop_id"] is None for row in orders),
        "backwards": sum(bool(row["picked_up_at"]) and row["picked_up_at"] < row["created"] for row in orders),
        "amount": sum(row["payment"] == "N/A" for row in orders),
    }
    assert all(faults.values()), faults
    assert 0.0005 < sum(faults.values()) / len(orders) < 0.004
    late = sum(
        datetime.fromisoformat(row["update_time"]) - datetime.fromisoformat(row["picked_up_at"] or row["update_time"])
        > timedelta(hours=20)
        for row in orders
    )
    assert 0.001 < late / len(orders) < 0.01
    assert any(json.loads(text)["on_hand_units"] < 0 for text in told["stock_levels"])


def test_planning_time_can_be_read_again_later(city: City) -> None:
    """What was known at 05:30 is still there a day later: only versions of the same day are replaced."""
    city.move_clock(at(D, "05:30"))
    early = dump(city)
    city.move_clock(at(D + timedelta(days=1), "05:30"))
    later = dump(city)
    for feed, rows in early.items():
        assert set(rows) <= set(later[feed]), feed


def test_the_count_of_the_morning_shows_when_it_is_counted(city: City) -> None:
    city.move_clock(at(D, "05:30"))
    counted = {json.loads(text)["counted_at"][:10] for text in dump(city)["stock_levels"]}
    assert max(counted) == f"{D:%Y-%m-%d}"
