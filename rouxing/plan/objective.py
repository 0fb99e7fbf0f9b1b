"""What a plan is worth: one judge for every plan, however it was made. Arrays over store-days in, fen out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rouxing.model.economics import Economics
from rouxing.model.errors import PermanentError
from rouxing.optimize.checks import BoolArray, FloatArray, IntArray
from rouxing.optimize.queues import erlang_c_wait
from rouxing.plan.gamma_excess import excess, over

_SLOT_HOURS = 0.5
_SECONDS_PER_MINUTE = 60.0
# Nobody waits longer than a half hour: who would have to leaves, and counts as waiting that long.
_LONGEST_WAIT_SECONDS = 1800.0
# Levels of a day, in standard deviations, that stand for five equally likely fifths of a normal distribution.
_DAY_LEVELS = (-1.3998, -0.5319, 0.0, 0.5319, 1.3998)
_LEAST_MEAN = 1e-9


@dataclass(frozen=True, slots=True)
class PlanWeights:
    """The three balances, each 0-1 with 0.5 = both sides count in full.

    ``experience``: waiting, overload and lost sales against coupons and cost. ``offline``: goods that walk-in customers
    miss against those that pickups miss. ``steadiness``: stores' numbers left alone against moving them for the chain.
    """

    experience: float = 0.5
    offline: float = 0.5
    steadiness: float = 0.5

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise PermanentError(f"Weight {name} is {getattr(self, name):g}; it must lie between 0 and 1.")


@dataclass(frozen=True, slots=True)
class DayAbility:
    """What stock and people of an allocation can do on N store-days, with M half hours and C SKUs of store-days.

    ``forecast_mean``, ``dispersion``, ``capacity`` (N,): pickups m0, a (variance m + a m^2) and pickups a day.
    ``assumed_mean`` (N,): pickups that goods of the days after count on; ``day_before`` (N,): the same store's day
    before, -1 = none; ``is_goods_bound`` (N,): goods set the capacity.
    ``slot_day`` (M,): store-day of a half hour; ``slot_share`` its share of the day's pickups; ``staff`` and ``called``
    (of them beyond the roster) persons; ``service_seconds``. ``unit_day`` (C,): store-day of a SKU; ``rate`` units per
    pickup; ``walk_in`` units a day over the counter; ``available`` units for pickups, walk-in taken off;
    ``unit_dispersion`` variance over mean; ``margin_fen``, ``holding_fen`` per unit, the latter 0 before the last day:
    what is left then is for sale the next.
    """

    forecast_mean: FloatArray
    dispersion: FloatArray
    capacity: FloatArray
    assumed_mean: FloatArray
    day_before: IntArray
    is_goods_bound: BoolArray
    slot_day: IntArray
    slot_share: FloatArray
    staff: FloatArray
    called: FloatArray
    service_seconds: FloatArray
    unit_day: IntArray
    rate: FloatArray
    walk_in: FloatArray
    available: FloatArray
    unit_dispersion: FloatArray
    margin_fen: FloatArray
    holding_fen: FloatArray


@dataclass(frozen=True, slots=True)
class StoreDayCosts:
    """Expected figures (N,) of store-days: margins, lost margins and holding in fen, waiting in customer-minutes."""

    served_margin_fen: FloatArray
    lost_online_fen: FloatArray
    lost_offline_fen: FloatArray
    holding_fen: FloatArray
    wait_minutes: FloatArray
    overload_probability: FloatArray
    overload_pickups: FloatArray

    def experience_fen(self, economics: Economics, weights: PlanWeights) -> FloatArray:
        """What customers' troubles cost (N,), the balance of online and offline applied."""
        lost = 2.0 * ((1.0 - weights.offline) * self.lost_online_fen + weights.offline * self.lost_offline_fen)
        wait = economics.wait_fen_per_minute * self.wait_minutes
        return np.asarray(lost + wait + economics.over_capacity_fen * self.overload_pickups)


