"""The history that the demand model sees, from the frames that the warehouse gives."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from rouxing.forecast.history import History


def history_of(inputs: Mapping[str, pd.DataFrame]) -> History:
    """A ``History`` of the named frames; promotions and quotas where there are any.

    Of the stores only who they are: a new number of counters must not look like a new history.
    """
    return History(
        demand=inputs["daily_pickups"],
        bookings=inputs["bookings"],
        claims=inputs["claims"],
        stores=inputs["stores"][["store_id", "district_id"]].rename(columns={"district_id": "district"}),
        promotions=inputs.get("promotions"),
        quotas=inputs.get("quotas"),
    )
