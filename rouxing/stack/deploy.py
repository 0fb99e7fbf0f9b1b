"""Deployments of prefect.yaml on the running server, with the work pool they need."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from rouxing.model.errors import PermanentError
from rouxing.stack.api import NotFoundError, PrefectApi
from rouxing.stack.environment import POOL
from rouxing.stack.processes import last_lines

DEPLOY_TIMEOUT_S = 180


def deploy_all(root: Path, environment: Mapping[str, str]) -> list[str]:
    """Names ("flow/deployment") of all deployments of `root/prefect.yaml`, now on the server; safe to repeat.

    Args:
        root: folder of prefect.yaml and of the flows it names.
        environment: variables that point to the server, from `ServerHandle.environment`.

    Raises:
        PermanentError: prefect.yaml or a flow it names is broken; the message has Prefect's last words and log.
    """
    ensure_pool(PrefectApi(environment["PREFECT_API_URL"]))
    done = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"],
        cwd=root,
        env={**os.environ, **environment, "PWD": str(root)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEPLOY_TIMEOUT_S,
        check=False,
    )
    names = declared_deployments(root)
    log = Path(environment["PREFECT_HOME"]).parent / "logs" / "deploy.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(done.stdout + done.stderr, encoding="utf-8")
    said = " ".join(done.stdout.split())
    if done.returncode or not all(f"'{name}' successfully created" in said for name in names):
        raise PermanentError(f"the deployments of {root / 'prefect.yaml'} failed: {last_lines(log, 1)} (log: {log})")
    return names


def declared_deployments(root: Path) -> list[str]:
    """Names ("flow/deployment") that prefect.yaml declares, in its order."""
    content: dict[str, Any] = yaml.safe_load((root / "prefect.yaml").read_text(encoding="utf-8"))
    return [
        f"{entry['entrypoint'].replace(':', '.').split('.')[-1]}/{entry['name']}" for entry in content["deployments"]
    ]


def ensure_pool(api: PrefectApi) -> None:
    """Make the local process pool if the server has none."""
    try:
        api.get(f"/work_pools/{POOL}")
    except NotFoundError:
        # An empty template: the first worker fills in that of its own version.
        api.post("/work_pools/", {"name": POOL, "type": "process", "base_job_template": {}})