@dataclass(frozen=True, slots=True)
class QuotaFigures:
    """What the quotas of a plan bring in all: coupons allowed, claims' worth in fen, redemptions, coupons moved."""

    quota_coupons: int
    claim_worth_fen: float
    redemptions: float
    moved_coupons: float
    move_fen: float


@dataclass(frozen=True, slots=True)
class PlanScore:
    """A plan's expected figures, and ``objective_fen``, their weighted sum; names as in ``plan.rounds``."""

    quota_coupons: int
    redemptions: float
    claim_worth_fen: float
    served_margin_fen: float
    lost_sales_fen: float
    holding_fen: float
    wait_minutes: float
    wait_fen: float
    overload_probability: float
    overload_pickups: float
    overload_fen: float
    staff_hours: float
    staff_fen: float
    moved_coupons: float
    move_fen: float
    objective_fen: float


def store_day_costs(ability: DayAbility, mean: FloatArray, before: FloatArray | None = None) -> StoreDayCosts:
    """Expected figures of each store-day when its pickups have this ``mean`` (N,).

    Goods that fewer (or more) pickups of the day before leave (or take) than assumed are there (or missing), and
    nobody knows yet how many these are; ``before`` (N,): means that count for that, absent = ``mean``.

    Pickups and units are gamma distributed. A SKU's units have the variance dispersion x mean + (units by pickups x
    relative deviation of the day)^2, as the forecast has them, and that of what the day before leaves. Waits are
    Erlang-C at five levels of the day, at most a half hour. Cost: N + 5 M + C gamma functions or recursions.
    """
    mean = np.maximum(mean, _LEAST_MEAN)
    carried = _carried(ability, mean if before is None else before)
    probability, excess = overload(ability, mean, before)
    served, online, offline, left = _goods(ability, mean, carried)
    return StoreDayCosts(served, online, offline, left, _waits(ability, mean), probability, excess)


def overload(ability: DayAbility, mean: FloatArray, before: FloatArray | None = None) -> tuple[FloatArray, FloatArray]:
    """P(pickups > capacity) and the pickups expected above it (N,); arguments as in `store_day_costs`, goods unseen."""
    mean = np.maximum(mean, _LEAST_MEAN)
    taken = _carried(ability, mean if before is None else before)
    # Where goods set the room it is one for both days: pickups of both against what is there for both.
    of_both = np.where(ability.is_goods_bound, taken.mean, 0.0)
    variance = _variance(ability, mean) + np.where(ability.is_goods_bound, taken.variance, 0.0)
    room = ability.capacity + np.where(ability.is_goods_bound, taken.assumed, 0.0)
    return over(mean + of_both, variance, np.maximum(room, 0.0))


def slot_wait_minutes(ability: DayAbility, mean: FloatArray, staff: FloatArray) -> FloatArray:
    """Customer-minutes of waiting (M,) of half hours with ``staff`` (M,), expected over the levels of the day."""
    mean = np.maximum(mean, _LEAST_MEAN)
    spread = np.sqrt(mean + ability.dispersion * mean**2)
    minutes = np.zeros(staff.size)
    for level in _DAY_LEVELS:
        pickups = np.maximum(mean + level * spread, 0.0)[ability.slot_day] * ability.slot_share
        wait = np.minimum(erlang_c_wait(pickups / _SLOT_HOURS, ability.service_seconds, staff), _LONGEST_WAIT_SECONDS)
        minutes += pickups * wait / _SECONDS_PER_MINUTE / len(_DAY_LEVELS)
    return minutes


