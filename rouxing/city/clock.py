"""The city's clock. Its moments are local seconds: seconds since 1970-01-01 on a clock in Asia/Shanghai."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from rouxing.city.streams import DAY_SECONDS
from rouxing.model.dates import SHANGHAI

CLOCK_FILE = "clock.json"
_OFFSET_SECONDS = 8 * 3600  # China keeps no summer time


class Clock(Protocol):
    """Tells the city's time and may be moved forward."""

    def now(self) -> int:
        """Local seconds."""
        ...

    def move(self, second: int) -> bool:
        """Go forward to ``second``; False if this clock cannot be moved there."""
        ...


class ManualClock:
    """Stands still until it is moved forward."""

    def __init__(self, start: int) -> None:
        self._now = start

    def now(self) -> int:
        return self._now

    def move(self, second: int) -> bool:
        if second < self._now:
            return False
        self._now = second
        return True


class WallClock:
    """The wall clock shifted by whole days, so that the time of day agrees; never before ``earliest``."""

    def __init__(self, earliest: int) -> None:
        behind = earliest - _wall_seconds()
        self._shift = -(-behind // DAY_SECONDS) * DAY_SECONDS

    def now(self) -> int:
        return _wall_seconds() + self._shift

    def move(self, second: int) -> bool:
        return False


def _wall_seconds() -> int:
    return int(datetime.now(UTC).timestamp()) + _OFFSET_SECONDS


def to_moment(second: int) -> datetime:
    """Timezone-aware moment of local seconds."""
    utc = datetime.fromtimestamp(0, UTC) + timedelta(seconds=second - _OFFSET_SECONDS)
    return utc.astimezone(SHANGHAI)


def to_second(moment: datetime) -> int:
    """Local seconds of a timezone-aware moment; ValueError without a zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; say which, e.g. +08:00")
    return int(moment.timestamp()) + _OFFSET_SECONDS


def remember(folder: Path, second: int) -> None:
    """Keep the clock's last moment in ``folder``, whole or not at all."""
    fresh = folder / f"{CLOCK_FILE}.new"
    fresh.write_text(json.dumps({"now": to_moment(second).isoformat()}), encoding="utf-8")
    fresh.replace(folder / CLOCK_FILE)


def remembered(folder: Path) -> int | None:
    """The moment kept in ``folder``, None if there is none."""
    path = folder / CLOCK_FILE
    if not path.exists():
        return None
    return to_second(datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["now"]))
