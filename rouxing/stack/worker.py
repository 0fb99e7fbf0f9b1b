"""The worker that runs flows of the local pool as processes."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path

from rouxing.model.errors import TransientError
from rouxing.stack.environment import POOL
from rouxing.stack.processes import Child, last_lines, start_child
from rouxing.stack.server import ServerHandle

# One name for all starts: the server keeps a record of every name it ever saw.
NAME = "rouxing"
READY = f"Worker '{NAME}' started"
PATIENCE_S = 60.0
POLL_S = 0.2


def start_worker(server: ServerHandle, root: Path, environment: Mapping[str, str] | None = None) -> Child:
    """A worker process that takes runs of the local pool, in `root`; stopping it ends its runs as crashed.

    Args:
        server: the server to ask for runs.
        root: folder of prefect.yaml and the flows.
        environment: further variables for the flow runs.

    Raises:
        TransientError: it ended or did not get ready in time; the message ends with its last log lines.
    """
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process", "--name", NAME]
    variables = {**server.environment, **(environment or {})}
    child = start_child("worker", command, server.state / "logs", variables, root)
    try:
        _wait_until_ready(child)
    except BaseException:
        child.stop()
        raise
    return child


def _wait_until_ready(child: Child) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while READY not in child.output():
        if child.exit_code is not None or time.monotonic() > deadline:
            raise TransientError(f"the worker did not start; see {child.log}, which ends:\n{last_lines(child.log)}")
        time.sleep(POLL_S)
