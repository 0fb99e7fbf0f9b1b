"""A history read from a folder of Parquet or CSV files. Reading them is the only effect."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from rouxing.forecast.history import History
from rouxing.model.errors import PermanentError


def read_history(folder: Path) -> History:
    """The history in ``folder``: demand and, where present, commitments, claims, stores, calendar, signals, promotions,
    quotas, groups.

    Each is <name>.parquet or <name>.csv with the columns of ``History`` (file commitments = frame bookings).
    Raises PermanentError when the folder or its demand file is missing or a file cannot be read.
    """
    demand = _read(folder, "demand")
    if demand is None:
        raise PermanentError(f"no demand.parquet or demand.csv in {folder}; give the folder of a history")
    return History(
        demand=demand,
        bookings=_read(folder, "commitments"),
        claims=_read(folder, "claims"),
        stores=_read(folder, "stores"),
        calendar=_read(folder, "calendar"),
        signals=_read(folder, "signals"),
        promotions=_read(folder, "promotions"),
        quotas=_read(folder, "quotas"),
        groups=_read(folder, "groups"),
    )


def _read(folder: Path, name: str) -> pd.DataFrame | None:
    parquet, csv = folder / f"{name}.parquet", folder / f"{name}.csv"
    try:
        if parquet.exists():
            return pd.read_parquet(parquet)
        return pd.read_csv(csv, dtype={"store_id": str, "stock_id": str}) if csv.exists() else None
    except (OSError, ValueError) as error:
        raise PermanentError(f"cannot read {name} in {folder}: {error}; repair or remove the file") from error