def score_plan(
    ability: DayAbility, mean: FloatArray, quotas: QuotaFigures, economics: Economics, weights: PlanWeights
) -> PlanScore:
    """The figures of a plan whose quotas bring ``mean`` (N,) pickups to its store-days.

    objective = 2 (1 - e) (claims' worth - staff - holding) - 2 e (lost sales + waiting + overload) - 2 s move,
    e the weight of experience, s that of steadiness.
    """
    costs = store_day_costs(ability, mean)
    hours = _SLOT_HOURS * float(ability.staff.sum())
    called = _SLOT_HOURS * float(ability.called.sum())
    rostered_fen = economics.rostered_staff_fen_per_hour * (hours - called)
    staff_fen = rostered_fen + economics.called_staff_fen_per_hour * called
    holding = float(costs.holding_fen.sum())
    efficiency = quotas.claim_worth_fen - staff_fen - holding
    trouble = float(costs.experience_fen(economics, weights).sum())
    balance = (1.0 - weights.experience) * efficiency - weights.experience * trouble
    return PlanScore(
        quota_coupons=quotas.quota_coupons,
        redemptions=quotas.redemptions,
        claim_worth_fen=quotas.claim_worth_fen,
        served_margin_fen=float(costs.served_margin_fen.sum()),
        lost_sales_fen=float((costs.lost_online_fen + costs.lost_offline_fen).sum()),
        holding_fen=holding,
        wait_minutes=float(costs.wait_minutes.sum()),
        wait_fen=economics.wait_fen_per_minute * float(costs.wait_minutes.sum()),
        overload_probability=float(costs.overload_probability.mean()) if mean.size else 0.0,
        overload_pickups=float(costs.overload_pickups.sum()),
        overload_fen=economics.over_capacity_fen * float(costs.overload_pickups.sum()),
        staff_hours=hours,
        staff_fen=staff_fen,
        moved_coupons=quotas.moved_coupons,
        move_fen=quotas.move_fen,
        objective_fen=2.0 * (balance - weights.steadiness * quotas.move_fen),
    )


@dataclass(frozen=True, slots=True)
class _DayBefore:
    """Pickups of the day before (N,), 0 where it is not planned: what goods count on, and mean and variance of them."""

    assumed: FloatArray
    mean: FloatArray
    variance: FloatArray


def _variance(ability: DayAbility, mean: FloatArray) -> FloatArray:
    return np.asarray(mean + ability.dispersion * mean**2)


def _carried(ability: DayAbility, mean: FloatArray) -> _DayBefore:
    mean = np.maximum(mean, _LEAST_MEAN)
    is_planned = ability.day_before >= 0
    values = (ability.assumed_mean, mean, _variance(ability, mean))
    return _DayBefore(*(np.where(is_planned, value[ability.day_before], 0.0) for value in values))


def _goods(
    ability: DayAbility, mean: FloatArray, carried: _DayBefore
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Margin of units collected, margins of units that pickups and walk-in miss, holding of what is left, per day."""
    count = mean.size
    online = mean[ability.unit_day] * ability.rate
    asked = np.maximum(online + ability.walk_in, _LEAST_MEAN)
    shock = (_variance(ability, mean) + carried.variance)[ability.unit_day]
    spread = ability.unit_dispersion * asked + ability.rate**2 * shock
    left = ability.rate * (carried.assumed - carried.mean)[ability.unit_day]
    there = np.maximum(ability.available + left, 0.0) + ability.walk_in
    missing = excess(asked, np.maximum(spread, _LEAST_MEAN), there)
    by_pickups = missing * online / asked
    margin = ability.margin_fen

    def total(values: FloatArray) -> FloatArray:
        return np.bincount(ability.unit_day, values, minlength=count).astype(np.float64)

    return (
        total(margin * (online - by_pickups)),
        total(margin * by_pickups),
        total(margin * (missing - by_pickups)),
        total(ability.holding_fen * (there - asked + missing)),
    )


def _waits(ability: DayAbility, mean: FloatArray) -> FloatArray:
    """Customer-minutes of waiting per store-day."""
    minutes = slot_wait_minutes(ability, mean, ability.staff)
    return np.bincount(ability.slot_day, minutes, minlength=mean.size).astype(np.float64)
