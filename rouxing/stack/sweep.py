"""Runs that an earlier stack left behind: ended here, so that they neither hold a place nor all start at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from rouxing.stack.api import PrefectApi
from rouxing.stack.environment import POOL

LATE = timedelta(minutes=10)
PAGE = 200


def sweep_abandoned_runs(api: PrefectApi, now: datetime) -> int:
    """How many runs of the local pool were ended; call it only while no worker of this pool lives.

    Runs that say Pending or Running died with their worker and still hold their deployment's place: now Crashed.
    Scheduled ticks more than ten minutes late would all start together: now Cancelled. A person's runs stay.
    """
    dead = _runs(api, ["PENDING", "RUNNING", "CANCELLING"], now)
    late = [run for run in _runs(api, ["SCHEDULED"], now - LATE) if run["auto_scheduled"]]
    _end(api, dead, "CRASHED", "its worker is gone")
    _end(api, late, "CANCELLED", "missed while no worker ran")
    return len(dead) + len(late)


def _end(api: PrefectApi, runs: list[dict[str, Any]], new_state: str, reason: str) -> None:
    for run in runs:
        body = {"state": {"type": new_state, "message": reason}, "force": True}
        api.post(f"/flow_runs/{run['id']}/set_state", body)


def _runs(api: PrefectApi, states: list[str], before: datetime) -> list[dict[str, Any]]:
    wanted: dict[str, Any] = {
        "flow_runs": {"state": {"type": {"any_": states}}, "expected_start_time": {"before_": before.isoformat()}},
        "work_pools": {"name": {"any_": [POOL]}},
        "limit": PAGE,
    }
    found: list[dict[str, Any]] = []
    while page := api.post("/flow_runs/filter", {**wanted, "offset": len(found)}):
        found += page
    return found
