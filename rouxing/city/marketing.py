"""The marketing calendar (营销日历): pushes of the year, the grade each day is planned with, the pull it really has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np

from rouxing.city import names
from rouxing.city.streams import Floats, Ints, stream
from rouxing.city.world import CityParameters, World, district_pull
from rouxing.model.feeds import STRONGEST_TIER

LAST_PLANNED_DAY = timedelta(days=200)  # after the business date
ANNOUNCED_BEFORE = timedelta(days=28)
TIER_LIFT = 0.25  # a tier stands for so much more claims
# What comes of a plan: off by so much per push, per district in it, and per day (standard deviations of the log).
PUSH_NOISE, DISTRICT_NOISE, DAY_NOISE = 0.10, 0.08, 0.05


@dataclass(frozen=True, slots=True)
class Push:
    """One push: its campaign, and per day from ``first_day`` the planned lift of claims (0.5 = half as many again)."""

    campaign_id: str
    name: str
    first_day: date
    lift: tuple[float, ...]

    @property
    def last_day(self) -> date:
        return self.first_day + timedelta(days=len(self.lift) - 1)

    def holds(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day

    def lift_on(self, day: date) -> float:
        return self.lift[(day - self.first_day).days]


@cache
def pushes(parameters: CityParameters) -> tuple[Push, ...]:
    """Every push from the first day of history on: the one around the business date, and those of the year."""
    main = _push(names.MAIN_PUSH, parameters.business_date, names.MAIN_CAMPAIGN)
    last = parameters.business_date + LAST_PLANNED_DAY
    others = [
        push
        for push in _yearly(parameters.first_day, last)
        if push.last_day >= parameters.first_day
        and push.first_day <= last
        and (push.last_day < main.first_day or push.first_day > main.last_day)
    ]
    return (main, *sorted(others, key=lambda push: (push.first_day, push.campaign_id)))


def planned_burst(world: World, day: date) -> Floats:
    """Factor (S,) on coupon claims that marketing plans with."""
    lifts = [push.lift_on(day) for push in pushes(world.parameters) if push.holds(day)]
    return np.asarray(1 + world.stores.burst * max(lifts, default=0.0))


def real_burst(world: World, day: date) -> Floats:
    """Factor (S,) on coupon claims that comes about: the plan, as well as a plan is met."""
    lift = np.zeros(len(world.districts))
    for push in pushes(world.parameters):
        if push.holds(day):
            lift = np.maximum(lift, push.lift_on(day) * _luck(world, push, day))
    return np.asarray(1 + world.stores.burst * lift[world.stores.district])


def planned_tiers(world: World, push: Push, day: date) -> Ints:
    """(G,) grade 1-5 of each district on a day of the push."""
    lift = district_pull(np.arange(len(world.districts))) * push.lift_on(day)
    # Rounded first: 0.35 x 0.5 must not land above a tier for want of a bit.
    return np.clip(np.ceil(np.round(lift / TIER_LIFT, 6)), 1, STRONGEST_TIER).astype(np.int64)


def _luck(world: World, push: Push, day: date) -> Floats:
    """Factor (G,) between the plan of a push and what becomes of it in each district."""
    seed, purpose = world.parameters.seed, f"push {push.campaign_id}"
    rng = stream(seed, push.first_day, purpose)
    whole, district = rng.standard_normal(), rng.standard_normal(len(world.districts))
    today = stream(seed, day, f"{purpose} day").standard_normal()
    return np.asarray(np.exp(PUSH_NOISE * whole + DISTRICT_NOISE * district + DAY_NOISE * today))


def _yearly(first: date, last: date) -> Iterator[Push]:
    for year in range(first.year, last.year + 2):
        for facts in names.PUSHES:
            peak = date(year, facts.month, facts.day)
            yield _push(facts, peak, f"CAMP{peak:%y%m%d}")
        for month in range(1, 13):
            yield _push(names.MEMBER_DAY, date(year, month, names.MEMBER_DAY.day), names.MEMBER_CAMPAIGN)


def _push(facts: names.PushFacts, peak: date, campaign_id: str) -> Push:
    first_day = peak - timedelta(days=facts.lift.index(max(facts.lift)))
    return Push(campaign_id, facts.name, first_day, facts.lift)
