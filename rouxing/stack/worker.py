"""The worker that runs flows of the local pool as processes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from rouxing.stack.environment import POOL
from rouxing.stack.processes import Child, start_child
from rouxing.stack.server import ServerHandle


def start_worker(server: ServerHandle, root: Path, environment: Mapping[str, str] | None = None) -> Child:
    """A worker process that takes runs of the local pool, in `root`; stopping it ends its runs as crashed.

    Args:
        server: the server to ask for runs.
        root: folder of prefect.yaml and the flows.
        environment: further variables for the flow runs.
    """
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process"]
    variables = {**server.environment, **(environment or {})}
    return start_child("worker", command, server.state / "logs", variables, root)
