"""Shards on the task runner of the settings: two processes of a real Dask cluster give the bits that threads give."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pytest

from rouxing.forecast.demand import ForecastParameters, forecast_demand
from rouxing.forecast.fits import Runner
from rouxing.forecast.history import History
from rouxing.model.errors import TransientError
from rouxing.settings import load_settings
from rouxing.stack.api import PrefectApi
from rouxing.stack.processes import free_port
from rouxing.stack.server import ServerHandle

pytestmark = pytest.mark.prefect

T = TypeVar("T")


@pytest.fixture(scope="module")
def cluster_address(prefect_server: ServerHandle) -> Iterator[str]:
    """Scheduler of two worker processes on loopback."""
    from distributed import LocalCluster

    loopback = "127.0.0.1"
    cluster = LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host=loopback, dashboard_address=f"{loopback}:0"
    )
    with cluster:
        yield str(cluster.scheduler_address)


def in_a_flow_run(work: Callable[[Runner], T], **runner: Any) -> T:
    """What the work returns in a flow run whose task runner is that of these settings."""
    from prefect import flow, task

    from tasks.runner import settings_task_runner, shard_runner

    @task
    def step() -> T:
        run = shard_runner("forecast")
        assert run is not None
        return work(run)

    @flow(name="shards", task_runner=settings_task_runner(load_settings(**runner)))
    def shards() -> T:
        return step()

    return shards()


def test_two_dask_processes_give_the_bits_that_threads_give(
    chain: Callable[..., History], origin: date, quick: ForecastParameters, cluster_address: str
) -> None:
    def forecast(run: Runner) -> pd.DataFrame:
        return forecast_demand(chain(), origin, 14, quick, run).days

    here = in_a_flow_run(forecast, task_runner="threads")
    there = in_a_flow_run(forecast, task_runner="dask", dask_address=cluster_address)
    pd.testing.assert_frame_equal(there, here, check_exact=True)
    assert set(here["method"]) - {"rule"}, "a model was trained"


def process_of(_: int) -> int:
    return os.getpid()


def test_shards_run_in_the_processes_of_the_cluster(cluster_address: str) -> None:
    def processes(run: Runner) -> set[int]:
        return set(run(process_of, range(4)))

    assert in_a_flow_run(processes, task_runner="threads") == {os.getpid()}
    there = in_a_flow_run(processes, task_runner="dask", dask_address=cluster_address)
    assert len(there) == 2
    assert os.getpid() not in there


def test_results_stand_in_the_order_of_the_arguments_and_progress_is_shown(
    cluster_address: str, prefect_server: ServerHandle
) -> None:
    arguments = [np.full((2, 2), number) for number in range(5)]
    sums = in_a_flow_run(lambda run: run(np.sum, arguments), task_runner="dask", dask_address=cluster_address)
    assert sums == [0, 4, 8, 12, 16]
    (left,) = PrefectApi(prefect_server.api_url).post(
        "/artifacts/latest/filter", {"artifacts": {"key": {"any_": ["forecast-shards"]}}, "limit": 1}
    )
    assert left["data"] == 100


def refuse(argument: str) -> None:
    raise TransientError(f"no answer from {argument}")


@pytest.mark.parametrize("runner", ["threads", "dask"])
def test_an_error_in_a_shard_is_the_error_of_the_step(runner: str, cluster_address: str) -> None:
    address = cluster_address if runner == "dask" else None
    with pytest.raises(TransientError, match="no answer from S1"):
        in_a_flow_run(lambda run: run(refuse, ["S1"]), task_runner=runner, dask_address=address)


def test_a_cluster_that_does_not_answer_is_one_sentence(prefect_server: ServerHandle) -> None:
    import dask

    address = f"tcp://127.0.0.1:{free_port()}"
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(TransientError, match="The Dask cluster of ROUXING_DASK_ADDRESS does not answer"),
    ):
        in_a_flow_run(lambda run: run(np.sum, [np.ones(2)]), task_runner="dask", dask_address=address)


def test_outside_a_flow_run_the_library_runs_its_own_threads() -> None:
    from tasks.runner import shard_runner

    assert shard_runner("forecast") is None
