"""The certificate in SQL on a world worked by hand: a sound plan passes, a tampered one fails where it was tampered."""

from __future__ import annotations

from datetime import date
from math import sqrt

import pandas as pd
import pytest

from rouxing.plan.certificate import judge_checks
from rouxing.warehouse.database import Connection
from tasks.certify import read_certificate
from tests.plan.world import IDS, KNOWN_BY, claims


def checks(connection: Connection) -> pd.DataFrame:
    return read_certificate(connection, known_by=KNOWN_BY, settle_minutes=10, **IDS)


def tamper(connection: Connection, *statements: str) -> None:
    for statement in statements:
        connection.execute(statement.encode())


def failing(found: pd.DataFrame) -> set[str]:
    return set(found.loc[found["verdict"] == "fail", "check_name"])


def test_a_sound_plan_passes_every_check(plan: Connection) -> None:
    found = checks(plan)
    certificate = judge_checks(found)
    assert certificate.verdict == "pass", found[found["verdict"] != "pass"]
    assert certificate.passed == certificate.total == len(found)


def test_value_limit_and_slack_of_a_store_day_worked_by_hand(plan: Connection) -> None:
    found = checks(plan).set_index(["check_name", "subject"])
    # Claims rise from 18 1/3 to 21 11/15 and a quarter of them is collected on the day; the distance of the upper
    # quantile from the mean, 6 at 20 pickups, grows as the square root.
    assert found.loc[("counter_capacity", "S1 2026-06-18"), "value"] == pytest.approx(20.85 + 6 * sqrt(20.85 / 20))
    assert found.loc[("counter_capacity", "S1 2026-06-18"), "slack"] == pytest.approx(30 - 26.97616, abs=1e-4)
    assert found.loc[("slot_load", "S1 2026-06-18"), "value"] == pytest.approx(10.425 * (1 + 0.6744898 * 0.3))
    # Shelf for cold goods: 20 on hand and 12 planned, 500 ml each.
    assert found.loc[("cold_volume", "S1"), "value"] == 32 * 500


