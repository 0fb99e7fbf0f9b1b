"""What a store may set itself for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from rouxing.model.errors import PermanentError

# Kinds that are a number, and kinds that hold or do not.
NUMBERS = ("capacity_pickups", "staff_max")
SWITCHES = ("closed", "no_new_quota")
KINDS = (*NUMBERS, *SWITCHES)
LONGEST = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Override:
    """A limit that a store sets from ``starts_at`` until ``ends_at``: ``value`` pickups a day, persons, 1 = holds."""

    store_id: str
    kind: str
    value: float
    reason: str
    set_by: str
    starts_at: datetime
    ends_at: datetime


def checked(override: Override, now: datetime) -> Override:
    """The override as it is; PermanentError for an unknown kind, no reason, no name, or a time that cannot be meant."""
    if override.kind not in KINDS:
        raise PermanentError(f"{override.kind!r} can not be overridden; there are {', '.join(KINDS)}.")
    if override.value < 0 or override.value != round(override.value):
        raise PermanentError(f"{override.kind} is a whole number from 0 on, not {override.value:g}.")
    if override.kind in SWITCHES and override.value != 1:
        raise PermanentError(f"{override.kind} holds or does not: leave the value out; end it with --end.")
    if not override.reason.strip() or not override.set_by.strip():
        raise PermanentError("An override needs a reason and a name: --reason ... --by NAME.")
    if override.ends_at <= max(now, override.starts_at):
        raise PermanentError("The override would be over before it begins; name a later --until.")
    if override.ends_at - override.starts_at > LONGEST:
        raise PermanentError(
            f"An override lasts at most {LONGEST.days} days; what lasts longer belongs into master data."
        )
    return override
