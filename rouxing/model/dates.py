"""Business days and half-hour slots in the shops' time zone. Reads no clock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
SLOTS_PER_DAY = 48
SLOT_MINUTES = 30
PLANNING_TIME = time(5, 30)


def day_start(business_date: date) -> datetime:
    """Midnight at the start of ``business_date`` in Asia/Shanghai, timezone-aware."""
    return datetime.combine(business_date, time(), tzinfo=SHANGHAI)


def slot_start(business_date: date, slot: int) -> datetime:
    """Start of half hour ``slot`` (0-47) of ``business_date`` in Asia/Shanghai, timezone-aware."""
    if not 0 <= slot < SLOTS_PER_DAY:
        raise ValueError(f"slot {slot} is outside 0-47")
    return day_start(business_date) + timedelta(minutes=SLOT_MINUTES * slot)


def business_date_of(moment: datetime) -> date:
    """Business day (Asia/Shanghai) of a timezone-aware moment."""
    return _in_shanghai(moment).date()


def slot_of(moment: datetime) -> int:
    """Half hour 0-47 (Asia/Shanghai) of a timezone-aware moment."""
    local = _in_shanghai(moment)
    return (local.hour * 60 + local.minute) // SLOT_MINUTES


def running_slot(moment: datetime, business_date: date) -> int:
    """The half hour of ``business_date`` that is running at the moment; 0 before the day, 48 after it."""
    day = business_date_of(moment)
    if day != business_date:
        return 0 if day < business_date else SLOTS_PER_DAY
    return slot_of(moment)


def planning_moment(business_date: date) -> datetime:
    """The moment a day is planned when nobody says otherwise: 05:30 of that day, before the stores open."""
    return datetime.combine(business_date, PLANNING_TIME, tzinfo=SHANGHAI)


def _in_shanghai(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; say which, e.g. +08:00")
    return moment.astimezone(SHANGHAI)
