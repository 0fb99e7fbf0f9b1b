"""What stores set themselves, laid onto the days it holds for."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rouxing.optimize.checks import FloatArray, finite_array


def override_values(overrides: pd.DataFrame | None, kind: str, days: pd.DataFrame) -> FloatArray:
    """Value of the overrides of ``kind`` on each row of ``days`` (store_id, business_date); NaN where none holds.

    ``overrides``: store_id, kind, value, optional last_date (last business day on which it holds; absent or NaT = on
    all planned days). Of several on one day the smallest counts.

    Raises:
        RefusedInputError: a value that is NaN or negative.
    """
    if overrides is None or overrides.empty:
        return np.full(len(days), np.nan)
    mine = overrides[overrides["kind"] == kind]
    finite_array(mine["value"], "overrides.value")
    last = mine["last_date"] if "last_date" in mine else pd.Series(pd.NaT, index=mine.index)
    named = mine[["store_id", "value"]].assign(last_date=pd.to_datetime(last).fillna(pd.Timestamp.max.normalize()))
    rows = days[["store_id", "business_date"]].assign(row=np.arange(len(days))).merge(named, on="store_id")
    held = rows[pd.to_datetime(rows["business_date"]) <= rows["last_date"]].groupby("row")["value"].min()
    return held.reindex(np.arange(len(days))).to_numpy(np.float64)


def closed_days(overrides: pd.DataFrame | None, days: pd.DataFrame) -> pd.Series[bool]:
    """Whether each row of ``days`` (store_id, business_date) is closed by hand; a value of 0 opens it again."""
    return pd.Series(np.nan_to_num(override_values(overrides, "closed", days)) > 0, index=days.index)
