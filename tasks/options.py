"""How tasks are repeated and named: the same everywhere."""

from __future__ import annotations

from typing import Any

from prefect.cache_policies import NO_CACHE
from prefect.tasks import exponential_backoff

from rouxing.model.errors import TransientError


def may_help(_task: Any, _run: Any, state: Any) -> bool:
    """True when a repeat can help: the task failed with a TransientError."""
    return isinstance(state.data, TransientError) or isinstance(getattr(state.data, "exception", None), TransientError)


# NO_CACHE: the default policy would hash every frame a task is handed.
ONCE: dict[str, Any] = {"cache_policy": NO_CACHE, "timeout_seconds": 3600}
STEP: dict[str, Any] = {
    **ONCE,
    "retries": 1,
    "retry_delay_seconds": exponential_backoff(backoff_factor=2),
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": may_help,
}
OUTSIDE: dict[str, Any] = {**STEP, "retries": 2}
