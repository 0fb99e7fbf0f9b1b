"""One run of a deployment, started by name and watched to its end."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from rich.console import Console
from rich.status import Status
from rich.text import Text

from rouxing.model.errors import PermanentError
from rouxing.stack.api import NotFoundError, PrefectApi, RefusedError
from rouxing.stack.environment import POOL
from rouxing.stack.server import ServerHandle

POLL_S = 1.0
FINAL_STATES = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
FORMATS = {
    "date": (date.fromisoformat, "a date such as 2026-06-18"),
    "date-time": (datetime.fromisoformat, "a moment such as 2026-06-18T05:30:00+08:00"),
}


@dataclass(frozen=True)
class StartedRun:
    """A flow run on the server."""

    run_id: str
    name: str
    link: str


def run_deployment_by_name(
    server: ServerHandle, name: str, parameters: Mapping[str, Any], wait: bool, console: Console | None = None
) -> int:
    """Exit code of a run of the deployment: 0 if it completed, or was started and is not waited for, else 1.

    Prints the run's link, and its state while it is watched. Leaving with Ctrl-C leaves the run going.

    Args:
        server: the server that holds the deployment.
        name: "flow/deployment", or "flow" alone for "flow/manual".
        parameters: the flow's parameters as JSON values; those left out keep their defaults.
        wait: watch the run until it ends.
        console: where to print; standard output if absent.

    Raises:
        PermanentError: no such deployment, or a parameter is unknown or out of bounds; no run is created.
    """
    api = PrefectApi(server.api_url)
    out = console or Console()
    run = start_run(api, server.ui_url, name, parameters)
    out.print(Text(f"{name} started as {run.name}\n{run.link}"), soft_wrap=True, highlight=False)
    if not has_worker(api):
        out.print("No worker is running, so the run waits; start one with `rouxing up`.", style="yellow")
    return watch_run(api, run, out) if wait else 0


def start_run(api: PrefectApi, ui_url: str, name: str, parameters: Mapping[str, Any]) -> StartedRun:
    """A new run of the deployment, not yet running; errors as `run_deployment_by_name`."""
    full_name = name if "/" in name else f"{name}/manual"
    try:
        deployment = api.get(f"/deployments/name/{full_name}")
    except NotFoundError as error:
        raise PermanentError(f"there is no deployment {full_name!r}; `rouxing up` lists and makes them") from error
    check_parameters(full_name, deployment["parameter_openapi_schema"], parameters)
    # The key makes a repeat of this call find the run it made.
    body = {"parameters": dict(parameters), "idempotency_key": str(uuid.uuid4())}
    try:
        run = api.post(f"/deployments/{deployment['id']}/create_flow_run", body)
    except RefusedError as error:
        raise PermanentError(f"{full_name} was not started: {_plain(str(error))}") from error
    return StartedRun(run["id"], run["name"], f"{ui_url}/runs/flow-run/{run['id']}")


def check_parameters(name: str, schema: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
    """Return if every parameter is known and every date is one; the server checks neither, only types and bounds.

    Raises:
        PermanentError: names the parameter and what it should be.
    """
    known: dict[str, Any] = schema.get("properties", {})
    for key, value in parameters.items():
        if key not in known:
            raise PermanentError(f"{name} has no parameter {key!r}; it has {', '.join(known) or 'none'}")
        _check_format(name, key, known[key], value)


def _check_format(name: str, key: str, field: Mapping[str, Any], value: Any) -> None:
    wanted = next((part["format"] for part in [field, *field.get("anyOf", [])] if part.get("format") in FORMATS), None)
    if wanted is None or value is None:
        return
    parse, example = FORMATS[wanted]
    try:
        parse(value)
    except (TypeError, ValueError) as error:
        raise PermanentError(f"{name} was not started: {key} must be {example}, not {value!r}") from error


def _plain(message: str) -> str:
    """The server's refusal without its labels."""
    return message.removeprefix("Error creating flow run: ").replace("Failure reason: ", "")


def has_worker(api: PrefectApi) -> bool:
    """Whether a worker has lately asked the local pool for runs."""
    try:
        workers = api.post(f"/work_pools/{POOL}/workers/filter", {})
    except NotFoundError:
        return False
    return any(worker["status"] == "ONLINE" for worker in workers)


def watch_run(api: PrefectApi, run: StartedRun, out: Console) -> int:
    """Exit code of a run, once it ended: 0 if it completed, else 1. Shows state, time and tasks meanwhile."""
    started = time.monotonic()
    with out.status(Text(f"{run.name}: waiting")) as status:
        while (now := api.get(f"/flow_runs/{run.run_id}"))["state"]["type"] not in FINAL_STATES:
            _show(status, api, now, time.monotonic() - started)
            time.sleep(POLL_S)
    state, took = now["state"], time.monotonic() - started
    completed = state["type"] == "COMPLETED"
    out.print(Text(f"{now['name']}: {state['name']} after {took:.0f} s"), style="green" if completed else "red")
    if not completed:
        out.print(Text(state["message"] or "see the run's log"), soft_wrap=True)
    return 0 if completed else 1


def _show(status: Status, api: PrefectApi, now: Mapping[str, Any], elapsed_s: float) -> None:
    only = {"flow_runs": {"id": {"any_": [now["id"]]}}}
    all_tasks = api.post("/task_runs/count", only)
    done = api.post("/task_runs/count", {**only, "task_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}})
    words = f"{now['name']}: {now['state']['name']} · {elapsed_s:.0f} s · {done} of {all_tasks} tasks done"
    status.update(Text(words))
