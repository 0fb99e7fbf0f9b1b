"""Everything a forecast is made of, read as it was known by a moment."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd

from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame

INPUTS = (
    "daily_pickups", "bookings", "claims", "slot_history", "sku_history", "order_outcomes", "promotions", "quotas",
)  # fmt: skip
# Of master data only what the forecast looks at: a new price must not look like a new history.
MASTER = {"skus": ["sku_id", "storage_class"], "coupon_stocks": ["stock_id", "carrier", "exchange_sku_id"]}


def read_forecast_inputs(
    connection: Connection, known_by: datetime, origin: date, business_date: date
) -> dict[str, pd.DataFrame]:
    """Frames by name: those of ``INPUTS`` (sql/forecast), stores, and of ``MASTER`` (sql/core) the columns named there.

    The same moment gives the same frames, always.
    """
    as_of = {"known_by": known_by, "origin": origin, "business_date": business_date}
    inputs = {name: read_frame(connection, f"forecast/{name}", **as_of) for name in INPUTS}
    master = {name: read_frame(connection, f"core/{name}", **as_of)[columns] for name, columns in MASTER.items()}
    return {**inputs, **master, "stores": read_frame(connection, "core/stores", **as_of)}