OVERRIDE = (
    "insert into plan.overrides (store_id, kind, value, reason, set_by, starts_at, ends_at, known_at) values"
    " ('S1', '{kind}', {value}, '装修', '店长', '2026-06-17 00:00+08', '2026-06-18 22:00+08', '2026-06-17 00:00+08')"
)
PILOT = (
    "insert into plan.pilots (pilot_id, strategy, stores, started_by, starts_at, ends_at, known_at) values"
    " ('pilot-1', 'joint', array['S2'], '运营', '2026-06-17 00:00+08', '2026-06-30 00:00+08', '2026-06-17 00:00+08')"
)
TAMPERED = {
    "counter_capacity": ["update core.stores set pickup_capacity_day = 25 where store_id = 'S1'"],
    "staff_capacity": ["update plan.staff_slots set capacity_pickups = 13 where store_id = 'S1'"],
    "slot_load": [
        "update plan.staff_slots set capacity_pickups = 12 where store_id = 'S1' and slot = 18",
        "update plan.staff_slots set capacity_pickups = 20 where store_id = 'S1' and slot = 19",
    ],
    # 40 on hand and 12 planned less the 2 of walk-in customers are 50; 22 on hand leave 32, which 26.98 pickups take
    # with their 1.2 units each.
    "stock_capacity": [
        "update core.stock_levels set on_hand_units = 22 where location_id = 'S1' and sku_id = 'K1'",
        "update mart.forecast_skus set units_per_pickup = 1.2 where store_id = 'S1'",
    ],
    "stock_reservations": [
        "insert into plan.stock_reservations (allocation_id, store_id, sku_id, business_date, priority_units,"
        " walk_in_units, open_units, cover_share) values ('allocation-1', 'S1', 'K1', '2026-06-18', 3, 2, 48, 0.5)",
    ],
    "exchange_stock": [
        "update core.coupon_stocks set exchange_sku_id = 'K1'",
        "insert into plan.stock_reservations (allocation_id, store_id, sku_id, business_date, priority_units,"
        " walk_in_units, open_units, cover_share) values ('allocation-1', 'S1', 'K1', '2026-06-18', 1, 50, 1, 0.5)",
        "update mart.forecast_skus set exchange_units_per_pickup = 1 where store_id = 'S1'",
    ],
    "stated_load": ["update plan.store_loads set load_upper = 20 where store_id = 'S1'"],
    "stated_forecast": ["update mart.forecast_days set mean = 19 where store_id = 'S1'"],
    "stated_claims": ["update plan.coupon_quotas set expected_claims = 30 where carrier_id = 'S1'"],
    "claims_curves": ["delete from plan.quota_curves where carrier_id = 'S2'"],
    "rostered_staff": ["update core.stores set counters = 0 where store_id = 'S1'"],
    "shift_cover": ["update plan.staff_slots set staff_planned = 2 where store_id = 'S1' and slot = 18"],
    "shift_persons": ["update plan.shifts set staff = 2 where store_id = 'S1'"],
    "slot_capacity": ["update plan.staff_slots set capacity_pickups = 21 where store_id = 'S1' and slot = 18"],
    "opening_hours": ["update core.stores set opens_slot = 19 where store_id = 'S1'"],
    "closed_slots": ["update plan.staff_slots set status = 'closed' where store_id = 'S1' and slot = 18"],
    "override_staff": [OVERRIDE.format(kind="staff_max", value=0)],
    "dc_supply": ["update core.stock_levels set on_hand_units = 6 where location_id = 'DC1' and sku_id = 'K1'"],
    "cold_volume": ["update core.stores set cold_volume_ml = 12000 where store_id = 'S1'"],
    "ambient_volume": ["update core.stores set ambient_volume_ml = 21000 where store_id = 'S1'"],
    "supplying_dc": ["update core.stores set dc_id = 'DC2' where store_id = 'S1'"],
    "whole_packs": ["update core.skus set pack_units = 5 where sku_id = 'K1'"],
    "known_lines": ["update core.skus set valid_to = '2026-02-01' where sku_id = 'K2'"],
    "shelf_life": ["update plan.stock_transfers set life_cap_units = 6 where sku_id = 'K1'"],
    "minimum_units": ["update plan.stock_transfers set minimum_units = 18 where sku_id = 'K1'"],
    "campaign_day_budget": ["update core.campaigns set daily_budget_coupons = 45"],
    "campaign_total_budget": ["update core.campaigns set budget_coupons = 930"],
    "issued_coupons": [
        "update core.coupon_quotas set issued_coupons = 21 where carrier_id = 'S2'",
        "update plan.coupon_quotas set issued_coupons = 21 where carrier_id = 'S2'",
    ],
    "stated_quota": ["update plan.coupon_quotas set previous_coupons = 21 where carrier_id = 'S2'"],
    "change_limit": ["update plan.redistributions set parameters = parameters || '{\"change_share\": 0.2}'"],
    "protected_campaign": [
        "update core.campaigns set is_protected = true",
        "update core.coupon_quotas set quota_coupons = 22 where carrier_id = 'S2'",
        "update plan.coupon_quotas set previous_coupons = 22 where carrier_id = 'S2'",
    ],
    "override_quota": [OVERRIDE.format(kind="no_new_quota", value=1)],
    "quota_loads": ["update plan.quota_loads set pickups_per_claim = 0.1 where carrier_id = 'S2'"],
    "changed_carriers": ["update plan.redistributions set parameters = parameters || '{\"max_changed_carriers\": 0}'"],
    "changed_coupon_stocks": [
        "update plan.redistributions set parameters = parameters || '{\"max_changed_stocks\": 0}'"
    ],
    "pilot_scope": [PILOT],
}


@pytest.mark.parametrize("check_name", TAMPERED)
def test_a_tampered_plan_fails_the_check_that_guards_it_and_no_other(plan: Connection, check_name: str) -> None:
    tamper(plan, *TAMPERED[check_name])
    found = checks(plan)
    assert failing(found) == {check_name}
    assert judge_checks(found).verdict == "fail"


def test_every_check_is_tampered_with(plan: Connection) -> None:
    """A check that no tampered plan fails could be always true."""
    tamper(plan, OVERRIDE.format(kind="closed", value=1))
    together = {"cold_chain", "override_closed_staff", "override_closed_stock"}
    assert set(checks(plan)["check_name"]) <= set(TAMPERED) | together


def test_a_closed_store_gets_no_people_no_goods_and_no_coupons(plan: Connection) -> None:
    tamper(plan, OVERRIDE.format(kind="closed", value=1))
    together = {"override_closed_staff", "override_closed_stock", "override_quota", "counter_capacity"}
    assert failing(checks(plan)) == together


