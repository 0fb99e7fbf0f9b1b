"""What if the quotas of coming days were others: the same forecast moved, nothing trained again."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from rouxing.forecast.cohorts import cohorts_of
from rouxing.forecast.history import History, dates_of, day_number
from rouxing.forecast.panel import Matrix, build_panel
from rouxing.forecast.quota_claims import quota_book
from rouxing.forecast.redemptions import weekly_redemptions
from rouxing.model.errors import PermanentError
from rouxing.model.quantiles import QUANTILE_COLUMNS

_TINY = 1e-9


def quota_effect(history: History, origin: date, horizon_days: int, quotas: pd.DataFrame) -> pd.DataFrame:
    """Frame store_id, date, to_come, to_come_if: pickups from coupons claimed after ``origin``, as planned and if.

    ``quotas``: store_id, stock_id, date, coupons that would hold instead; what it does not list stays as known at the
    end of ``origin``. How many coupons customers would like is learned from history alone, so a quota above it brings
    nothing more. One row per store and day, sorted. Without known claims both are zero.
    """
    known = history.as_of(origin)
    panel = build_panel(known, day_number(origin), horizon_days)
    end, stores = day_number(origin), len(panel.store_ids)
    claims = known.claims
    nobody = np.zeros(0, dtype=np.int64)
    cohorts = cohorts_of(claims, nobody if claims is None else panel.rows_of(claims["store_id"]))
    book = quota_book(_with_alternative(known.quotas, quotas, origin), cohorts, panel)
    planned = book.ahead(end, horizon_days)
    alternative = book.known(end + 1, end + 1, end + horizon_days)
    either = (planned, np.where(np.isnan(alternative), planned, alternative))
    brought = np.zeros((2, stores, horizon_days))
    for _, fitted in weekly_redemptions(cohorts, panel.days, range(end, end + 1), stores, horizon_days):
        usual, share = book.usual_claims(end), fitted.share_of_new(end, horizon_days)
        for place, ahead in enumerate(either):
            brought[place] = book.to_come(book.claims_under(ahead, end, usual), share, fitted.by_store)
    return _frame(panel.store_ids, end, brought)


def with_quotas(days: pd.DataFrame, effect: pd.DataFrame) -> pd.DataFrame:
    """The forecast ``days`` (see ``forecast_demand``) under the other quotas of ``effect`` (see ``quota_effect``).

    mean moves by to_come_if - to_come, not below what is committed already; quantiles keep their distance from the
    mean times the root of how the mean changed, as counts do. Other columns stay.

    Raises PermanentError when ``days`` holds store-days that ``effect`` does not.
    """
    change = effect.assign(change=effect["to_come_if"] - effect["to_come"]).set_index(["store_id", "date"])["change"]
    moved = change.reindex(pd.MultiIndex.from_frame(days[["store_id", "date"]])).to_numpy()
    if np.isnan(moved).any():
        raise PermanentError(
            f"{np.isnan(moved).sum()} store-days of the forecast have no quota effect; "
            "ask quota_effect for the forecast's origin and horizon"
        )
    mean = days["mean"].to_numpy()
    floor = np.minimum(days["committed"].to_numpy(), mean) if "committed" in days.columns else np.zeros_like(mean)
    shifted = np.maximum(mean + moved, floor)
    stretch = np.sqrt(shifted / np.maximum(mean, _TINY))
    quantiles = {name: np.maximum(shifted + (days[name].to_numpy() - mean) * stretch, 0.0) for name in QUANTILE_COLUMNS}
    return days.assign(mean=shifted, **quantiles)


def _with_alternative(known: pd.DataFrame | None, quotas: pd.DataFrame, origin: date) -> pd.DataFrame:
    """Known quotas and the alternative, which is set on the day after the origin."""
    alternative = quotas[["store_id", "stock_id", "date", "coupons"]].assign(
        set_on=pd.Timestamp(origin + timedelta(days=1))
    )
    return alternative if known is None else pd.concat([_dated(known), _dated(alternative)], ignore_index=True)


def _dated(quotas: pd.DataFrame) -> pd.DataFrame:
    """Quotas with set_on and date as moments without a zone, so that frames of different makers can be joined."""
    set_on = quotas["set_on"] if "set_on" in quotas.columns else pd.Series(pd.NaT, index=quotas.index)
    return quotas.assign(set_on=_local(set_on), date=_local(quotas["date"]))


def _local(column: pd.Series) -> pd.Series:
    moments = pd.to_datetime(column)
    return moments if moments.dt.tz is None else moments.dt.tz_convert("Asia/Shanghai").dt.tz_localize(None)


def _frame(store_ids: npt.NDArray[np.object_], end: int, brought: Matrix) -> pd.DataFrame:
    _, stores, horizon = brought.shape
    return pd.DataFrame(
        {
            "store_id": np.repeat(store_ids, horizon),
            "date": np.tile(dates_of(end + np.arange(1, horizon + 1)), stores),
            "to_come": brought[0].ravel(),
            "to_come_if": brought[1].ravel(),
        }
    ).astype({"store_id": "str"})
