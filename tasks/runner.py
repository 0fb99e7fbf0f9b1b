"""Shards of one computation as task runs, on the task runner that the settings name."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from prefect import task, unmapped
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext
from prefect.futures import PrefectFutureList, as_completed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from rouxing.model.errors import PermanentError, TransientError
from rouxing.settings import Settings, load_settings
from rouxing.stack.environment import HOST
from tasks.artifacts import leave_progress

if TYPE_CHECKING:
    # scikit-learn takes seconds to import; only tasks that compute need it.
    from rouxing.forecast.fits import Runner


def settings_task_runner(settings: Settings | None = None) -> TaskRunner[Any]:
    """Threads of this process, or a Dask cluster: the one of ``dask_address``, else processes of this machine.

    PermanentError when Dask is asked for and not installed.
    """
    settings = settings or load_settings()
    if settings.task_runner == "threads":
        return ThreadPoolTaskRunner(max_workers=os.cpu_count())
    try:
        import dask
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError as error:
        raise PermanentError(
            "ROUXING_TASK_RUNNER is dask, but prefect-dask is absent; install rouxing[dask], or set it to threads."
        ) from error
    # A shard carries its rows by design; Dask would warn of each that is above 10 MB.
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "4GiB"})
    if settings.dask_address:
        return DaskTaskRunner(address=settings.dask_address)
    # One thread a process, since a fit uses one; any free port for Dask's own pages, on loopback.
    local = {"host": HOST, "threads_per_worker": 1, "dashboard_address": f"{HOST}:0"}
    return DaskTaskRunner(cluster_kwargs={**local, "n_workers": os.cpu_count()})


def shard_runner(work: str) -> Runner | None:
    """Runs each call as a task run of the current flow run, with a progress artifact named after ``work``.

    None outside a flow run: the library's own threads do then. Calls raise TransientError when the Dask cluster does
    not answer.
    """
    return partial(_run_shards, work) if FlowRunContext.get() else None


@task(name="shard", task_run_name="{work} {number}/{total}", cache_policy=NO_CACHE)
def run_shard(call: Callable[[], Any], work: str, number: int, total: int) -> Any:
    """What the call returns. A ``partial``, since Prefect would search a collection of arrays for futures."""
    return call()


def _run_shards(work: str, function: Callable[[Any], Any], arguments: Sequence[Any]) -> list[Any]:
    if not arguments:
        return []
    calls = [partial(function, argument) for argument in arguments]
    numbers = list(range(1, len(calls) + 1))
    try:
        futures = run_shard.map(calls, unmapped(work), numbers, unmapped(len(calls)))
    except OSError as error:
        raise TransientError(f"The Dask cluster of ROUXING_DASK_ADDRESS does not answer: {error}") from error
    _show_progress(work, futures)
    return [future.result() for future in futures]


def _show_progress(work: str, futures: PrefectFutureList[Any]) -> None:
    progress = leave_progress(f"{work}-shards", f"Shards of {work} that have ended, %")
    for ended, _ in enumerate(as_completed(list(futures)), start=1):
        progress(ended / len(futures))
