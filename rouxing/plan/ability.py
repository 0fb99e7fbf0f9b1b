"""What an allocation lets each store-day do, as the arrays that plans are judged on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from rouxing.optimize.checks import FloatArray, IntArray
from rouxing.plan.day_allocation import AllocationParameters, DayAllocation
from rouxing.plan.objective import DayAbility

DAY = ["store_id", "business_date"]


def store_day_keys(made: DayAllocation) -> pd.DataFrame:
    """store_id, business_date of the N planned store-days, in the order of all arrays over them."""
    return made.store_days[DAY].sort_values(DAY, ignore_index=True)


def along(keys: pd.DataFrame, frame: pd.DataFrame, column: str, missing: float = 0.0) -> FloatArray:
    """A column of ``frame`` by store_id, business_date in the order of ``keys``; ``missing`` where it has no row."""
    return keys.merge(frame[[*DAY, column]], on=DAY, how="left")[column].fillna(missing).to_numpy(np.float64)


def day_ability(
    frames: Mapping[str, pd.DataFrame],
    made: DayAllocation,
    parameters: AllocationParameters,
    load_shift: pd.DataFrame | None = None,
) -> DayAbility:
    """Stock and people of ``made`` on each planned store-day; the other arguments are those it was decided on."""
    keys = store_day_keys(made)
    days = keys.merge(frames["days"].rename(columns={"date": "business_date"}), on=DAY, how="left")
    limits = keys.merge(made.store_days, on=DAY)
    slots = _slots(frames, made, parameters)
    units = made.units.merge(_sku_facts(frames), on=["store_id", "sku_id"])
    unit_day = _place(units, keys)
    # Goods of a day that nobody forecast have no pickups to be judged by.
    units, unit_day = units[unit_day >= 0], unit_day[unit_day >= 0]
    shift = np.zeros(len(keys)) if load_shift is None else along(keys, load_shift, "mean_shift")
    is_last = units["business_date"] == units["business_date"].max()
    return DayAbility(
        forecast_mean=_floats(days["mean"]),
        dispersion=_floats(days["dispersion"].astype(np.float64).fillna(0.0)),
        capacity=_floats(limits["capacity_pickups"]),
        assumed_mean=np.maximum(_floats(days["mean"]) + shift, 0.0),
        day_before=_place(keys.assign(business_date=keys["business_date"] - pd.Timedelta(days=1)), keys),
        is_goods_bound=(limits["binding"] == "stock").to_numpy(np.bool_),
        slot_day=_place(slots, keys),
        slot_share=_floats(slots["share"]),
        staff=_floats(slots["staff_planned"]),
        called=_floats(slots["called"]),
        service_seconds=_floats(slots["handover_seconds"]),
        unit_day=unit_day,
        rate=_floats(units["units_per_pickup"]),
        walk_in=_floats(units["walk_in_units_per_day"]),
        available=_floats(units["available_units"]),
        unit_dispersion=_floats(units["units_dispersion"]),
        margin_fen=_floats(units["margin_fen"]),
        holding_fen=_floats(units["holding_fen"].where(is_last, 0)),
    )


def _slots(frames: Mapping[str, pd.DataFrame], made: DayAllocation, parameters: AllocationParameters) -> pd.DataFrame:
    """Half hours with their share of the day and the persons beyond the roster."""
    slots = made.staff_slots.assign(weekday=made.staff_slots["business_date"].dt.day_of_week)
    slots = (
        slots.merge(frames["slots"], on=["store_id", "weekday", "slot"], how="left")
        .merge(frames["rosters"][[*DAY, "rostered_staff"]], on=DAY, how="left")
        .merge(frames["stores"][["store_id", "handover_seconds", "counters"]], on="store_id")
    )
    rostered = slots["rostered_staff"].astype(np.float64).fillna(parameters.staff.default_rostered_staff)
    called = slots["staff_planned"] - np.minimum(rostered, slots["counters"])
    return slots.assign(share=slots["share"].fillna(0.0), called=called.clip(lower=0.0))


def _sku_facts(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    split = frames["split"][["store_id", "sku_id", "walk_in_units_per_day", "units_dispersion"]]
    return split.merge(frames["skus"][["sku_id", "margin_fen", "holding_fen"]], on="sku_id")


def _place(rows: pd.DataFrame, keys: pd.DataFrame) -> IntArray:
    """Number of each row's store-day in ``keys``."""
    place = pd.MultiIndex.from_frame(keys).get_indexer(pd.MultiIndex.from_frame(rows[DAY]))
    return np.asarray(place, dtype=np.int64)


def _floats(column: pd.Series) -> FloatArray:
    return column.to_numpy(np.float64)
