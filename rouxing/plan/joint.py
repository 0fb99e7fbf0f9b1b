"""Stock, people and quotas decided together: each tells the others the price of what it lacks, round by round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import pandas as pd

from rouxing.model.economics import Economics
from rouxing.optimize.checks import BoolArray, FloatArray
from rouxing.plan.ability import DAY, along, day_ability, store_day_keys
from rouxing.plan.calls import days_with_calls, worth_calling
from rouxing.plan.day_allocation import AllocationParameters, DayAllocation, decide_allocation
from rouxing.plan.objective import DayAbility, PlanScore, PlanWeights, score_plan
from rouxing.plan.quota_round import QuotaQuestion, QuotaRound, decide_quotas, priced_question, with_troubles
from rouxing.plan.room import balance, bearable_means, room_worth, trouble_prices
from rouxing.redistribute.parameters import QuotaParameters

Frames = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class JointParameters:
    """``rounds``: most times that stock and people are decided again for the quotas; 0 = one after the other."""

    rounds: int = 3
    weights: PlanWeights = field(default_factory=PlanWeights)
    economics: Economics = field(default_factory=Economics)
    allocation: AllocationParameters = field(default_factory=AllocationParameters)
    quotas: QuotaParameters = field(default_factory=QuotaParameters)


@dataclass(frozen=True)
class DayQuestion:
    """What one day's decisions are made of: frames as in `decide_allocation` and in `quota_question`, stores in scope
    (empty = all).
    """

    business_date: date
    allocation: Frames
    quotas: Frames
    scope: tuple[str, ...] = ()


@dataclass(frozen=True)
class Told:
    """``prices``: store_id, business_date, price_fen of room for one pickup more, mean_shift by the round's quotas.
    ``goods_fen`` (N,): of the price what goods could earn. ``called`` (N,): store-days on which it pays to call people.
    """

    prices: pd.DataFrame
    goods_fen: FloatArray
    called: BoolArray


@dataclass(frozen=True)
class Round:
    """One plan on the way: what was decided, what the N store-days can do, their mean pickups (N,), what it is worth.

    ``keys``: store_id, business_date of the store-days; ``called`` (N,): those on which people are called in for the
    price of room; ``goods_fen`` (N,): price of room that goods were decided at; ``fill`` (N,): mean pickups over
    capacity when decided one after the other.
    """

    number: int
    allocation: DayAllocation
    quotas: QuotaRound
    keys: pd.DataFrame
    ability: DayAbility
    mean: FloatArray
    called: BoolArray
    goods_fen: FloatArray
    fill: FloatArray
    score: PlanScore

    def prices(self, parameters: JointParameters) -> pd.DataFrame:
        """store_id, business_date, price_fen of room for one pickup more, mean_shift by the round's quotas."""
        room = self._sold() + room_worth(self.ability, self.mean, parameters.economics, parameters.weights)
        return self.keys.assign(price_fen=room, mean_shift=self.mean - self.ability.forecast_mean)

    def told(self, parameters: JointParameters) -> Told:
        """What the next round hears from this one."""
        economics, weights = parameters.economics, parameters.weights
        prices, sold = self.prices(parameters), self._sold()
        called = self.called | worth_calling(
            self.ability,
            self.mean,
            np.where(self._is_bound("staff|slot .*"), prices["price_fen"].to_numpy(np.float64), 0.0),
            economics.wait_fen_per_minute * balance(weights),
            economics.called_staff_fen_per_hour,
        )
        # Goods could save the overload that they alone leave, wherever that is; half of the way to the new price, since
        # goods that go where room is dear make it dear elsewhere.
        by_goods = replace(self.ability, capacity=along(self.keys, self.allocation.store_days, "stock_pickups"))
        worth_of_goods = room_worth(by_goods, self.mean, economics, weights) + np.where(
            self._is_bound("stock"), sold, 0.0
        )
        goods = (self.goods_fen + worth_of_goods) / 2.0
        return Told(prices, goods, called)

    def _sold(self) -> FloatArray:
        """What quotas would pay for room for one pickup more (N,), fen."""
        # No room is worth more than what fills it, however dear whole coupons make its last part.
        worth = along(self.keys, self.quotas.pickup_worth, "worth_fen")
        return np.minimum(along(self.keys, self.quotas.room_prices, "price_fen"), worth)

    def _is_bound(self, pattern: str) -> BoolArray:
        """Store-days (N,) whose limit is named so (a regular expression)."""
        limits = self.keys.merge(self.quotas.room_prices, on=DAY, how="left")["binding"].fillna("")
        return limits.str.fullmatch(pattern).to_numpy(np.bool_)


