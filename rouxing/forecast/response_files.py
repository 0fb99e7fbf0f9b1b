"""Claims read from a file and forecasts written beside them. Reading and writing are the only effects."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from rouxing.model.errors import PermanentError


def read_claims(path: Path) -> pd.DataFrame:
    """The rows of a Parquet or (by its ending .csv) CSV file of coupon claims, in their order.

    Raises PermanentError when there is no such file or it cannot be read.
    """
    try:
        if path.suffix.lower() == ".csv":
            return pd.read_csv(path, dtype={"store_id": str})
        return pd.read_parquet(path).reset_index(drop=True)
    except FileNotFoundError as error:
        raise PermanentError(f"no file {path}; give a Parquet or CSV file of claims") from error
    except (OSError, ValueError) as error:
        raise PermanentError(f"cannot read {path}: {error}; give a Parquet or CSV file of claims") from error


def write_forecasts(rows: pd.DataFrame, path: Path) -> None:
    """Writes the claims with their ``p_redeem`` as Parquet, in their order; missing folders are made."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.to_parquet(path, index=False)
    except OSError as error:
        raise PermanentError(f"cannot write {path}: {error}; give a place that can be written") from error
