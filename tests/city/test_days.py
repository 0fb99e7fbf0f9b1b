"""What happens in a day: limits hold, lags are those of METHODS, customers react."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rouxing.city import trade
from rouxing.city.claims import LAGS, QuotaChange, grant, lag_days
from rouxing.city.counter import UNSERVED, serve
from rouxing.city.day import DayRecord
from rouxing.city.streams import EPOCH_ORDINAL, NONE
from rouxing.city.supply import fill_orders
from rouxing.city.world import CityParameters, World, build_world
from rouxing.model.errors import PermanentError
from tests.city.small import directives, live


def test_units_are_neither_made_nor_lost(world: World) -> None:
    states = list(live(world, 10))
    for (before, record), (after, _) in pairwise(states):
        moved = record.transfers
        taken = record.outcomes["fate"] == trade.COLLECTED
        sold = record.outcomes["quantity"][taken].sum() + record.outcomes["quantity_2"][taken].sum()
        over_counter = (record.orders["channel"] == trade.WALK_IN) & (record.orders["found"] == 1)
        sold += record.orders["quantity"][over_counter].sum()
        assert record.centre.sum() - moved["quantity"].sum() == after.centre_units.sum()
        way_before = 0 if before.under_way is None else before.under_way["quantity"].sum()
        assert after.under_way is not None
        held_before = before.available.sum() + record.promised.sum() + way_before
        assert after.early is not None
        promised_after = after.early["quantity"].sum() + after.early["quantity_2"].sum()
        held_after = after.available.sum() + promised_after + after.under_way["quantity"].sum()
        assert held_after == held_before + moved["quantity"].sum() - sold
        assert after.available.min() >= 0
        assert after.centre_units.min() >= 0


def test_no_cell_issues_more_than_its_quota(season: list[DayRecord]) -> None:
    big = build_world(CityParameters(stores=20, days=70, seed=3))
    for record in season:
        quotas = directives(big, record.day).quotas
        assert (record.issued <= quotas).all()
        assert record.issued.sum() == len(record.claims["coupon"])


def test_a_coupon_is_claimed_once_and_redeemed_at_most_once_after_its_claim(season: list[DayRecord]) -> None:
    claimed = np.concatenate([record.claims["coupon"] for record in season])
    assert len(np.unique(claimed)) == len(claimed)
    redeemed = np.concatenate(
        [r.outcomes["coupon"][(r.outcomes["fate"] == trade.COLLECTED) & (r.outcomes["coupon"] != NONE)] for r in season]
    )
    assert len(np.unique(redeemed)) == len(redeemed)
    assert np.isin(redeemed, claimed).all()
    for record in season:
        mine = record.outcomes["coupon"] != NONE
        assert (record.outcomes["claimed"][mine] < record.outcomes["placed"][mine]).all()


def test_redemption_and_its_lag_are_those_of_the_real_table(season: list[DayRecord]) -> None:
    first, last = season[10].day.toordinal(), season[39].day.toordinal()  # coupons that have all run out by day 70
    lags = []
    for record in season:
        claimed_on = record.outcomes["claimed"] // 86400 + EPOCH_ORDINAL
        used = (record.outcomes["coupon"] != NONE) & (record.outcomes["fate"] == trade.COLLECTED)
        used &= (claimed_on >= first) & (claimed_on <= last)
        lags.append(record.day.toordinal() - claimed_on[used])
    lag = np.concatenate(lags)
    shares = [np.mean((lag >= low) & (lag <= (high if high >= low else 99))) for low, high, _ in LAGS]
    np.testing.assert_allclose(shares, [share for _, _, share in LAGS], atol=0.015)
    claims = sum(len(record.claims["coupon"]) for record in season[10:40])
    assert 0.28 < len(lag) / claims < 0.40


def test_a_store_day_is_about_as_busy_as_asked_for(season: list[DayRecord]) -> None:
    pickups = np.mean([(r.orders["channel"] == trade.PICKUP).sum() for r in season[20:]]) / 20
    assert 30 < pickups < 50
    shown = np.concatenate([record.outcomes["fate"] for record in season])
    assert 0.04 < np.mean(shown == trade.NO_SHOW) < 0.08


def test_half_the_quota_brings_fewer_pickups_there_and_more_next_door() -> None:
    wide = build_world(CityParameters(stores=10, days=40, seed=5))
    busy = int(np.argmax(wide.stores.size))
    peers = wide.stores.district == wide.stores.district[busy]
    peers[busy] = False

    def coupon_pickups(factor: float) -> np.ndarray:
        total = np.zeros(10)
        for _, record in live(wide, 25, factor, busy):
            done = (record.outcomes["coupon"] != NONE) & (record.outcomes["fate"] == trade.COLLECTED)
            total += np.bincount(record.outcomes["store"][done], minlength=10)
        return total

    usual, halved = coupon_pickups(1.0), coupon_pickups(0.5)
    assert halved[busy] < 0.75 * usual[busy]
    assert halved[peers].sum() > usual[peers].sum()
    assert halved.sum() < usual.sum()


@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 2), st.integers(-1, 2)), max_size=60),
    st.lists(st.integers(0, 8), min_size=3, max_size=3),
    st.integers(0, 99),
    st.integers(0, 8),
)
def test_grants_never_exceed_the_quota_and_ignore_what_comes_later(
    wishes: list[tuple[int, int, int]], quotas: list[int], second: int, quota: int
) -> None:
    wishes.sort()
    columns = {
        "second": np.array([w[0] for w in wishes], dtype=np.int64),
        "cell": np.array([w[1] for w in wishes], dtype=np.int64),
        "neighbour": np.array([w[2] for w in wishes], dtype=np.int64),
        "stock": np.zeros(len(wishes), dtype=np.int64),
    }
    of = np.array([[0, 1, 2]])
    plain, issued = grant(columns, np.array(quotas), [], of)
    assert (issued <= quotas).all()
    changed, issued_changed = grant(columns, np.array(quotas), [QuotaChange(second, 1, quota)], of)
    before = columns["second"] < second
    np.testing.assert_array_equal(plain[before], changed[before])
    issued_before = int((changed[before] == 1).sum())
    assert issued_changed[1] <= max(quota, issued_before)


def test_one_person_serves_in_order_and_a_long_wait_sends_customers_away() -> None:
    staff = np.ones((1, 48), dtype=np.int64)
    arrived = np.array([36000, 36010, 36020, 36700])
    served = serve(np.zeros(4, dtype=np.int64), arrived, np.full(4, 600), np.full(4, 900), staff, 0)
    assert served.tolist() == [36000, 36600, UNSERVED, 37200]


def test_a_second_person_shortens_the_wait_from_the_half_hour_they_come() -> None:
    staff = np.ones((1, 48), dtype=np.int64)
    staff[0, 20:] = 2
    arrived = np.array([35900, 35950, 36010])
    served = serve(np.zeros(3, dtype=np.int64), arrived, np.full(3, 600), np.full(3, 9000), staff, 0)
    assert served.tolist() == [35900, 36500, 36010]


def test_an_order_gets_all_its_lines_or_none() -> None:
    orders = {
        "store": np.array([0, 0, 0]),
        "sku": np.array([0, 0, 1]),
        "quantity": np.array([1, 1, 1]),
        "sku_2": np.array([1, 1, NONE]),
        "quantity_2": np.array([1, 1, 0]),
    }
    found, left = fill_orders(np.array([[5, 2]]), orders)
    assert found.tolist() == [True, True, False]
    assert left.tolist() == [[3, 0]]


@given(st.floats(0, 1, exclude_max=True), st.integers(17, 60))
def test_a_lag_lies_within_the_coupon_s_life(uniform: float, valid: int) -> None:
    lag = lag_days(np.array([uniform]), np.array([valid]))[0]
    assert 0 <= lag < valid


@pytest.mark.parametrize(("stores", "days", "seed"), [(0, 10, 1), (10, 0, 1), (10, 10, 0), (9999, 10, 1)])
def test_an_impossible_city_is_refused_by_name(stores: int, days: int, seed: int) -> None:
    with pytest.raises(PermanentError, match="the city's parameter"):
        CityParameters(stores=stores, days=days, seed=seed)


def test_the_smallest_city_lives() -> None:
    tiny = build_world(CityParameters(stores=1, days=1))
    assert sum(len(record.orders["order"]) for _, record in live(tiny, 3)) > 0
