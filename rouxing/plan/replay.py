"""A plan made again from what is stored of it: parameters from its header, inputs as they were known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

import pandas as pd
from pydantic import TypeAdapter

from rouxing.plan.day_allocation import AllocationParameters, decide_allocation
from rouxing.plan.day_quotas import decide_day_quotas
from rouxing.plan.joint import DayQuestion, JointParameters, best_round, settle
from rouxing.plan.lines import Lines, allocation_lines, quota_lines, round_lines
from rouxing.plan.pilot import stores_in_scope
from rouxing.redistribute.problem import QuotaParameters

Stored = Mapping[str, Any]
Frames = Mapping[str, pd.DataFrame]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DraftMoment:
    """For which day, as of when and for which stores a draft was made."""

    business_date: date
    as_of: datetime
    stores: tuple[str, ...]


def draft_moment(stored: Stored) -> DraftMoment:
    """The moment in a draft's stored parameters."""
    return DraftMoment(
        date.fromisoformat(stored["business_date"]),
        datetime.fromisoformat(stored["as_of"]),
        tuple(stored["stores"]),
    )


def is_joint(stored: Stored) -> bool:
    """Whether the draft was made by the joint loop, which decides goods, people and quotas together."""
    return "joint" in stored


def allocation_parameters(stored: Stored) -> AllocationParameters:
    """Parameters of an allocation as its header holds them; what is not theirs is left out."""
    return _read(AllocationParameters, stored)


def quota_parameters(stored: Stored) -> QuotaParameters:
    """Parameters of a redistribution as its header holds them; what is not theirs is left out."""
    return _read(QuotaParameters, stored)


def joint_parameters(stored: Stored) -> JointParameters:
    """Parameters of the joint loop, from the header of the allocation that it made."""
    return _read(JointParameters, {**stored["joint"], "allocation": stored})


def rebuild_allocation(stored: Stored, frames: Frames) -> Lines:
    """Lines of an allocation made on its own, from its stored parameters and its inputs."""
    return allocation_lines(
        decide_allocation(draft_moment(stored).business_date, frames, allocation_parameters(stored))
    )


def rebuild_quotas(stored: Stored, frames: Frames, former: pd.DataFrame) -> Lines:
    """Lines of a redistribution made on its own; ``former``: quotas that it was to bring back, if any."""
    moment = draft_moment(stored)
    plan, loads = decide_day_quotas(
        moment.business_date, frames, moment.stores, quota_parameters(stored), by_rule=stored["by_rule"],
        former=former if stored.get("former_id") else None,
    )  # fmt: skip
    return quota_lines(plan, loads)


def rebuild_jointly(stored: Stored, allocation: Frames, quotas: Frames) -> tuple[Lines, Lines]:
    """Lines of an allocation and of its redistribution that the joint loop made together.

    ``stored``: parameters of the allocation.
    """
    moment, parameters = draft_moment(stored), joint_parameters(stored)
    scope = stores_in_scope(moment.stores, quotas["pilot_scope"]["store_id"])
    rounds = settle(DayQuestion(moment.business_date, allocation, quotas, scope), parameters)
    best = best_round(rounds)
    made = quota_lines(best.quotas.plan, best.quotas.loads)
    return allocation_lines(best.allocation), {**made, **round_lines(rounds, parameters)}


def _read(kind: type[T], stored: Any) -> T:
    return TypeAdapter(kind).validate_python(dict(stored))
