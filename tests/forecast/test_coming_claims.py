"""Claims that customers want on the coming days: past the quota that cut them off, per store and per zone."""

from datetime import date

import pandas as pd
import pytest

from rouxing.forecast.commitments import commitments_of
from rouxing.forecast.history import History, day_number
from rouxing.forecast.panel import build_panel
from rouxing.forecast.quota_claims import claims_by_carrier

ORIGIN = date(2026, 5, 10)
PAST = pd.date_range("2026-04-12", ORIGIN)
AHEAD = pd.date_range("2026-05-11", "2026-05-12")


def coming(quota: int) -> pd.DataFrame:
    """Ten claims a day in two stores; from the quota of each day on, tomorrow's quotas are 3 and 4."""
    stores = pd.DataFrame({"store_id": ["S1", "S2"]})
    claims = stores.merge(pd.DataFrame({"claim_date": PAST}), how="cross").assign(
        stock_id="B1", coupons=10, closed_date=lambda rows: rows["claim_date"], redeemed=True, valid_days=3
    )
    past = stores.merge(pd.DataFrame({"date": PAST}), how="cross").assign(coupons=quota)
    ahead = stores.merge(pd.DataFrame({"date": AHEAD, "coupons": [3, 4]}), how="cross")
    quotas = pd.concat([past, ahead], ignore_index=True).assign(stock_id="B1")
    demand = claims.rename(columns={"claim_date": "date"})[["store_id", "date"]].assign(pickups=10)
    history = History(demand, claims=claims, quotas=quotas)
    return commitments_of(history, build_panel(history, day_number(ORIGIN), 3)).coming_claims


def test_wanted_is_what_was_claimed_where_quotas_were_wide_and_more_where_they_cut() -> None:
    wide, cut = coming(30), coming(10)
    assert wide["wanted_claims"].to_numpy() == pytest.approx([10.0] * 4, rel=0.1)
    assert (cut["wanted_claims"] > wide["wanted_claims"] + 2).all()
    assert wide["assumed_coupons"].tolist() == [3.0, 4.0, 3.0, 4.0]


def test_a_zone_wants_what_its_stores_want() -> None:
    claims = coming(30)
    stores = pd.DataFrame({"store_id": ["S1", "S2"], "district_id": ["D1", "D1"]})
    stocks = pd.DataFrame({"stock_id": ["B1"], "carrier": ["zone"]})
    zone = claims_by_carrier(claims, stocks, stores)
    assert zone["carrier_id"].tolist() == ["D1", "D1"]
    assert zone["assumed_coupons"].tolist() == [6.0, 8.0]
    own = claims_by_carrier(claims, stocks.assign(carrier="store"), stores)
    assert own["wanted_claims"].sum() == pytest.approx(zone["wanted_claims"].sum())


def test_without_claims_nothing_is_known_of_coming_ones() -> None:
    history = History(pd.DataFrame({"store_id": ["S1"], "date": [ORIGIN], "pickups": [3]}))
    assert commitments_of(history, build_panel(history, day_number(ORIGIN), 3)).coming_claims.empty
