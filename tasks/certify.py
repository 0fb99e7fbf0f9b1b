"""The certificate of a drafted plan: every check of sql/plan/checks, read in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame

CHECKS = ("plan/certificate",)
# The planners move over to the tables that these read; then they take the place of the one above.
NEW_CHECKS = (
    "plan/checks/loads",
    "plan/checks/people",
    "plan/checks/quotas",
    "plan/checks/stock",
    "plan/checks/cover",
)


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
    return read_checks(connection, CHECKS, named)


def read_checks(connection: Connection, queries: tuple[str, ...], named: Mapping[str, Any]) -> pd.DataFrame:
    """The checks of these queries under each other, in the order of their names and subjects."""
    parts = [read_frame(connection, name, **named) for name in queries]
    return pd.concat(parts, ignore_index=True).sort_values(["check_name", "subject"], ignore_index=True)