def settle(question: DayQuestion, parameters: JointParameters, first: DayAllocation | None = None) -> list[Round]:
    """The rounds in their order; `best_round` names the plan to take.

    ``first``: what `decide_allocation` makes of the question on its own, where that is known already.

    Round 0 is what stock, people and quotas decide one after the other. Each further round starts from the best so far:
    it decides stock and people for the pickups that the quotas bring, calls people where the price of room pays for
    them, and decides the quotas on what the stores can do then; each claim is worth less by what its pickups cost
    customers, and no store is given more pickups than are worth that cost. Every second round also takes goods and
    people from where quotas bring fewer pickups than forecast; the others leave them there.
    """
    rounds = [decide_round(question, parameters, None, first=first)]
    for number in range(1, parameters.rounds + 1):
        made = decide_round(question, parameters, best_round(rounds), gives_back=number % 2 == 0)
        rounds.append(replace(made, number=number))
    return rounds


def best_round(rounds: list[Round]) -> Round:
    """The round of the highest objective among those no likelier to overload stores than the first; earliest of equals.

    Joining is not to buy coupons with customers' trouble: what overload costs is the value least known of all.
    """
    most = rounds[0].score.overload_probability
    safe = [one for one in rounds if one.score.overload_probability <= most]
    return max(safe, key=lambda one: (one.score.objective_fen, -one.number))


def decide_round(
    question: DayQuestion,
    parameters: JointParameters,
    last: Round | None,
    *,
    gives_back: bool = False,
    first: DayAllocation | None = None,
) -> Round:
    """One round on what the last one tells; without one, stock, people and quotas one after the other.

    ``gives_back``: goods and people are also planned for fewer pickups than forecast where quotas bring fewer.
    ``first``: the allocation of a round without a last one, as in `settle`.
    """
    told = None if last is None else last.told(parameters)
    shift = None if told is None else _planned_shift(told, gives_back=gives_back)
    allocation = _allocation(question, parameters, last, told, shift) if first is None else first
    keys = store_day_keys(allocation)
    ability = day_ability(question.allocation, allocation, parameters.allocation, shift)
    frames = _on(question, allocation)
    asked = priced_question(question.business_date, frames, question.scope, parameters.quotas, parameters.economics)
    if last is not None:
        asked = _with_troubles(asked, keys, ability, last, parameters)
    start = None if last is None else last.quotas.plan.prices
    quotas = decide_quotas(asked, parameters.quotas, parameters.economics, start)
    mean = np.maximum(ability.forecast_mean + along(keys, quotas.shift, "mean_shift"), 0.0)
    score = score_plan(ability, mean, quotas.figures, parameters.economics, parameters.weights)
    number = 0 if last is None else last.number + 1
    called = np.zeros(len(keys), dtype=bool) if told is None else told.called
    goods = np.zeros(len(keys)) if told is None else told.goods_fen
    fill = mean / np.maximum(ability.capacity, 1e-9) if last is None else last.fill
    return Round(number, allocation, quotas, keys, ability, mean, called, goods, fill, score)


def _planned_shift(told: Told, *, gives_back: bool) -> pd.DataFrame:
    """store_id, business_date, mean_shift that goods and people are planned for."""
    shift = told.prices[[*DAY, "mean_shift"]]
    return shift if gives_back else shift.assign(mean_shift=shift["mean_shift"].clip(lower=0.0))


def _allocation(
    question: DayQuestion,
    parameters: JointParameters,
    last: Round | None,
    told: Told | None,
    shift: pd.DataFrame | None,
) -> DayAllocation:
    """Stock and people; the load of the store-days stays the forecast's, which quotas are counted against."""
    if last is None or told is None:
        return decide_allocation(question.business_date, question.allocation, parameters.allocation)
    quantile = parameters.allocation.staffing_quantile
    days = days_with_calls(question.allocation["days"], last.keys, told.called, quantile)
    made = decide_allocation(
        question.business_date,
        {**question.allocation, "days": days},
        parameters.allocation,
        load_shift=shift,
        store_prices=last.keys.assign(price_fen=told.goods_fen),
    )
    forecast = last.allocation.store_days[[*DAY, "load_mean", "load_upper"]]
    days = made.store_days.drop(columns=["load_mean", "load_upper"]).merge(forecast, on=DAY, how="left")
    return replace(made, store_days=days[list(made.store_days.columns)])


def _on(question: DayQuestion, allocation: DayAllocation) -> dict[str, pd.DataFrame]:
    """The quota frames with what this allocation lets stores do in place of the first one's."""
    made = {
        "store_days": allocation.store_days,
        "staff_slots": allocation.staff_slots,
        "reservations": allocation.reservations,
    }
    asked = question.quotas
    return {**asked, **{name: frame[list(asked[name].columns)] for name, frame in made.items() if name in asked}}


def _with_troubles(
    asked: QuotaQuestion, keys: pd.DataFrame, ability: DayAbility, last: Round, parameters: JointParameters
) -> QuotaQuestion:
    """The quota question when pickups cost customers time and goods at their stores."""
    economics, weights = parameters.economics, parameters.weights
    troubles = trouble_prices(ability, along(keys, last.keys.assign(mean=last.mean), "mean"), economics, weights)
    worth = along(keys, asked.pickup_worth, "worth_fen", missing=np.inf)
    bearable = bearable_means(ability, worth, last.fill, economics, weights)
    return with_troubles(asked, keys.assign(trouble_fen=troubles, bearable_mean=bearable))
