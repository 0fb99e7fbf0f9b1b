"""Which benefit a coupon leads with, by how well its goods are covered: 充足 sells on price, 紧张 on being served."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from rouxing.optimize.checks import FloatArray, finite_array

AMPLE, MIDDLE, TIGHT = "ample", "middle", "tight"
# Cover below which goods are tight, and above which they are ample; between them a class stays what it was.
TIGHT_BELOW, AMPLE_ABOVE = 0.70, 0.90
# 折扣 where goods are ample; 优先购买权 where they are tight: the customer pays for certainty, not for less. 专属配送
# would be the other answer to tight goods, but the chain has no delivery channel. An exchange coupon's good is its
# benefit: it can only be promised first.
BENEFITS = {
    ("NORMAL", AMPLE): "discount",
    ("NORMAL", MIDDLE): "standard",
    ("NORMAL", TIGHT): "priority",
    ("DISCOUNT", AMPLE): "discount",
    ("DISCOUNT", MIDDLE): "discount",
    ("DISCOUNT", TIGHT): "priority",
    ("EXCHANGE", AMPLE): "standard",
    ("EXCHANGE", MIDDLE): "standard",
    ("EXCHANGE", TIGHT): "priority",
}
KEY = ["store_id", "sku_class", "coupon_kind", "business_date"]
_NOTHING = pd.DataFrame({name: pd.Series(dtype="str") for name in [*KEY[:3], "stock_class"]})


def stock_classes(cover: FloatArray, before: Any) -> Any:
    """Stock class (N,) of goods with ``cover`` (N,), the chance (0-1) that the open stock lasts until the next arrival.

    ``before`` (N,): the class of the last decision, empty where there was none. Two thresholds keep a class from
    flickering: what was ample stays so down to the tight threshold's side of the band, and the other way round.

    Raises:
        RefusedInputError: a cover that is NaN.
    """
    finite_array(cover, "cover")
    held = np.where(np.isin(before, [AMPLE, MIDDLE, TIGHT]), before, MIDDLE)
    return np.where(cover < TIGHT_BELOW, TIGHT, np.where(cover > AMPLE_ABOVE, AMPLE, held))


def choose_benefits(cover: pd.DataFrame | None, before: pd.DataFrame | None) -> pd.DataFrame:
    """Frame store_id, sku_class, coupon_kind, business_date, stock_class, cover, benefit: sorted by its key.

    Args:
        cover: the key, cover (0-1), demand_units; several goods of a class count by their demand.
        before: store_id, sku_class, coupon_kind, stock_class of the last decision; absent = the first.
    """
    if cover is None or cover.empty:
        return pd.DataFrame(columns=[*KEY, "stock_class", "cover", "benefit"])
    known = _NOTHING if before is None else before
    weight = cover["demand_units"].clip(lower=1e-9)
    sums = cover[KEY].assign(weighted=cover["cover"] * weight, weight=weight).groupby(KEY)[["weighted", "weight"]].sum()
    rows = (sums["weighted"] / sums["weight"]).clip(0.0, 1.0).rename("cover").reset_index()
    last = rows.merge(known, on=KEY[:3], how="left")["stock_class"]
    stock_class = stock_classes(rows["cover"].to_numpy(np.float64), last.to_numpy(object))
    kinds = zip(rows["coupon_kind"], stock_class, strict=True)
    benefit = pd.Series([BENEFITS[kind, one] for kind, one in kinds], dtype="str")
    return rows.assign(stock_class=pd.Series(stock_class, dtype="str"), benefit=benefit)
