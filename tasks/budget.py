"""The time budget of a plan: a decision that takes longer counts as failed, and the ladder goes on."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import TypeVar

from rouxing.model.errors import PermanentError
from tasks.context import current_settings

T = TypeVar("T")


class OutOfTimeError(PermanentError):
    """A decision did not end within its budget; another try would take as long."""


def within_budget(what: str, work: Callable[[], T]) -> T:
    """What ``work`` returns; OutOfTimeError when it takes longer than ROUXING_PLAN_SECONDS.

    ``work`` runs in a thread of its own and must write nothing: one that is late goes on until its end, and what it
    returns is thrown away. Its errors are raised here.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    seconds = current_settings().plan_seconds
    # A daemon: a process that has its plan from the next rung does not wait for the late one.
    worker = Thread(target=run, name=f"decide-{what}", daemon=True)
    worker.start()
    worker.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise OutOfTimeError(
            f"{seconds:g} 秒内没有算完（{what}），改用更稳妥的方案；如经常发生，请调大 ROUXING_PLAN_SECONDS / "
            f"{what} not decided within {seconds:g} s, a safer plan takes its place. Give it more time with "
            "ROUXING_PLAN_SECONDS if that happens often"
        )
    return results[0]
