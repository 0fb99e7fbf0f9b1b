"""The joint loop on a synthetic chain in the warehouse: never below one after the other, the same each time, prices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from benchmarks.plan.chain import fill
from benchmarks.plan.joining import city
from benchmarks.plan.synthetic import BUSINESS_DATE, Chain
from rouxing.model.errors import PermanentError
from rouxing.plan.day_allocation import decide_allocation
from rouxing.plan.joint import DayQuestion, JointParameters, Round, best_round, decide_round, settle
from rouxing.plan.lines import allocation_lines
from rouxing.plan.objective import PlanWeights, overload
from rouxing.plan.room import HARMLESS_RISK
from rouxing.plan.round import answered, offered
from rouxing.plan.sensitivity import ASSUMED, FACTORS, MASTER_DATA, sensitivities
from rouxing.plan.trade_off import EXPERIENCE_WEIGHTS, MEASURES, trade_off
from rouxing.warehouse.database import Database

PARAMETERS = JointParameters(rounds=2)
DAY = ["store_id", "business_date"]


@pytest.fixture(scope="module")
def question(database: Database) -> Iterator[DayQuestion]:
    """Five stores of one district, eight SKUs, six coupon stocks, some scarce and some ample."""
    chain = Chain(5, 8, 6, seed=3)
    fill(database, chain)
    with database.connect() as connection:
        yield city(connection, chain)


@pytest.fixture(scope="module")
def rounds(question: DayQuestion) -> list[Round]:
    return settle(question, PARAMETERS)


def of_store(one: Round, store: str, column: str) -> float:
    loads = one.quotas.plan.store_loads
    return float(loads.loc[loads["store_id"] == store, column].sum())


def test_joining_is_never_worse_than_one_after_the_other(rounds: list[Round]) -> None:
    best = best_round(rounds)
    assert [one.number for one in rounds] == [0, 1, 2]
    assert best.score.objective_fen >= rounds[0].score.objective_fen
    assert best.score.overload_probability <= rounds[0].score.overload_probability


def test_a_round_that_buys_coupons_with_overload_is_not_taken(rounds: list[Round]) -> None:
    first = rounds[0]
    worse = replace(first.score, objective_fen=first.score.objective_fen + 1e9, overload_probability=1.0)
    better = replace(first.score, objective_fen=first.score.objective_fen + 1.0)
    tempting, good = replace(first, number=1, score=worse), replace(first, number=2, score=better)
    assert best_round([first, tempting, good]).number == 2
    assert best_round([first, tempting]).number == 0


def test_a_calm_round_gives_no_store_back_what_the_last_took_from_it(
    question: DayQuestion, rounds: list[Round]
) -> None:
    last = rounds[0]
    calm = answered(question, PARAMETERS, last, offered(question, PARAMETERS, last), is_calm=True)
    before = last.mean / np.maximum(last.ability.capacity, 1e-9)
    risks = [overload(one.ability, one.mean)[0] for one in (last, calm)]
    forecast = last.ability.forecast_mean
    is_held = calm.mean <= np.maximum(last.mean, before * calm.ability.capacity) + 0.5
    assert (is_held | (risks[1] <= HARMLESS_RISK + 0.01)).all()
    assert (last.mean < forecast - 1.0).any()


def test_stock_and_people_may_be_decided_for_what_was_forecast(question: DayQuestion, rounds: list[Round]) -> None:
    kept, moved = (offered(question, PARAMETERS, rounds[0], keeps_load=keeps) for keeps in (True, False))
    np.testing.assert_array_equal(kept.ability.assumed_mean, kept.ability.forecast_mean)
    np.testing.assert_allclose(moved.ability.assumed_mean, rounds[0].mean, atol=1e-9)


def test_an_allocation_known_before_is_the_one_that_the_loop_would_have_made(
    question: DayQuestion, rounds: list[Round]
) -> None:
    known = decide_allocation(question.business_date, question.allocation, PARAMETERS.allocation)
    (first,) = settle(question, replace(PARAMETERS, rounds=0), known)
    assert first.allocation is known
    pd.testing.assert_frame_equal(first.quotas.plan.quotas, rounds[0].quotas.plan.quotas)
    for table, frame in allocation_lines(first.allocation).items():
        pd.testing.assert_frame_equal(frame, allocation_lines(rounds[0].allocation)[table])


def test_every_round_keeps_the_limits_that_can_be_kept(rounds: list[Round]) -> None:
    for one in rounds:
        loads = one.quotas.plan.store_loads
        kept = loads[~loads["is_inherited"]]
        assert (kept["load_mean"] <= kept["mean_limit"] + 1e-6).all()
        budgets = one.quotas.plan.budgets
        assert (budgets.loc[~budgets["is_inherited"], "slack"] >= -1e-6).all()


def test_the_store_days_written_hold_the_forecast_and_not_what_quotas_bring(rounds: list[Round]) -> None:
    columns = [*DAY, "load_mean", "load_upper"]
    first, last = (one.allocation.store_days.sort_values(DAY)[columns].reset_index(drop=True) for one in rounds[::2])
    pd.testing.assert_frame_equal(first, last)


def test_the_same_question_gives_the_same_plan_whatever_the_order_of_rows(
    question: DayQuestion, rounds: list[Round]
) -> None:
    random = np.random.default_rng(1)
    mixed = {
        name: frame.iloc[random.permutation(len(frame))].reset_index(drop=True)
        for name, frame in question.quotas.items()
    }
    again = decide_round(replace(question, quotas=mixed), PARAMETERS, None)
    assert again.score.objective_fen == pytest.approx(rounds[0].score.objective_fen, rel=1e-9)
    decided = ["stock_id", "carrier_id", "business_date", "quota_coupons", "reason"]
    pd.testing.assert_frame_equal(again.quotas.plan.quotas[decided], rounds[0].quotas.plan.quotas[decided])


def test_a_store_short_of_room_raises_its_price_and_its_quota_falls(question: DayQuestion, rounds: list[Round]) -> None:
    """Room for two pickups less than the quotas bring: the price rises, the load falls, the neighbours keep theirs."""
    loads = rounds[0].quotas.plan.store_loads
    is_free = (loads["price_fen"] == 0) & ~loads["is_inherited"]
    store = str(loads.loc[is_free.groupby(loads["store_id"]).transform("all"), "store_id"].iloc[0])
    room = np.floor(loads.loc[loads["store_id"] == store, "load_upper"].max()) - 2.0
    stores = question.allocation["stores"]
    short = stores.assign(pickup_capacity_day=stores["pickup_capacity_day"].where(stores["store_id"] != store, room))
    asked = replace(
        question,
        allocation={**question.allocation, "stores": short},
        quotas={**question.quotas, "stores": short},
    )
    cut = decide_round(asked, PARAMETERS, None)
    before, after = (
        one.told(PARAMETERS).prices.set_index("store_id")["price_fen"].groupby("store_id").sum()
        for one in (rounds[0], cut)
    )
    assert after[store] > before[store]
    assert of_store(cut, store, "load_mean") < of_store(rounds[0], store, "load_mean")
    others = sorted(set(rounds[0].keys["store_id"]) - {store})
    assert sum(of_store(cut, other, "load_mean") for other in others) >= 0.98 * sum(
        of_store(rounds[0], other, "load_mean") for other in others
    )


def test_more_weight_on_experience_never_loads_stores_more(question: DayQuestion, rounds: list[Round]) -> None:
    careful, even = (
        decide_round(question, replace(PARAMETERS, weights=PlanWeights(experience=weight)), rounds[0])
        for weight in (0.98, 0.5)
    )
    assert careful.score.redemptions <= even.score.redemptions + 1e-6
    assert careful.score.overload_pickups <= even.score.overload_pickups + 1e-6


def test_the_trade_off_marks_the_plan_and_what_no_other_beats(question: DayQuestion, rounds: list[Round]) -> None:
    points = trade_off(question, PARAMETERS, best_round(rounds))
    assert points["experience_weight"].tolist() == sorted(EXPERIENCE_WEIGHTS)
    assert points.loc[points["is_chosen"], "experience_weight"].tolist() == [0.5]
    assert points["is_efficient"].any()
    assert np.isfinite(points[list(MEASURES)].to_numpy()).all()


@pytest.fixture(scope="module")
def studied(question: DayQuestion, rounds: list[Round]) -> pd.DataFrame:
    return sensitivities(question, PARAMETERS, best_round(rounds))


def test_sensitivities_name_every_value(studied: pd.DataFrame) -> None:
    rows = studied
    assert set(rows["name"]) == {*MASTER_DATA, *ASSUMED}
    assert rows.loc[rows["name"].isin(list(MASTER_DATA)), "value"].isna().all()
    assert rows.groupby("name")["factor"].agg(sorted).map(tuple).unique().tolist() == [FACTORS]
    margin = rows[rows["name"] == "margin_fen"]
    assert (margin["quota_moved"] + margin["transfers_moved"] > 0).any()


def test_what_a_value_does_not_touch_would_have_come_out_the_same(
    question: DayQuestion, rounds: list[Round], studied: pd.DataFrame
) -> None:
    chosen, rows = best_round(rounds), studied.set_index(["name", "factor"])
    usual = decide_round(question, PARAMETERS, chosen)
    for name in ("called_staff_fen_per_hour", "claim_worth_share"):
        economics = replace(PARAMETERS.economics, **{name: 0.5 * getattr(PARAMETERS.economics, name)})
        whole = decide_round(question, replace(PARAMETERS, economics=economics), chosen)
        assert rows.loc[(name, 0.5), "redemptions"] == pytest.approx(whole.score.redemptions - usual.score.redemptions)
        hours = 0.5 * (whole.ability.staff.sum() - usual.ability.staff.sum())
        assert rows.loc[(name, 0.5), "staff_hours"] == pytest.approx(hours)


def test_a_weight_that_is_none_is_refused() -> None:
    with pytest.raises(PermanentError, match="experience"):
        replace(PARAMETERS, weights=PlanWeights(experience=-0.1))


def test_planned_days_are_those_of_the_question(rounds: list[Round]) -> None:
    days = set(rounds[0].keys["business_date"].dt.date)
    assert days == {BUSINESS_DATE, BUSINESS_DATE + timedelta(days=1)}
