"""Ingest steps: one task a source, each feed forward from its watermark."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from threading import Event
from typing import Any, Literal

from prefect import task

from rouxing.gateway.client import VendorClient
from rouxing.gateway.clock import now
from rouxing.ingest.landing import ingest_feed
from rouxing.model.errors import PermanentError, TransientError
from rouxing.model.feeds import FEEDS, SOURCES
from rouxing.privacy.pseudonyms import Pseudonymiser
from rouxing.warehouse.locks import named_lock
from tasks.artifacts import leave_table
from tasks.context import Moment, current_database, current_settings, tell
from tasks.options import ONCE, OUTSIDE

__all__ = ["SOURCES", "land_source", "report_landing"]

Landed = dict[str, Any]
# The task is repeated too: a vendor that is down is given up within a minute, one that answers slowly at times is not.
ATTEMPTS = 3


@task(name="land-source", task_run_name="land {source}", **OUTSIDE)
def land_source(moment: Moment, source: str, stop: Event) -> list[Landed]:
    """Lands every feed of a source up to the moment; one row a feed with what was read.

    PermanentError after the window at hand once ``stop`` is set; what was landed until then stays.
    """
    settings = current_settings()
    # A watermark beyond the vendor's clock would skip what happens until then.
    read_until = min(moment.as_of, now(settings.clock, settings.vendor_url))
    history_start = read_until - timedelta(days=settings.history_days)
    pseudonymiser = Pseudonymiser(settings.pseudonym_secret())
    results = []
    database = current_database()

    def show(feed: str, _rows: int, share: float) -> None:
        tell("ingest", feed, share)
        if stop.is_set():
            raise PermanentError(f"Reading {source} was stopped; the next run goes on where it ended.")

    # A source has one watermark a feed for all days: runs for different days take turns.
    with (
        named_lock(database, f"land/{source}", f"ingest of {source}"),
        VendorClient(settings.vendor_url, attempts=ATTEMPTS) as client,
    ):
        for feed in (feed for feed in FEEDS if feed.source == source):
            result = ingest_feed(
                database,
                client,
                feed,
                as_of=read_until,
                history_start=history_start,
                pseudonymiser=pseudonymiser,
                progress=show,
            )
            tell("ingest", feed.name, 1.0)
            results.append({"source": source, "feed": feed.name, "batches": result.batches, "rows": result.rows_read})
    return results


# The sources have been asked often enough by now.
@task(name="report-landing", **ONCE)
def report_landing(
    outcomes: Mapping[str, list[Landed] | BaseException],
) -> tuple[list[Landed], Literal["done", "degraded"], str]:
    """What was landed, and which sources could not be read. TransientError when none could.

    ``outcomes``: per source its rows, or what it failed with.
    """
    landed = [row for outcome in outcomes.values() if isinstance(outcome, list) for row in outcome]
    failed = {source: str(outcome) for source, outcome in outcomes.items() if isinstance(outcome, BaseException)}
    leave_table("ingest-landed", "本次读入 / Landed", landed, "Rows landed per feed")
    if failed:
        trouble = [{"source": source, "reason": reason} for source, reason in failed.items()]
        leave_table("ingest-failed", "未能读取的来源 / Sources not read", trouble, "Sources that could not be read")
    note = failure_note(failed)
    if len(failed) == len(outcomes):
        raise TransientError(f"No source could be read. {note}")
    return landed, "degraded" if failed else "done", note


def failure_note(failed: Mapping[str, str]) -> str:
    """Sources and why they could not be read; those with the same reason together."""
    sources: dict[str, list[str]] = {}
    for source, reason in failed.items():
        sources.setdefault(reason, []).append(source)
    return "; ".join(f"{', '.join(names)}: {reason}" for reason, names in sources.items())
