"""Quota cells by hand: what was in force, what customers would take, what a coupon is worth and brings."""

from datetime import date, timedelta

import pandas as pd
import pytest

from rouxing.redistribute.cells import carrier_shares, coupon_worth, quota_budgets, quota_cells, quota_loads

DAY = date(2026, 6, 18)
TODAY = pd.Timestamp(DAY)
NEXT = TODAY + pd.Timedelta(days=1)
STOCKS = pd.DataFrame(
    {
        "stock_id": ["B1", "B2"],
        "campaign_id": ["C1", "C1"],
        "carrier": ["store", "zone"],
        "status": ["SENDING", "SENDING"],
        "exchange_sku_id": pd.Series([None, None], dtype="str"),
        "face_value_fen": [500, 5000],
        "issued_total": [100, 50],
    }
)
CAMPAIGNS = pd.DataFrame(
    {"campaign_id": ["C1"], "is_protected": [False], "budget_coupons": [200], "daily_budget_coupons": [40]}
)
STORES = pd.DataFrame({"store_id": ["S1", "S2"], "district_id": ["D1", "D1"]})
CURVES = pd.DataFrame({"stock_id": ["B1", "B1", "B2"], "age_days": [0, 1, 0], "redeemed_share": [0.3, 0.1, 0.2]})


def quota_rows() -> pd.DataFrame:
    rows = [("B1", "S1", TODAY - timedelta(days=2), 20, 10), ("B1", "S1", TODAY - timedelta(days=1), 20, 20)]
    rows += [("B1", "S1", TODAY, 24, 4), ("B2", "D1", TODAY - timedelta(days=1), 30, 15)]
    return pd.DataFrame(rows, columns=["stock_id", "carrier_id", "business_date", "quota_coupons", "issued_coupons"])


WORTH = pd.DataFrame({"stock_id": ["B1", "B2"], "value_fen": [100.0, 50.0]})
# The forecast knows nothing of B2, which nobody has claimed yet.
CLAIMS = pd.DataFrame(
    {
        "stock_id": ["B1", "B1"],
        "carrier_id": ["S1", "S1"],
        "date": [TODAY, NEXT],
        "wanted_claims": [30.0, 40.0],
        "assumed_coupons": [20.0, 20.0],
    }
)


def cells(left_share: float = 1.0) -> pd.DataFrame:
    return quota_cells(quota_rows(), STOCKS, CAMPAIGNS, CLAIMS, WORTH, DAY, left_share)


def cell(stock_id: str, day: pd.Timestamp) -> pd.Series:
    found = cells()
    return found[(found["stock_id"] == stock_id) & (found["business_date"] == day)].iloc[0]


def test_tomorrow_is_wanted_as_forecast_and_a_stock_without_a_claim_as_its_quota() -> None:
    tomorrow = cell("B1", NEXT)
    assert (tomorrow["rest_claims"], tomorrow["assumed_coupons"]) == (40, 20)
    assert tomorrow["rest_dispersion"] == pytest.approx(0.2)
    assert cell("B2", NEXT)["rest_claims"] == 30


def test_the_rest_of_today_learns_from_what_is_claimed_already() -> None:
    found = cells(left_share=0.5)
    today = found[(found["stock_id"] == "B1") & (found["business_date"] == TODAY)].iloc[0]
    # 15 were expected by now and 4 came; with 1 / 0.2 = 5 claims of prior the level is (5 + 4) / (5 + 15).
    assert today["rest_claims"] == pytest.approx(30 * 0.5 * 9 / 20)
    assert today["rest_dispersion"] == pytest.approx(1 / 9)


def test_a_day_without_a_quota_takes_over_the_newest_and_nothing_is_issued_yet() -> None:
    tomorrow = cell("B1", NEXT)
    assert (tomorrow["previous_coupons"], tomorrow["issued_coupons"]) == (24, 0)
    zone_today = cell("B2", TODAY)
    assert (zone_today["previous_coupons"], zone_today["issued_coupons"]) == (30, 0)


def test_a_stopped_stock_and_an_ended_campaign_have_no_cell() -> None:
    stopped = STOCKS.assign(status=["STOPPED", "SENDING"])
    found = quota_cells(quota_rows(), stopped, CAMPAIGNS, CLAIMS, WORTH, DAY)
    assert set(found["stock_id"]) == {"B2"}
    assert quota_cells(quota_rows(), STOCKS, CAMPAIGNS.iloc[:0], CLAIMS, WORTH, DAY).empty


def test_worth_is_chance_times_margin_less_face_value_and_at_least_one_fen() -> None:
    split = pd.DataFrame({"store_id": ["S1", "S1"], "sku_id": ["K1", "K2"], "units_per_pickup": [1.0, 0.5]})
    skus = pd.DataFrame({"sku_id": ["K1", "K2"], "margin_fen": [1000, 2000]})
    worth = coupon_worth(STOCKS, CURVES, split, skus).set_index("stock_id")["value_fen"]
    assert worth["B1"] == pytest.approx(0.4 * (2000 - 500))
    assert worth["B2"] == 1


def test_loads_follow_the_curve_and_a_zone_shares_by_its_claims() -> None:
    claims = pd.DataFrame({"stock_id": ["B2"], "store_id": ["S1"], "date": [TODAY], "claims": [2]})
    shares = carrier_shares(cells(), STOCKS, STORES, claims)
    zone = shares[shares["stock_id"] == "B2"].set_index("store_id")["share"]
    assert zone["S1"] == pytest.approx(3 / 4)
    assert zone["S2"] == pytest.approx(1 / 4)
    loads = quota_loads(cells(), CURVES, shares, DAY + timedelta(days=1))
    found = loads.set_index(["stock_id", "business_date", "store_id", "load_date"])["pickups_per_claim"]
    assert found["B1", TODAY, "S1", NEXT] == pytest.approx(0.1)
    assert found["B2", TODAY, "S2", TODAY] == pytest.approx(0.2 / 4)
    assert ("B1", NEXT, "S1", NEXT + pd.Timedelta(days=1)) not in found.index


def test_budgets_leave_what_was_issued_before() -> None:
    daily, totals = quota_budgets(cells(), STOCKS, CAMPAIGNS)
    assert set(daily["budget_coupons"]) == {40}
    # 200 in all, 150 issued, of which 4 in today's quotas.
    assert totals["remaining_coupons"].tolist() == [54]
