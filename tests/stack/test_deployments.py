from __future__ import annotations

import importlib
import io
import pkgutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from rich.console import Console

import flows
from rouxing.model.errors import PermanentError, TransientError
from rouxing.stack.api import PrefectApi
from rouxing.stack.automations import apply_automations
from rouxing.stack.deploy import declared_deployments, deploy_all, ensure_pool
from rouxing.stack.environment import POOL, ROOT
from rouxing.stack.processes import descendants, free_port
from rouxing.stack.server import ServerHandle
from rouxing.stack.sweep import sweep_abandoned_runs
from rouxing.stack.trigger import has_worker, run_deployment_by_name, start_run
from rouxing.stack.worker import start_worker
from tests.plugins.prefect import eventually

PROJECT = Path(__file__).parent / "project"
STAGES = {"ingest", "validate", "forecast", "allocate", "redistribute", "publish", "learn"}


@pytest.fixture(scope="module")
def api(prefect_server: ServerHandle) -> PrefectApi:
    return PrefectApi(prefect_server.api_url)


@pytest.fixture(scope="module")
def deployed(prefect_server: ServerHandle) -> list[str]:
    return deploy_all(PROJECT, prefect_server.environment)


def declared() -> list[dict[str, Any]]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    entries: list[dict[str, Any]] = content["deployments"]
    return entries


def test_every_flow_has_a_manual_deployment_and_nothing_else_is_declared() -> None:
    names = declared_deployments(ROOT)
    assert len(set(names)) == len(names)
    assert {name.split("/")[0] for name in names} == STAGES | {"day", "backfill"}
    assert {name for name in names if name.endswith("/manual")} == {
        f"{flow}/manual" for flow in STAGES | {"day", "backfill"}
    }


def test_flows_and_tasks_are_ours() -> None:
    assert Path(str(flows.__file__)).is_relative_to(ROOT)
    assert Path(str(importlib.import_module("tasks").__file__)).is_relative_to(ROOT)


def test_no_flow_module_shadows_an_importable_one() -> None:
    stems = {module.name for module in pkgutil.iter_modules(flows.__path__)}
    assert not stems & {"tasks", "flows", "requests", "json", "sql", "rouxing"}


@pytest.mark.parametrize("entry", declared(), ids=lambda entry: f"{entry['entrypoint']}-{entry['name']}")
def test_entrypoints_import_and_are_flows_of_that_name(entry: dict[str, Any]) -> None:
    from prefect.flows import load_flow_from_entrypoint

    flow = load_flow_from_entrypoint(entry["entrypoint"], use_placeholder_flow=False)
    assert flow.name == entry["entrypoint"].split(".")[-1]
    assert flow.isasync, "a synchronous flow costs a second more at its exit"
    assert set(entry.get("parameters", {})) <= set(flow.parameters.properties)
    assert all("description" in field for field in flow.parameters.properties.values())


def test_limits_let_nothing_cancel_a_persons_run() -> None:
    for entry in declared():
        waits = entry["concurrency_limit"]["collision_strategy"] == "ENQUEUE"
        assert entry["concurrency_limit"]["limit"] == 1
        assert waits == (entry["name"] != "every-5-minutes")


@pytest.mark.prefect
def test_deploying_twice_changes_nothing(prefect_server: ServerHandle, api: PrefectApi, deployed: list[str]) -> None:
    before = [api.get(f"/deployments/name/{name}") for name in deployed]
    assert deploy_all(PROJECT, prefect_server.environment) == deployed == ["tiny/daily-0530", "tiny/manual"]
    after = [api.get(f"/deployments/name/{name}") for name in deployed]
    for old, new in zip(before, after, strict=True):
        assert old["id"] == new["id"]
        assert [one["schedule"] for one in old["schedules"]] == [one["schedule"] for one in new["schedules"]]


