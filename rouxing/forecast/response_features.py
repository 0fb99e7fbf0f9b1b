"""What the coupon response model sees of a claim: what was known at the end of the claim's day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from rouxing.forecast.history import Days, day_numbers
from rouxing.forecast.panel import Matrix
from rouxing.model.errors import PermanentError

REQUIRED = ("store_id", "coupon_id", "claim_date")
NUMBERS = (
    "discount_rate",
    "distance_bucket",
    "threshold_yuan",
    "face_value_yuan",
    "is_threshold_coupon",
    "store_purchases",
    "store_redemptions",
    "store_claims",
    "store_min_distance",
    "store_max_distance",
    "store_mean_distance",
    "store_median_distance",
    "store_redemption_rate",
    "store_coupon_share",
    "user_stores",
    "user_min_distance",
    "user_max_distance",
    "user_mean_distance",
    "user_median_distance",
    "user_redemptions",
    "user_purchases",
    "user_claims",
    "avg_user_date_datereceived_gap",
    "min_user_date_datereceived_gap",
    "max_user_date_datereceived_gap",
    "user_coupon_share",
    "user_redemption_rate",
    "user_store_purchases",
    "user_store_claims",
    "user_store_redemptions",
    "user_store_visits",
    "user_store_plain_purchases",
    "user_store_coupon_transfer_rate",
    "user_store_coupon_buy_rate",
    "user_store_rate",
    "user_store_common_buy_rate",
    "days_since_same_coupon_claim",
    "repeat_claim",
)
_TERMS = ("discount_rate", "threshold_yuan")  # what a coupon promises; its number alone may be given out again
_USUAL_PURCHASES = 10.0


@dataclass(frozen=True)
class Claims:
    """One entry per claim, in the order of the frame.

    ``features``: claims x features, float32, NaN = not known. ``day``: day number of the claim. ``label``: 1 redeemed
    within the horizon, 0 not, NaN unknown. ``keys``: ``store``, ``coupon`` (number and terms) and ``user``, as text; a
    missing user is NaN.
    """

    features: npt.NDArray[np.float32]
    day: Days
    label: Matrix
    keys: pd.DataFrame

    def take(self, mask: npt.NDArray[np.bool_]) -> Claims:
        return Claims(self.features[mask], self.day[mask], self.label[mask], self.keys[mask])


def label_column(horizon_days: int) -> str:
    return f"redeemed_within_{horizon_days}d"


def claims_of(frame: pd.DataFrame, horizon_days: int) -> Claims:
    """The claims of a frame.

    Columns: ``store_id``, ``coupon_id``, ``claim_date``; optional ``user_id``, the label ``redeemed_within_<horizon>d``
    (true, false or missing) and the numbers in ``NUMBERS``, which are as of the claim. Other columns are not read.
    The frame is taken to hold every claim of its days: how many claims a coupon had on the day is a feature.
    Raises PermanentError when a required column is missing, or a date or label cannot be read.
    """
    missing = [column for column in REQUIRED if column not in frame.columns]
    if missing:
        raise PermanentError(f"claims lack {', '.join(missing)}; required are {', '.join(REQUIRED)}")
    day = _days(frame["claim_date"])
    numbers = [_number(frame, name) for name in NUMBERS]
    keys = _keys(frame)
    return Claims(
        features=np.column_stack([*numbers, _intensity(frame, keys["coupon"], day)]).astype(np.float32),
        day=day,
        label=_labels(frame, label_column(horizon_days)),
        keys=keys,
    )


def _days(column: pd.Series) -> Days:
    try:
        days = day_numbers(column)
    except (ValueError, TypeError) as error:
        raise PermanentError(f"claims.claim_date cannot be read as dates: {error}") from error
    if column.isna().any():
        raise PermanentError(f"claims.claim_date is missing in {column.isna().sum()} rows; leave them out or fill them")
    return days


def _number(frame: pd.DataFrame, name: str) -> Matrix:
    if name not in frame.columns:
        return np.full(len(frame), np.nan)
    try:
        numbers = pd.to_numeric(frame[name]).to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise PermanentError(f"claims.{name} holds what is not a number: {error}") from error
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _labels(frame: pd.DataFrame, column: str) -> Matrix:
    label = _number(frame, column)
    if not np.isin(label[~np.isnan(label)], (0.0, 1.0)).all():
        raise PermanentError(f"claims.{column} holds more than true, false and missing; it says whether redeemed")
    return label


def _keys(frame: pd.DataFrame) -> pd.DataFrame:
    coupon = _names(frame["coupon_id"])
    for term in _TERMS:
        coupon = coupon + "|" + pd.Series(_number(frame, term), index=frame.index).round(4).astype("str").fillna("")
    user = _names(frame["user_id"]) if "user_id" in frame.columns else pd.Series(np.nan, frame.index, dtype="str")
    keys = {"store": _names(frame["store_id"]), "coupon": coupon, "user": user}
    return pd.DataFrame(keys).reset_index(drop=True)


def _names(column: pd.Series) -> pd.Series:
    """Ids as text, the same whether a file held them as whole numbers, as decimals (beside missing ones) or text."""
    return column.convert_dtypes().astype("str")


def _intensity(frame: pd.DataFrame, coupon: pd.Series, day: Days) -> Matrix:
    """Log of the coupon's claims on the day per past purchase of the store.

    A coupon that is thrown at everybody is redeemed less. Measured against the size of the store it keeps its meaning
    when the whole platform grows; the bare count does not (it took the mean down by 3 % within a month).
    """
    claims = pd.Series(day).groupby([coupon.to_numpy(), day], dropna=False).transform("size").to_numpy()
    purchases = np.nan_to_num(_number(frame, "store_purchases"))
    intensity: Matrix = np.log(claims / (np.maximum(purchases, 0.0) + _USUAL_PURCHASES))
    return intensity
