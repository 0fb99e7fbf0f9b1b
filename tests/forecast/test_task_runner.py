"""Shards on the task runner of the settings: two processes of a real Dask cluster give the bits that threads give."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from rouxing.model.errors import TransientError
from rouxing.settings import load_settings
from rouxing.stack.api import PrefectApi
from rouxing.stack.processes import free_port
from rouxing.stack.server import ServerHandle

pytestmark = pytest.mark.prefect

Shard = Callable[[Any], Any]


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


def mapped(function: Shard, arguments: Sequence[Any], **runner: Any) -> list[Any]:
    """The results of a flow run that hands its shards to the task runner of these settings."""
    from prefect import flow, task

    from tasks.runner import settings_task_runner, shard_runner

    @task
    def step() -> list[Any]:
        run = shard_runner("forecast")
        assert run is not None
        return run(function, arguments)

    @flow(name="shards", task_runner=settings_task_runner(load_settings(**runner)))
    def shards() -> list[Any]:
        return step()

    return shards()


def fitted(loss: float | None) -> tuple[int, bytes, bytes]:
    """Process, predictions and trees of one fit, as a training shard makes them."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    random = np.random.default_rng(5)
    features = random.random((4000, 12)).astype(np.float32)
    pickups = random.poisson(20 * features[:, 0] + 5 * features[:, 1])
    kind = {"loss": "poisson"} if loss is None else {"loss": "quantile", "quantile": loss}
    model = HistGradientBoostingRegressor(**kind, max_iter=20, early_stopping=False, random_state=1)
    with threadpool_limits(1, user_api="openmp"):
        model.fit(features, pickups)
    trees = b"".join(tree.nodes.tobytes() for stage in model._predictors for tree in stage)
    return os.getpid(), model.predict(features).tobytes(), trees


def test_two_dask_processes_give_the_bits_that_threads_give(cluster_address: str) -> None:
    losses = [None, 0.5, 0.1, 0.9]
    here = mapped(fitted, losses, task_runner="threads")
    there = mapped(fitted, losses, task_runner="dask", dask_address=cluster_address)
    assert [bits for _, *bits in there] == [bits for _, *bits in here]
    assert {process for process, *_ in here} == {os.getpid()}
    processes = {process for process, *_ in there}
    assert len(processes) == 2
    assert os.getpid() not in processes


def test_results_stand_in_the_order_of_the_arguments_and_progress_is_shown(
    cluster_address: str, prefect_server: ServerHandle
) -> None:
    arguments = [np.full((2, 2), number) for number in range(5)]
    assert mapped(np.sum, arguments, task_runner="dask", dask_address=cluster_address) == [0, 4, 8, 12, 16]
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
        mapped(refuse, ["S1"], task_runner=runner, dask_address=address)


def test_a_cluster_that_does_not_answer_is_one_sentence(prefect_server: ServerHandle) -> None:
    import dask

    address = f"tcp://127.0.0.1:{free_port()}"
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(TransientError, match="The Dask cluster of ROUXING_DASK_ADDRESS does not answer"),
    ):
        mapped(np.sum, [np.ones(2)], task_runner="dask", dask_address=address)


def test_outside_a_flow_run_the_library_runs_its_own_threads() -> None:
    from tasks.runner import shard_runner

    assert shard_runner("forecast") is None
