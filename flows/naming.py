"""Names of flow runs: what, for which day, in which mode."""

from __future__ import annotations

from typing import Any

from prefect.runtime import flow_run


def run_name() -> str:
    """``day 2026-06-18``; ``day now`` when no business date was given."""
    parameters: dict[str, Any] = flow_run.parameters or {}
    moment = parameters.get("business_date") or parameters.get("as_of") or "now"
    sends = " send" if parameters.get("send") else ""
    return f"{flow_run.flow_name} {moment}{sends}"


def backfill_name() -> str:
    """``backfill 2026-06-01..2026-06-07 preview``."""
    parameters: dict[str, Any] = flow_run.parameters or {}
    preview = " preview" if parameters.get("preview", True) else ""
    return f"backfill {parameters.get('start_date')}..{parameters.get('end_date')}{preview}"
