"""Share of claimed coupons redeemed, per coupon kind, store and cohort, corrected for what has not happened yet."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from rouxing.forecast.calendar import day_table
from rouxing.forecast.cohorts import Cohorts, cohorts_of, kind_names
from rouxing.forecast.hazard import WINDOW_DAYS
from rouxing.forecast.history import Days, dates_of, day_number
from rouxing.forecast.redemptions import fit_redemptions, known_claims

_KEY = ["kind", "store_id", "cohort"]
_COLUMNS = [*_KEY, "claimed", "redeemed", "rate_so_far", "rate_expected", "is_final"]


def redemption_rates(claims: pd.DataFrame, origin: date) -> pd.DataFrame:
    """Frame kind, store_id, cohort, claimed, redeemed, rate_so_far, rate_expected, is_final; sorted.

    One row per coupon kind, store and day of claim of the last 56 days. rate_so_far: redeemed by the end of ``origin``
    over claimed. rate_expected: the same once every coupon is closed, redeemed so far plus what the hazard expects of
    those still open. is_final: no coupon of the cohort can be redeemed any more, so both rates are the same.
    Claims without ``kind`` are of the kind "all". Claims not known at the origin are ignored.
    """
    known = known_claims(claims, origin)
    if known.empty:
        return pd.DataFrame(columns=_COLUMNS)
    store_ids, store = np.unique(known["store_id"].to_numpy(dtype=object), return_inverse=True)
    cohorts = cohorts_of(known, store.astype(np.int64))
    cells = _cells(cohorts, store_ids, day_number(origin)).assign(
        kind=kind_names(known)[cohorts.kind[cohorts.stock]], store_id=store_ids[cohorts.store]
    )
    recent = cells[cohorts.claim_day > day_number(origin) - WINDOW_DAYS]
    sums = recent.astype({"kind": "str", "store_id": "str"}).groupby(_KEY, as_index=False).sum()
    sums["rate_so_far"] = sums["redeemed"] / sums["claimed"]
    sums["rate_expected"] = (sums["redeemed"] + sums["coming"]) / sums["claimed"]
    return sums.assign(is_final=sums["open"] == 0)[_COLUMNS]


def _cells(cohorts: Cohorts, store_ids: Days, end: int) -> pd.DataFrame:
    """Coupons per cell: claimed, redeemed, open at the end of day ``end``, and expected to be redeemed of those."""
    days = day_table(None, end - WINDOW_DAYS, end + cohorts.ages)
    fitted = fit_redemptions(cohorts, days, end, end, len(store_ids), horizon=1)
    part, coming = fitted.expected_of_open(end)
    cells = pd.DataFrame(
        {
            "cohort": dates_of(cohorts.claim_day),
            "claimed": cohorts.coupons,
            "redeemed": cohorts.coupons * cohorts.redeemed,
            "coming": 0.0,
            "open": 0.0,
        }
    )
    cells.loc[part, "coming"] = coming
    cells.loc[part, "open"] = cohorts.coupons[part]
    return cells
