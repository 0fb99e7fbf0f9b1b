"""The frames of the quota question, refused by name where they hold what no plan can be made from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from rouxing.optimize.checks import finite_array, finite_columns, refuse_where
from rouxing.redistribute.keys import CELL, DAY, KeyBook, has_repeats
from rouxing.redistribute.parameters import QuotaParameters

_COUNTS = ("previous_coupons", "issued_coupons")
_NUMBERS = ("assumed_coupons", "rest_claims", "rest_dispersion", "value_fen")
_DAY_NUMBERS = ("forecast_mean", "forecast_upper", "dispersion", "arrived_pickups", "rest_mean", "district_share")
_EXCHANGE_NUMBERS = ("forecast_units", "open_units", "mean_limit")


@dataclass(frozen=True, slots=True)
class QuotaFrames:
    """What one cycle is asked; see `redistribute_quotas` for the columns."""

    cells: pd.DataFrame
    loads: pd.DataFrame
    store_days: pd.DataFrame
    budgets: pd.DataFrame
    totals: pd.DataFrame
    exchanges: pd.DataFrame
    state: pd.DataFrame


def no_exchanges() -> pd.DataFrame:
    """No exchange coupon: no limit on SKUs."""
    columns = {"store_id": "str", "sku_id": "str", "business_date": "datetime64[s]"}
    return _empty(columns | dict.fromkeys(_EXCHANGE_NUMBERS, "float64"))


def no_state() -> pd.DataFrame:
    """Nothing remembered: the first cycle of a forecast."""
    names = dict.fromkeys(("measure", "stock_id", "carrier_id"), "str")
    return _empty(names | {"business_date": "datetime64[s]", "value": "float64"})


def checked(frames: QuotaFrames, parameters: QuotaParameters) -> QuotaFrames:
    """The frames with optional columns filled in.

    Raises:
        RefusedInputError: NaN or negative numbers, repeated keys, loads of unknown cells.
    """
    cells = frames.cells if "override_kind" in frames.cells else frames.cells.assign(override_kind="")
    _check_keys(frames)
    counts = finite_columns(cells, "cells", _COUNTS)
    refuse_where(counts != np.round(counts), "cells.previous_coupons or cells.issued_coupons is no whole number")
    finite_columns(cells, "cells", _NUMBERS)
    finite_array(frames.loads["pickups_per_claim"], "loads.pickups_per_claim")
    refuse_where(KeyBook.of(cells, CELL).rows(frames.loads) < 0, "loads names cells that are not in cells")
    finite_columns(frames.store_days, "store_days", _DAY_NUMBERS)
    for name in ("capacity_pickups", "slot_limit"):
        finite_array(frames.store_days[name].dropna(), f"store_days.{name}")
    finite_columns(frames.exchanges, "exchanges", _EXCHANGE_NUMBERS)
    finite_array(frames.budgets["budget_coupons"], "budgets.budget_coupons")
    finite_array(frames.totals["remaining_coupons"], "totals.remaining_coupons")
    finite_array(frames.state["value"], "state.value", minimum=None)
    finite_array([parameters.demand_dispersion], "parameters.demand_dispersion", minimum=1e-6)
    return replace(frames, cells=cells)


def _check_keys(frames: QuotaFrames) -> None:
    for name, columns, what in (
        ("cells", CELL, "coupon stock, carrier and date"),
        ("loads", [*CELL, "store_id", "load_date"], "cell, store and date"),
        ("store_days", DAY, "store and day"),
        ("budgets", ["campaign_id", "business_date"], "campaign and day"),
        ("totals", ["campaign_id"], "campaign"),
        ("exchanges", [*DAY, "sku_id"], "store, day and SKU"),
        ("state", ["measure", *CELL], "measure and cell"),
    ):
        refuse_where([has_repeats(getattr(frames, name), columns)], f"{name} has two rows for one {what}")


def _empty(columns: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
