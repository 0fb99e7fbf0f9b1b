"""The certificate of a drafted plan: every check of sql/plan/checks, read in one transaction."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame

CHECKS = ("plan/checks/loads", "plan/checks/people", "plan/checks/quotas", "plan/checks/stock", "plan/checks/cover")
# A plan's lines were written a moment ago and have no statistics yet: left alone the database would take a million of
# them for a few and look each one up. Sorts of a million lines stay in memory.
AS_A_WHOLE = "set local enable_nestloop = off; set local work_mem = '128MB'"
AS_USUAL = "set local enable_nestloop to default; set local work_mem to default"


def read_certificate(
    connection: Connection, *, known_by: datetime, settle_minutes: int, allocation_id: str, redistribution_id: str
) -> pd.DataFrame:
    """Every limit with its value and slack: check_name, subject, value, limit_value, slack, verdict, note.

    The checks read the plan's lines, the vendors' facts as known by ``known_by`` and master data; they share no code
    with the planners.
    """
    named = {
        "known_by": known_by,
        "settle_minutes": settle_minutes,
        "allocation_id": allocation_id,
        "redistribution_id": redistribution_id,
    }
    connection.execute(AS_A_WHOLE)
    parts = [read_frame(connection, name, **named) for name in CHECKS]
    connection.execute(AS_USUAL)
    return pd.concat(parts, ignore_index=True).sort_values(["check_name", "subject"], ignore_index=True)
