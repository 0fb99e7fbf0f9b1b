"""Reading on several connections at once: each takes the next piece of work when it is free."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress

import pandas as pd
import psycopg

from rouxing.warehouse.database import Connection

Reader = Callable[[Connection], pd.DataFrame]
THREADS = "beside"


def read_side_by_side(connections: Sequence[Connection], readers: Mapping[str, Reader]) -> dict[str, pd.DataFrame]:
    """What each reader reads, by name and in the order of ``readers``, which are begun in that order.

    The connections must see the same rows (`Database.connect_twice`). The first error ends the queries of the others.
    """
    # Iterators of lists may be drawn from by several threads.
    waiting = iter(list(readers.items()))
    with ThreadPoolExecutor(len(connections), thread_name_prefix=THREADS) as pool:
        parts = [pool.submit(_read, connection, waiting) for connection in connections]
        try:
            done, late = wait(parts, return_when=FIRST_EXCEPTION)
        except BaseException:
            _end_queries(connections)
            raise
        if late:
            _end_queries(connections)
    # An error that came first is told, not the queries that were ended for it.
    found = {name: frame for part in (*done, *late) for name, frame in part.result().items()}
    return {name: found[name] for name in readers}


def _read(connection: Connection, waiting: Iterator[tuple[str, Reader]]) -> dict[str, pd.DataFrame]:
    return {name: reader(connection) for name, reader in waiting}


def _end_queries(connections: Sequence[Connection]) -> None:
    for connection in connections:
        with suppress(psycopg.Error):
            connection.cancel_safe(timeout=2.0)
