"""One round of the joint loop: stock and people on what the round before tells, then quotas on what stores can do."""

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

    rounds: int = 2
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
class Offer:
    """What stock and people let the N store-days do, before the quotas answer.

    ``keys``: store_id, business_date of the store-days; ``called`` (N,): those on which people are called in for the
    price of room; ``goods_fen`` (N,): price of room that goods were decided at.
    """

    allocation: DayAllocation
    keys: pd.DataFrame
    ability: DayAbility
    called: BoolArray
    goods_fen: FloatArray


@dataclass(frozen=True)
class Round:
    """One plan on the way: what stock and people offer, the quotas on it, what it is worth.

    ``mean`` (N,): mean pickups of the offer's store-days; ``fill`` (N,): mean pickups over capacity when decided one
    after the other.
    """

    number: int
    offer: Offer
    quotas: QuotaRound
    mean: FloatArray
    fill: FloatArray
    score: PlanScore

    @property
    def allocation(self) -> DayAllocation:
        """Stock and people of the round."""
        return self.offer.allocation

    @property
    def keys(self) -> pd.DataFrame:
        """store_id, business_date of the store-days."""
        return self.offer.keys

    @property
    def ability(self) -> DayAbility:
        """What the store-days can do."""
        return self.offer.ability

    def prices(self, parameters: JointParameters) -> pd.DataFrame:
        """store_id, business_date, price_fen of room for one pickup more, mean_shift by the round's quotas."""
        room = self._sold() + room_worth(self.ability, self.mean, parameters.economics, parameters.weights)
        return self.keys.assign(price_fen=room, mean_shift=self.mean - self.ability.forecast_mean)

    def told(self, parameters: JointParameters) -> Told:
        """What the next round hears from this one."""
        economics, weights = parameters.economics, parameters.weights
        prices, sold = self.prices(parameters), self._sold()
        called = self.offer.called | worth_calling(
            self.ability,
            self.mean,
            np.where(self._is_bound("staff|slot .*"), prices["price_fen"].to_numpy(np.float64), 0.0),
            economics.wait_fen_per_minute * balance(weights),
            economics.called_staff_fen_per_hour,
        )
        # Goods could save the overload that they alone leave, wherever that is; half of the way to the new price, since
        # goods that go where room is dear make it dear elsewhere.
        by_goods = replace(
            self.ability,
            capacity=along(self.keys, self.allocation.store_days, "stock_pickups"),
            is_goods_bound=np.ones(len(self.keys), dtype=bool),
        )
        worth_of_goods = room_worth(by_goods, self.mean, economics, weights) + np.where(
            self._is_bound("stock"), sold, 0.0
        )
        goods = (self.offer.goods_fen + worth_of_goods) / 2.0
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


def decide_round(
    question: DayQuestion,
    parameters: JointParameters,
    last: Round | None,
    first: DayAllocation | None = None,
) -> Round:
    """One round on what the last one tells; without one, stock, people and quotas one after the other.

    ``first``: the allocation of a round without a last one, as in `joint.settle`.
    """
    offer = offered(question, parameters, last, first)
    return answered(question, parameters, last, offer)


def offered(
    question: DayQuestion,
    parameters: JointParameters,
    last: Round | None,
    first: DayAllocation | None = None,
    *,
    keeps_load: bool = False,
) -> Offer:
    """Stock and people of a round; arguments as in `decide_round`.

    ``keeps_load``: they are decided for the pickups that were forecast, not for those that the last quotas bring.
    """
    if last is None:
        made = first or decide_allocation(question.business_date, question.allocation, parameters.allocation)
        keys = store_day_keys(made)
        ability = day_ability(question.allocation, made, parameters.allocation)
        return Offer(made, keys, ability, np.zeros(len(keys), dtype=bool), np.zeros(len(keys)))
    told = last.told(parameters)
    shift = None if keeps_load else told.prices[[*DAY, "mean_shift"]]
    made = _allocation(question, parameters, last, told, shift)
    ability = day_ability(question.allocation, made, parameters.allocation, shift)
    return Offer(made, store_day_keys(made), ability, told.called, told.goods_fen)


def answered(
    question: DayQuestion, parameters: JointParameters, last: Round | None, offer: Offer, *, is_calm: bool = False
) -> Round:
    """The round whose quotas answer to an offer.

    ``is_calm``: no store gets back pickups that the last round took from it, unless overload is harmless there.
    """
    frames = _on(question, offer.allocation)
    asked = priced_question(question.business_date, frames, question.scope, parameters.quotas, parameters.economics)
    if last is not None:
        asked = _with_troubles(asked, offer, last, parameters, is_calm=is_calm)
    start = None if last is None else last.quotas.plan.prices
    quotas = decide_quotas(asked, parameters.quotas, parameters.economics, start)
    mean = np.maximum(offer.ability.forecast_mean + along(offer.keys, quotas.shift, "mean_shift"), 0.0)
    score = score_plan(offer.ability, mean, quotas.figures, parameters.economics, parameters.weights)
    fill = mean / np.maximum(offer.ability.capacity, 1e-9) if last is None else last.fill
    return Round(0 if last is None else last.number + 1, offer, quotas, mean, fill, score)


def _allocation(
    question: DayQuestion, parameters: JointParameters, last: Round, told: Told, shift: pd.DataFrame | None
) -> DayAllocation:
    """Stock and people; the load of the store-days stays the forecast's, which quotas are counted against.

    Quotas promise both planned days today, so that goods are sent for both today, where a centre may have none left
    tomorrow.
    """
    quantile = parameters.allocation.staffing_quantile
    days = days_with_calls(question.allocation["days"], last.keys, told.called, quantile)
    made = decide_allocation(
        question.business_date,
        {**question.allocation, "days": days},
        parameters.allocation,
        load_shift=shift,
        store_prices=last.keys.assign(price_fen=told.goods_fen),
        through_planned=True,
        last=last.allocation,
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
    asked: QuotaQuestion, offer: Offer, last: Round, parameters: JointParameters, *, is_calm: bool
) -> QuotaQuestion:
    """The quota question when pickups cost customers time and goods at their stores."""
    economics, weights, keys = parameters.economics, parameters.weights, offer.keys
    mean = along(keys, last.keys.assign(mean=last.mean), "mean")
    troubles = trouble_prices(offer.ability, mean, economics, weights)
    worth = along(keys, asked.pickup_worth, "worth_fen", missing=np.inf)
    bearable = bearable_means(offer.ability, worth, last.fill, economics, weights)
    floor = mean if is_calm else np.inf
    return with_troubles(asked, keys.assign(trouble_fen=troubles, bearable_mean=bearable, floor_mean=floor))
