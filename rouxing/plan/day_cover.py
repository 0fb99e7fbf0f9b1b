"""How well the goods of each store are covered today, for the coupons that sell them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from rouxing.redistribute.keys import numbers_of

Frames = Mapping[str, pd.DataFrame]
_COLUMNS = ["store_id", "sku_class", "coupon_kind", "business_date", "cover", "demand_units"]


def goods_cover(business_date: date, frames: Frames) -> pd.DataFrame:
    """Frame store_id, sku_class, coupon_kind, business_date, cover, demand_units, as `choose_benefits` takes it.

    Coupons on a whole purchase see the goods of a storage class together, an exchange coupon its own SKU.

    Args:
        business_date: today.
        frames: coupon_stocks (kind, exchange_sku_id, status), sku_split (store_id, sku_id, units_per_pickup), skus
            (sku_id, storage_class), reservations (store_id, sku_id, business_date, cover_share).
    """
    on_sale = frames["coupon_stocks"][frames["coupon_stocks"]["status"] == "SENDING"]
    kinds = sorted(set(on_sale["kind"]) - {"EXCHANGE"})
    by_class = _by_class(business_date, frames)
    parts = [by_class.assign(coupon_kind=kind) for kind in kinds]
    exchanged = on_sale["exchange_sku_id"].dropna().unique()
    told = _told(business_date, frames["reservations"])
    own = told[told["sku_id"].isin(exchanged)].rename(columns={"sku_id": "sku_class", "cover_share": "cover"})
    parts.append(own.assign(coupon_kind="EXCHANGE", demand_units=1.0))
    rows = pd.concat(parts, ignore_index=True).assign(business_date=pd.Timestamp(business_date))
    return rows[_COLUMNS].astype({"coupon_kind": "str"})


def _told(business_date: date, reservations: pd.DataFrame) -> pd.DataFrame:
    is_today = reservations["business_date"] == pd.Timestamp(business_date)
    return reservations.loc[is_today, ["store_id", "sku_id", "cover_share"]]


def _by_class(business_date: date, frames: Frames) -> pd.DataFrame:
    """Store x storage class: mean cover by demand. Goods whose cover the allocation does not tell are not scarce."""
    split, told = frames["sku_split"], _told(business_date, frames["reservations"])
    stores, skus = pd.Index(split["store_id"].unique()).sort_values(), frames["skus"].drop_duplicates("sku_id")
    names = pd.Index(skus["storage_class"].unique()).sort_values()
    of_sku = np.append(numbers_of(skus["storage_class"], names), -1)
    ids = pd.Index(skus["sku_id"])
    store, sku = numbers_of(split["store_id"], stores), numbers_of(split["sku_id"], ids)
    short = np.zeros((len(stores) + 1, len(ids) + 1))
    short[numbers_of(told["store_id"], stores), numbers_of(told["sku_id"], ids)] = 1.0 - told["cover_share"]
    known = sku >= 0
    cell = (store * len(names) + of_sku[sku])[known]
    units = split["units_per_pickup"].to_numpy(np.float64)[known]
    size = len(stores) * len(names)
    demand = np.bincount(cell, units, minlength=size)
    missing = np.bincount(cell, units * short[store, sku][known], minlength=size)
    sold = demand > 0
    place = np.nonzero(sold)[0]
    cover = np.clip(1.0 - missing[place] / demand[place], 0.0, 1.0)
    rows = {"store_id": stores.take(place // len(names)), "sku_class": names.take(place % len(names))}
    return pd.DataFrame(rows | {"cover": cover, "demand_units": demand[place]})
