"""The certificate in SQL on a world worked by hand: a sound plan passes, a tampered one fails where it was tampered."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest

from rouxing.plan.certificate import judge_checks
from rouxing.warehouse.database import Connection, Database
from tasks.certify import read_certificate
from tests.plan.world import IDS, KNOWN_BY, write_plan, write_world


@pytest.fixture
def plan(database: Database) -> Iterator[Connection]:
    """A connection with the sound plan in it; everything is rolled back afterwards."""
    raw = database.engine.raw_connection()
    connection = raw.driver_connection
    assert connection is not None
    write_world(connection)
    write_plan(connection)
    yield connection
    raw.rollback()
    raw.close()


def checks(connection: Connection) -> pd.DataFrame:
    return read_certificate(connection, known_by=KNOWN_BY, settle_minutes=10, **IDS)


def test_a_sound_plan_passes_every_check(plan: Connection) -> None:
    found = checks(plan)
    certificate = judge_checks(found)
    assert certificate.verdict == "pass", found[found["verdict"] != "pass"]
    assert certificate.passed == certificate.total == len(found)


def test_value_limit_and_slack_of_a_store_day_worked_by_hand(plan: Connection) -> None:
    found = checks(plan).set_index(["check_name", "subject"])
    # 26 pickups at the upper quantile, and six coupons more than the forecast contains at 0.25 pickups each.
    assert found.loc[("counter_capacity", "S1 2026-06-18"), "value"] == pytest.approx(26 + 6 * 0.25)
    assert found.loc[("counter_capacity", "S1 2026-06-18"), "slack"] == pytest.approx(30 - 27.5)
    # Shelf for cold goods: 20 on hand and 12 planned, 500 ml each.
    assert found.loc[("cold_volume", "S1"), "value"] == 32 * 500


TAMPERED = {
    "counter_capacity": "update plan.coupon_quotas set quota_coupons = 60 where carrier_id = 'S1'",
    "staff_capacity": "update plan.staff_slots set capacity_pickups = 10 where store_id = 'S1'",
    "stock_capacity": "update core.stock_levels set on_hand_units = 16 where location_id = 'S1' and sku_id = 'K1'",
    "dc_supply": "update plan.stock_transfers set quantity_units = 66 where sku_id = 'K1'",
    "cold_volume": "update plan.stock_transfers set quantity_units = 96 where sku_id = 'K2'",
    "ambient_volume": "update plan.stock_transfers set quantity_units = 600 where sku_id = 'K1'",
    "cold_chain": "update plan.stock_transfers set store_id = 'S2' where sku_id = 'K2'",
    "supplying_dc": "update plan.stock_transfers set dc_id = 'DC2' where sku_id = 'K2'",
    "whole_packs": "update plan.stock_transfers set quantity_units = 13 where sku_id = 'K1'",
    "rostered_staff": "update plan.staff_slots set staff_planned = 3 where store_id = 'S1' and slot = 18",
    "slot_capacity": "update plan.staff_slots set capacity_pickups = 21 where store_id = 'S1' and slot = 18",
    "opening_hours": "update plan.staff_slots set slot = 20 where store_id = 'S1' and slot = 19",
    "campaign_day_budget": "update plan.coupon_quotas set quota_coupons = 31 where carrier_id = 'S1'",
    "campaign_total_budget": "update core.campaigns set budget_coupons = 930",
    "issued_coupons": "update plan.coupon_quotas set quota_coupons = 3 where carrier_id = 'S2'",
    "change_limit": "update plan.coupon_quotas set quota_coupons = 27 where carrier_id = 'S1'",
    "quota_loads": "update plan.quota_loads set pickups_per_claim = 0.1 where carrier_id = 'S2'",
    "changed_carriers": "update plan.redistributions set parameters = parameters || '{\"max_changed_carriers\": 0}'",
    "changed_coupon_stocks": "update plan.redistributions set parameters = parameters || '{\"max_changed_stocks\": 0}'",
}


@pytest.mark.parametrize("check_name", TAMPERED)
def test_a_tampered_plan_fails_the_check_that_guards_it(plan: Connection, check_name: str) -> None:
    plan.execute(TAMPERED[check_name].encode())
    found = checks(plan)
    assert "fail" in set(found.loc[found["check_name"] == check_name, "verdict"])
    assert judge_checks(found).verdict == "fail"


def test_a_protected_campaign_is_not_cut(plan: Connection) -> None:
    plan.execute("update core.campaigns set is_protected = true")
    plan.execute("update plan.coupon_quotas set quota_coupons = 18 where carrier_id = 'S2'")
    found = checks(plan)
    assert set(found.loc[found["verdict"] == "fail", "check_name"]) == {"protected_campaign"}


def test_a_breach_of_the_quotas_in_force_is_inherited_while_it_does_not_grow(plan: Connection) -> None:
    plan.execute("update mart.forecast_days set p90 = 31 where store_id = 'S2'")
    found = checks(plan).set_index(["check_name", "subject"])["verdict"]
    assert found["counter_capacity", "S2 2026-06-18"] == "inherited_breach"
    plan.execute("update plan.coupon_quotas set quota_coupons = 21 where carrier_id = 'S2'")
    found = checks(plan).set_index(["check_name", "subject"])["verdict"]
    assert found["counter_capacity", "S2 2026-06-18"] == "fail"


def test_an_unknown_capacity_is_the_cautious_default_and_never_infinite(plan: Connection) -> None:
    plan.execute("update core.stores set pickup_capacity_day = null")
    found = checks(plan).set_index(["check_name", "subject"])
    assert found.loc[("counter_capacity", "S1 2026-06-18"), "limit_value"] == 60
    plan.execute("update plan.allocations set parameters = parameters #- '{store_days,default_capacity_pickups}'")
    found = checks(plan).set_index(["check_name", "subject"])
    assert found.loc[("counter_capacity", "S1 2026-06-18"), "verdict"] == "fail"


def test_no_check_at_all_is_a_failure() -> None:
    assert judge_checks(pd.DataFrame({"verdict": pd.Series([], dtype="str")})).verdict == "fail"
