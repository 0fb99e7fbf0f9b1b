"""The marketing calendar: known weeks ahead, telling, and no oracle."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from rouxing.city import marketing, names
from rouxing.city.master import master_rows
from rouxing.city.world import CityParameters, World, build_world
from rouxing.model.feeds import STRONGEST_TIER, WHOLE_CHAIN

YEAR = CityParameters(stores=30, days=400, seed=4)


@pytest.fixture(scope="module")
def chain() -> World:
    return build_world(YEAR)


def days_of(push: marketing.Push) -> list[date]:
    return [push.first_day + timedelta(days=number) for number in range(len(push.lift))]


def test_the_main_push_peaks_on_the_business_date_and_stands_alone() -> None:
    main, *others = marketing.pushes(CityParameters(business_date=date(2026, 6, 18)))
    assert main.campaign_id == names.MAIN_CAMPAIGN
    assert (main.first_day, main.last_day) == (date(2026, 6, 2), date(2026, 6, 24))
    assert main.lift_on(date(2026, 6, 18)) == max(main.lift)
    assert not [push.name for push in others if push.last_day >= main.first_day and push.first_day <= main.last_day]


def test_a_spring_has_pushes_as_strong_as_the_one_to_come() -> None:
    past = [push for push in marketing.pushes(CityParameters()) if push.last_day < date(2026, 6, 1)]
    assert {push.name for push in past} == {"三八女神节", "五一出游季", "520 甜蜜季", "会员日"}
    assert max(max(push.lift) for push in past) >= max(names.MAIN_PUSH.lift)


def test_last_year_s_618_belongs_to_a_long_history() -> None:
    assert date(2025, 6, 18) - timedelta(days=16) in {push.first_day for push in marketing.pushes(YEAR)}


def test_a_tier_is_a_quarter_more_claims(chain: World) -> None:
    main = marketing.pushes(YEAR)[0]
    tiers = marketing.planned_tiers(chain, main, YEAR.business_date)  # a lift of 1.2, of 0.42 in most districts
    assert tiers.tolist() == [5, 2, 2, 5, 2, 2]
    assert marketing.planned_tiers(chain, main, main.first_day).tolist() == [1] * 6


def test_the_plan_tells_most_of_what_comes_and_not_all(chain: World) -> None:
    days = [day for push in marketing.pushes(YEAR) for day in days_of(push)]
    planned = np.array([marketing.planned_burst(chain, day) for day in days]) - 1
    real = np.array([marketing.real_burst(chain, day) for day in days]) - 1
    busy = planned > 0
    off = np.log(real[busy] / planned[busy])
    assert 0.08 < off.std() < 0.25
    assert abs(off.mean()) < 0.1
    assert 0.9 < np.corrcoef(planned.ravel(), real.ravel())[0, 1] < 0.999


def test_no_push_no_lift(chain: World) -> None:
    quiet = date(2026, 3, 25)
    assert marketing.planned_burst(chain, quiet).tolist() == [1.0] * 30
    assert marketing.real_burst(chain, quiet).tolist() == [1.0] * 30


def test_the_calendar_is_announced_weeks_ahead_in_order(chain: World) -> None:
    rows = master_rows(chain)["promotions"]
    moments = [str(row["modified"]) for row in rows]
    assert moments == sorted(moments)
    starts = {push.campaign_id: push.first_day for push in marketing.pushes(YEAR)}
    single = [row for row in rows if row["campaign_id"] not in (names.MEMBER_CAMPAIGN,)]
    ahead = {
        starts[str(row["campaign_id"])] - date.fromisoformat(str(row["announced_at"])[:10])
        for row in single
        if str(row["announced_at"])[:10] != YEAR.first_day.isoformat()
    }
    assert ahead == {marketing.ANNOUNCED_BEFORE}


def test_a_district_is_named_where_it_has_more_than_the_chain(chain: World) -> None:
    rows = [row for row in master_rows(chain)["promotions"] if row["business_date"] == "2026-06-18"]
    assert {(row["area_id"], row["intensity_tier"]) for row in rows} == {(WHOLE_CHAIN, 2), ("Z01", 5), ("Z04", 5)}


def test_every_promotion_names_a_campaign_that_master_data_knows(chain: World) -> None:
    feeds = master_rows(chain)
    keys = [(row["campaign_id"], row["business_date"], row["area_id"]) for row in feeds["promotions"]]
    assert len(set(keys)) == len(keys)
    assert {key[0] for key in keys} <= {row["campaign_id"] for row in feeds["campaigns"]}
    assert all(1 <= int(str(row["intensity_tier"])) <= STRONGEST_TIER for row in feeds["promotions"])
