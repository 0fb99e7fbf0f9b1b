"""A plan made again from what is stored of it: parameters from its header, inputs as they were known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter

from rouxing.plan.day_allocation import AllocationParameters
from rouxing.plan.joint import JointParameters
from rouxing.redistribute.problem import QuotaParameters

Stored = Mapping[str, Any]
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


def _read(kind: type[T], stored: Any) -> T:
    return TypeAdapter(kind).validate_python(dict(stored))
