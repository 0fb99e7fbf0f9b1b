"""What a minute, a pickup and a coupon are worth where no vendor feed says so: named values that operations may set.

Margin and holding cost of an SKU, and the face value of a coupon, are master data and stand in the feeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from math import isfinite
from typing import Any

from rouxing.model.errors import PermanentError


@dataclass(frozen=True, slots=True)
class ValueFact:
    """What a planning value is counted in, the most it may be, and why its default is what it is."""

    unit: str
    most: float
    source: str


def _value(default: float, unit: str, source: str, most: float = 1e6) -> float:
    value: float = field(default=default, metadata={"fact": ValueFact(unit, most, source)})
    return value


@dataclass(frozen=True, slots=True)
class Economics:
    """Values behind decisions. Defaults are documented guesses until operations set their own; see ``VALUE_FACTS``."""

    claim_worth_share: float = _value(
        1.0,
        "share",
        "Assumption: every redemption is a visit that would not have come without the coupon. An experiment that"
        " measures the share of such visits should replace it.",
        most=1.0,
    )
    wait_fen_per_minute: float = _value(
        50.0,
        "fen per customer-minute",
        "Half of an urban wage of about 60 yuan an hour (National Bureau of Statistics, urban non-private units 2023:"
        " 120,698 yuan a year); half the wage is the usual worth of private time in transport appraisal.",
    )
    lost_pickup_fen: float = _value(
        1500.0,
        "fen per pickup",
        "Assumption, besides the margin: a coupon of 15 yuan as apology to a customer who leaves without the goods.",
    )
    overload_fen_per_pickup: float = _value(
        500.0,
        "fen per pickup over capacity",
        "Assumption: a pickup over capacity takes somebody off other work for about ten minutes of a called hour.",
    )
    lost_share_over_capacity: float = _value(
        1 / 3,
        "share",
        "Assumption: one in three customers beyond what a store can serve leaves without the goods.",
        most=1.0,
    )
    rostered_staff_fen_per_hour: float = _value(
        2640.0,
        "fen per staff-hour",
        "Minimum wage of part-time work in Beijing since September 2023: 26.4 yuan an hour. Those on the roster are"
        " paid either way: it counts for none of the decisions, only for the sum shown.",
    )
    called_staff_fen_per_hour: float = _value(
        3960.0,
        "fen per staff-hour",
        "One and a half times the hour on the roster, as the Labour Law asks for overtime (article 44).",
    )
    move_cost_share: float = _value(
        0.1,
        "share of a coupon's worth",
        "Measured: 10 % of the mean worth keeps quotas from flickering at no loss of true value"
        " (benchmarks/redistribute/stability.py).",
        most=1.0,
    )

    @property
    def over_capacity_fen(self) -> float:
        """Cost of one pickup beyond what the store can serve."""
        return self.overload_fen_per_pickup + self.lost_share_over_capacity * self.lost_pickup_fen

    def with_values(self, values: Mapping[str, float]) -> Economics:
        """These values with some replaced. PermanentError for an unknown name or a value out of its range."""
        for name, value in values.items():
            _check(name, value)
        changes: dict[str, Any] = dict(values)
        return replace(self, **changes)


VALUE_FACTS: dict[str, ValueFact] = {one.name: one.metadata["fact"] for one in fields(Economics)}
"""Unit, range and source of the default of every planning value."""


def _check(name: str, value: float) -> None:
    if name not in VALUE_FACTS:
        raise PermanentError(f"There is no planning value {name!r}; there are {', '.join(VALUE_FACTS)}.")
    fact = VALUE_FACTS[name]
    if not isfinite(value) or not 0 <= value <= fact.most:
        raise PermanentError(f"{name} is {value:g} {fact.unit}; it must lie between 0 and {fact.most:g}.")