@pytest.mark.prefect
def test_a_broken_flow_is_one_sentence(prefect_server: ServerHandle, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import no_such_module\n")
    (tmp_path / "prefect.yaml").write_text(
        "pull: []\ndeployments:\n- {name: manual, entrypoint: broken.flow, work_pool: {name: rouxing-local}}\n"
    )
    with pytest.raises(PermanentError, match=r"prefect\.yaml failed: .*no_such_module.* \(log: .*deploy\.log\)"):
        deploy_all(tmp_path, prefect_server.environment)


@pytest.mark.prefect
def test_a_cron_schedule_gets_upcoming_runs(api: PrefectApi, deployed: list[str]) -> None:
    """With sqlalchemy 2.1 the scheduler made none and said nothing (METHODS section 8)."""
    runs = eventually(lambda: runs_of(api, "tiny/daily-0530"))
    assert len(runs) >= 3
    assert {run["expected_start_time"][11:19] for run in runs} == {"21:30:00"}, "05:30 in Shanghai"


@pytest.mark.prefect
def test_pool_is_made_once(api: PrefectApi, deployed: list[str]) -> None:
    ensure_pool(api)
    assert api.get(f"/work_pools/{POOL}")["type"] == "process"


@pytest.mark.prefect
def test_automations_are_replaced_not_repeated(api: PrefectApi) -> None:
    for _ in range(2):
        apply_automations(api, ROOT)
    names = [automation["name"] for automation in api.post("/automations/filter", {})]
    assert names.count("rouxing-crash-silent-runs") == 1


@pytest.mark.prefect
@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"horizon_days": 29}, "'horizon_days'.*maximum of 28"),
        ({"horizon_days": 0}, "'horizon_days'.*minimum of 1"),
        ({"horizon_days": "seven"}, "'horizon_days'.*not of type 'integer'"),
        ({"mood": "odd"}, "'mood'.*not one of"),
        ({"business_date": "2026-02-30"}, "business_date must be a date such as"),
        ({"business_date": 5}, "business_date"),
        ({"weather": "fine"}, "no parameter 'weather'; it has business_date, horizon_days, mood"),
    ],
)
def test_a_wrong_parameter_is_refused_before_a_run_exists(
    api: PrefectApi, deployed: list[str], parameters: dict[str, Any], says: str
) -> None:
    before = len(runs_of(api, "tiny/manual"))
    with pytest.raises(PermanentError, match=f"tiny/manual.*{says}"):
        start_run(api, "http://ui", "tiny", parameters)
    assert len(runs_of(api, "tiny/manual")) == before


@pytest.mark.prefect
def test_an_unknown_deployment_is_one_sentence(api: PrefectApi) -> None:
    with pytest.raises(PermanentError, match="there is no deployment 'nope/manual'"):
        start_run(api, "http://ui", "nope", {})


def test_no_server_is_one_sentence() -> None:
    with pytest.raises(TransientError, match=r"no Prefect server answers at .*start one with `rouxing up`"):
        PrefectApi(f"http://127.0.0.1:{free_port()}/api").get("/version")


@pytest.mark.prefect
def test_sweep_ends_what_a_dead_worker_left_and_keeps_a_persons_run(api: PrefectApi, deployed: list[str]) -> None:
    eventually(lambda: runs_of(api, "tiny/daily-0530"))
    dead = start_run(api, "http://ui", "tiny", {})
    api.post(f"/flow_runs/{dead.run_id}/set_state", {"state": {"type": "RUNNING"}, "force": True})
    waiting = start_run(api, "http://ui", "tiny", {})

    assert sweep_abandoned_runs(api, datetime.now(UTC)) == 1
    assert state_of(api, dead.run_id) == "CRASHED"

    assert sweep_abandoned_runs(api, datetime.now(UTC) + timedelta(days=2)) >= 1
    assert state_of(api, waiting.run_id) == "SCHEDULED"
    assert "CANCELLED" in {run["state_type"] for run in runs_of(api, "tiny/daily-0530")}
    api.post(f"/flow_runs/{waiting.run_id}/set_state", {"state": {"type": "CANCELLED"}, "force": True})


@pytest.mark.prefect
def test_a_run_by_name_is_watched_to_its_end_and_a_stopped_worker_leaves_nothing(
    prefect_server: ServerHandle, api: PrefectApi, deployed: list[str]
) -> None:
    with start_worker(prefect_server, PROJECT) as worker:
        assert has_worker(api)
        good, said = run_tiny(prefect_server, {"business_date": "2026-06-18"})
        assert good == 0
        assert f"{prefect_server.ui_url}/runs/flow-run/" in said
        assert "Completed after" in said
        bad, said = run_tiny(prefect_server, {"mood": "bad"})
        assert bad == 1
        assert "a bad day" in said
        processes = [psutil.Process(worker.pid), *descendants(worker.pid)]
    assert not any(process.is_running() for process in processes)


def run_tiny(server: ServerHandle, parameters: dict[str, Any]) -> tuple[int, str]:
    console = Console(file=io.StringIO(), width=200)
    # daily-0530 has no limit: a run that waits for a place is looked at again only after 30 seconds.
    code = run_deployment_by_name(server, "tiny/daily-0530", parameters, wait=True, console=console)
    return code, console.file.getvalue()  # type: ignore[attr-defined]


def state_of(api: PrefectApi, run_id: str) -> str:
    return str(api.get(f"/flow_runs/{run_id}")["state_type"])


def runs_of(api: PrefectApi, name: str) -> list[dict[str, Any]]:
    deployment = api.get(f"/deployments/name/{name}")["id"]
    runs: list[dict[str, Any]] = api.post("/flow_runs/filter", {"deployments": {"id": {"any_": [deployment]}}})
    return runs
