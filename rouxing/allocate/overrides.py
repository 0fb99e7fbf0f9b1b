"""What stores set themselves, laid onto the days it holds for."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rouxing.optimize.checks import FloatArray, finite_array

_LONG_AGO, _NEVER = pd.Timestamp("1900-01-01"), pd.Timestamp("2200-01-01")


def override_values(overrides: pd.DataFrame | None, kind: str, days: pd.DataFrame) -> FloatArray:
    """Value of the overrides of ``kind`` on each row of ``days`` (store_id, business_date); NaN where none holds.

    ``overrides``: store_id, kind, value, optional first_date and last_date (business days from and to which it holds;
    absent or NaT = without end). Of several on one day the smallest counts.

    Raises:
        RefusedInputError: a value that is NaN or negative.
    """
    if overrides is None or overrides.empty:
        return np.full(len(days), np.nan)
    mine = overrides[overrides["kind"] == kind]
    finite_array(mine["value"], "overrides.value")
    named = mine[["store_id", "value"]].assign(
        first_date=_dates(mine, "first_date", _LONG_AGO), last_date=_dates(mine, "last_date", _NEVER)
    )
    rows = days[["store_id", "business_date"]].assign(row=np.arange(len(days))).merge(named, on="store_id")
    holds = pd.to_datetime(rows["business_date"]).between(rows["first_date"], rows["last_date"])
    held = rows[holds].groupby("row")["value"].min()
    return held.reindex(np.arange(len(days))).to_numpy(np.float64)


def closed_days(overrides: pd.DataFrame | None, days: pd.DataFrame) -> pd.Series[bool]:
    """Whether each row of ``days`` (store_id, business_date) is closed by hand; a value of 0 opens it again."""
    return pd.Series(np.nan_to_num(override_values(overrides, "closed", days)) > 0, index=days.index)


def _dates(rows: pd.DataFrame, column: str, missing: pd.Timestamp) -> pd.Series[pd.Timestamp]:
    if column not in rows:
        return pd.Series(missing, index=rows.index)
    return pd.to_datetime(rows[column]).fillna(missing)
