"""Query results as frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from rouxing.warehouse.database import Connection
from rouxing.warehouse.queries import named_query

_INTEGERS = {20, 21, 23}
_NUMBERS = {700, 701, 1700}
_TEXTS = {25, 1042, 1043}
_TIMESTAMP = 1184
_DATE = 1082
_BOOLEAN = 16


def read_frame(connection: Connection, name: str, **parameters: Any) -> pd.DataFrame:
    """Rows of the named query ``stage/name``: text as ``str``, dates as ``datetime64``, timestamps in UTC.

    Columns of whole numbers are ``int64``, or ``float64`` where a value is null.
    """
    cursor = connection.execute(named_query(name).encode(), parameters)
    description = cursor.description or []
    rows = cursor.fetchall()
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(description)
    return pd.DataFrame(
        {column.name: _series(values, column.type_code) for column, values in zip(description, columns, strict=True)}
    )


def _series(values: tuple[Any, ...], type_code: int) -> pd.Series[Any]:
    if type_code in _INTEGERS:
        has_null = any(value is None for value in values)
        return pd.Series(np.array(values, dtype="float64" if has_null else "int64"))
    if type_code in _NUMBERS:
        return pd.Series(np.array(values, dtype="float64"))
    if type_code in _TEXTS:
        return pd.Series(values, dtype="str")
    if type_code == _TIMESTAMP:
        return pd.Series(pd.to_datetime(pd.Series(values, dtype="object"), utc=True))
    if type_code == _DATE:
        return pd.Series(pd.to_datetime(pd.Series(values, dtype="object")))
    if type_code == _BOOLEAN and all(value is not None for value in values):
        return pd.Series(np.array(values, dtype="bool"))
    return pd.Series(values, dtype="object")
