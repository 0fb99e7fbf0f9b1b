"""The worker that runs flows of the local pool as processes."""

from __future__ import annotations

import sys
from pathlib import Path

from rouxing.stack.environment import POOL
from rouxing.stack.processes import Child, start_child
from rouxing.stack.server import ServerHandle


def start_worker(server: ServerHandle, root: Path, name: str = "local") -> Child:
    """A worker process that takes runs of the local pool, in `root`; stopping it ends its runs as crashed.

    Args:
        server: the server to ask for runs.
        root: folder of prefect.yaml and the flows.
        name: the worker's name on the server, and of its log file.
    """
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process", "--name", name]
    return start_child(f"worker-{name}", command, server.state / "logs", server.environment, root)
