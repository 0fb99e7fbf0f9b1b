"""The settings every Prefect process of one state folder shares."""

from __future__ import annotations

import os
from pathlib import Path

HOST = "127.0.0.1"
POOL = "rouxing-local"
ROOT = Path(__file__).resolve().parents[2]
DAY_S = 86_400


def api_url(port: int) -> str:
    """Address of the API of a server on this port."""
    return f"http://{HOST}:{port}/api"


def prefect_environment(state: Path, port: int) -> dict[str, str]:
    """Variables that tie a process to the Prefect server of one state folder.

    They hold for the server, the worker, every flow run and for a program that calls flows itself; the latter must
    apply them before it imports Prefect, which reads its settings once.

    Args:
        state: the state folder; its server keeps database and settings under `prefect/`.
        port: the port of that server on loopback.
    """
    home = state.resolve() / "prefect"
    return {
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": api_url(port),
        # A profile of the user's own must not send our runs elsewhere.
        "PREFECT_PROFILES_PATH": str(home / "profiles.toml"),
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
        **_QUIET,
        **_TIMING,
        **_RETENTION,
        # Both spellings are in use, and the lower one wins.
        "NO_PROXY": _without_proxy(),
        "no_proxy": _without_proxy(),
        "PYTHONUNBUFFERED": "1",
    }


_QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_LOGGING_LEVEL": "INFO",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_CLI_COLORS": "false",
    "PREFECT_CLI_PROMPT": "false",
}

_TIMING = {
    "PREFECT_WORKER_QUERY_SECONDS": "2",
    "PREFECT_RUNNER_POLL_FREQUENCY": "2",
    # deployments/automations.yaml gives up on a run after three of these.
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "60",
    # SQLite is shared by scheduler, events and runs: a longer wait beats "database is locked".
    "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
    # No flow here uses blocks; registering them costs seconds of every start.
    "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
}

_RETENTION = {
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(30 * DAY_S),
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P3D",
}


def _without_proxy() -> str:
    """The user's proxy exceptions and loopback: a proxy can't reach a server on this machine."""
    written = ",".join(os.environ.get(name, "") for name in ("no_proxy", "NO_PROXY"))
    known = [part for part in written.split(",") if part]
    return ",".join(dict.fromkeys([*known, HOST, "localhost"]))