def test_a_store_that_closes_tomorrow_is_open_today(plan: Connection) -> None:
    later = OVERRIDE.format(kind="closed", value=1).replace(
        "2026-06-17 00:00+08', '2026-06-18", "2026-06-19 09:00+08', '2026-06-19"
    )
    tamper(plan, later)
    assert failing(checks(plan)) == set()
    days = "select business_date, value from plan.override_days('2026-06-18', '2026-06-18 05:00+08')"
    assert plan.execute(days).fetchall() == [(date(2026, 6, 19), 1.0)]


def test_a_store_without_cold_room_gets_no_cold_goods(plan: Connection) -> None:
    tamper(plan, "update core.stores set cold_volume_ml = 0 where store_id = 'S1'")
    assert failing(checks(plan)) == {"cold_chain", "cold_volume"}


def test_customers_sent_next_door_count_there(plan: Connection) -> None:
    """S2 falls from 20 to 14 coupons: its 4.6 claims fewer turn 1.15 pickups away, 30 % of them try S1."""
    tamper(plan, "update plan.coupon_quotas set quota_coupons = 14 where carrier_id = 'S2'")
    found = checks(plan).set_index(["check_name", "subject"])
    turned_away = 0.25 * (claims(20) - claims(14))
    mean = 20.85 + 0.3 * turned_away
    assert found.loc[("counter_capacity", "S1 2026-06-18"), "value"] == pytest.approx(mean + 6 * sqrt(mean / 20))
    tamper(plan, "update plan.store_loads set spill_limit = 0.1 where store_id = 'S1'")
    found = checks(plan).set_index(["check_name", "subject"])
    assert found.loc[("counter_capacity", "S1 2026-06-18"), "value"] == pytest.approx(20.95 + 6 * sqrt(20.95 / 20))


def test_a_breach_of_the_quotas_in_force_is_inherited_while_it_does_not_grow(plan: Connection) -> None:
    tamper(
        plan,
        "update mart.forecast_days set p90 = 31 where store_id = 'S2'",
        "update plan.store_loads set forecast_upper = 31, load_upper = 31, in_force_upper = 31 where store_id = 'S2'",
    )
    found = checks(plan).set_index(["check_name", "subject"])["verdict"]
    assert found["counter_capacity", "S2 2026-06-18"] == "inherited_breach"
    assert judge_checks(checks(plan)).verdict == "inherited_breach"
    tamper(plan, "update plan.coupon_quotas set quota_coupons = 21 where carrier_id = 'S2'")
    found = checks(plan).set_index(["check_name", "subject"])["verdict"]
    assert found["counter_capacity", "S2 2026-06-18"] == "fail"


def test_an_unknown_capacity_is_the_cautious_default_and_never_infinite(plan: Connection) -> None:
    tamper(plan, "update core.stores set pickup_capacity_day = null, pickup_capacity_slot = null")
    tamper(plan, "delete from core.rosters where store_id = 'S1'", "delete from core.stock_levels where sku_id = 'K2'")
    found = checks(plan).set_index(["check_name", "subject"])
    assert found.loc[("counter_capacity", "S1 2026-06-18"), "limit_value"] == 60
    assert found.loc[("counter_capacity", "S1 2026-06-18"), "note"] == "default pickup_capacity_day"
    assert found.loc[("slot_capacity", "S1 2026-06-18"), "limit_value"] == 8
    assert found.loc[("slot_capacity", "S1 2026-06-18"), "verdict"] == "fail"
    assert found.loc[("rostered_staff", "S1 2026-06-18"), "note"] == "default roster"
    assert found.loc[("dc_supply", "DC1 K2"), ["limit_value", "verdict", "note"]].tolist() == [
        0,
        "fail",
        "default stock count",
    ]
    tamper(plan, "update plan.allocations set parameters = parameters #- '{store_days,default_capacity_pickups}'")
    found = checks(plan).set_index(["check_name", "subject"])
    assert found.loc[("counter_capacity", "S1 2026-06-18"), "verdict"] == "fail"


def test_no_check_at_all_is_a_failure() -> None:
    assert judge_checks(pd.DataFrame({"verdict": pd.Series([], dtype="str")})).verdict == "fail"
