"""The certificate of a drafted plan: every check of sql/plan/checks, read as of one moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

import pandas as pd

from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.side_by_side import read_side_by_side

# Those that take longest first, so that two connections end at much the same time.
CHECKS = ("plan/checks/cover", "plan/checks/loads", "plan/checks/quotas", "plan/checks/stock", "plan/checks/people")
# A plan's lines were written a moment ago and have no statistics yet: left alone the database would take a million of
# them for a few and look each one up. Sorts of a million lines stay in memory.
AS_A_WHOLE = "set local enable_nestloop = off; set local work_mem = '128MB'"
AS_USUAL = "set local enable_nestloop to default; set local work_mem to default"


def read_certificate(
    *connections: Connection, known_by: datetime, settle_minutes: int, allocation_id: str, redistribution_id: str
) -> pd.DataFrame:
    """Every limit with its value and slack: check_name, subject, value, limit_value, slack, verdict, note.

    The checks read the plan's lines, the vendors' facts as known by ``known_by`` and master data; they share no code
    with the planners. They are shared out among ``connections``, which must see the same rows.
    """
    named = {
        "known_by": known_by,
        "settle_minutes": settle_minutes,
        "allocation_id": allocation_id,
        "redistribution_id": redistribution_id,
    }
    readers = {name: partial(_read_check, name=name, named=named) for name in CHECKS}
    parts = read_side_by_side(connections, readers)
    return pd.concat(parts.values(), ignore_index=True).sort_values(["check_name", "subject"], ignore_index=True)


def _read_check(connection: Connection, name: str, named: Mapping[str, Any]) -> pd.DataFrame:
    connection.execute(AS_A_WHOLE)
    found = read_frame(connection, name, **named)
    connection.execute(AS_USUAL)
    return found
