"""Where stock will stand: on hand now, on its way, asked for meanwhile; and the room left for more."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

CELL = ["store_id", "sku_id"]


def units_now(stores: pd.DataFrame, skus: pd.DataFrame, counts: pd.DataFrame, in_transit: pd.DataFrame) -> pd.DataFrame:
    """Units of every SKU in every store: store_id, sku_id, on_hand_units, available_units, in_transit_units (float).

    Args:
        stores: store_id. skus: sku_id.
        counts: location_id, sku_id, on_hand_units, locked_units at the latest count; absent = none.
        in_transit: store_id, sku_id, in_transit_units; absent = none.
    """
    cells = stores[["store_id"]].merge(skus[["sku_id"]], how="cross")
    held = counts.rename(columns={"location_id": "store_id"})[[*CELL, "on_hand_units", "locked_units"]]
    cells = cells.merge(held, on=CELL, how="left").merge(in_transit, on=CELL, how="left")
    numbers = cells[["on_hand_units", "locked_units", "in_transit_units"]].astype("float64").fillna(0.0)
    return cells[CELL].assign(
        on_hand_units=numbers["on_hand_units"],
        available_units=(numbers["on_hand_units"] - numbers["locked_units"]).clip(lower=0.0),
        in_transit_units=numbers["in_transit_units"],
    )


def arrival_dates(stores: pd.DataFrame, business_date: date) -> pd.DataFrame:
    """When a transfer dispatched on ``business_date`` reaches each store: store_id, arrives_on."""
    lead = pd.to_timedelta(stores["lead_time_days"], unit="D")
    return pd.DataFrame({"store_id": stores["store_id"], "arrives_on": pd.Timestamp(business_date) + lead})


def stock_at_arrival(now: pd.DataFrame, demand: pd.DataFrame, arrivals: pd.DataFrame) -> pd.DataFrame:
    """Units left when a transfer dispatched today arrives: store_id, sku_id, available_units.

    What is on its way counts as there; the mean demand of the days before the arrival is taken off, never below 0.

    Args:
        now: of ``units_now``.
        demand: store_id, sku_id, date, mean (units) from today on.
        arrivals: of ``arrival_dates``.
    """
    due = demand.merge(arrivals, on="store_id")
    before = due[due["date"] < due["arrives_on"]].groupby(CELL, as_index=False)["mean"].sum()
    cells = now.merge(before, on=CELL, how="left")
    left = cells["available_units"] + cells["in_transit_units"] - cells["mean"].fillna(0.0)
    return cells[CELL].assign(available_units=left.clip(lower=0.0))


def free_room(stores: pd.DataFrame, skus: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Stores with the room that is free: their columns and ambient_free_ml, cold_free_ml (may be below 0).

    Goods on hand and on their way take room until they are sold; none is taken to be sold before the transfer comes.
    """
    cells = now.merge(skus[["sku_id", "volume_ml", "storage_class"]], on="sku_id")
    used = (cells["on_hand_units"] + cells["in_transit_units"]) * cells["volume_ml"]
    cold = used.where(cells["storage_class"] == "cold", 0.0).groupby(cells["store_id"]).sum()
    ambient = used.where(cells["storage_class"] == "ambient", 0.0).groupby(cells["store_id"]).sum()
    return stores.assign(
        ambient_free_ml=stores["ambient_volume_ml"] - stores["store_id"].map(ambient).fillna(0.0),
        cold_free_ml=stores["cold_volume_ml"] - stores["store_id"].map(cold).fillna(0.0),
    )


def stock_for_pickups(
    now: pd.DataFrame, transfers: pd.DataFrame, arrivals: pd.DataFrame, days: pd.DataFrame, split: pd.DataFrame
) -> pd.DataFrame:
    """Units that pickups of each planned day can draw on.

    Args:
        now: of ``units_now``.
        transfers: store_id, sku_id, quantity_units, arrives_on of the plan.
        arrivals: of ``arrival_dates``.
        days: store_id, business_date, load_mean (pickups) of consecutive days from today on, show_up_share (0-1).
        split: store_id, sku_id, units_per_pickup, walk_in_units_per_day.

    Returns:
        store_id, business_date, sku_id, available_units, units_per_pickup: on hand, on its way and planned by that
        day, less the mean demand of the days before it, less the day's walk-in sales; never below 0. What sells from
        the day of the arrival on is made up by the next day's transfer, which is not planned yet. An order takes its
        units whether or not anybody fetches it, so a pickup needs units_per_pickup over show_up_share on the day; what
        was not fetched is back on the shelf the next morning and is not taken off later days.
    """
    cells = days.merge(now, on="store_id").merge(split, on=CELL, how="left").merge(arrivals, on="store_id")
    rates = cells[["units_per_pickup", "walk_in_units_per_day"]].fillna(0.0)
    sold = cells["load_mean"] * rates["units_per_pickup"] + rates["walk_in_units_per_day"]
    sold = sold.where(cells["business_date"] < cells["arrives_on"], 0.0)
    # Sales of the same cell on earlier planned days: running sum less the day's own.
    ordered = cells[CELL].assign(day=cells["business_date"], sold=sold).sort_values("day", kind="stable")
    earlier = (ordered.groupby(CELL)["sold"].cumsum() - ordered["sold"]).reindex(cells.index)
    planned = _planned_units(cells, transfers)
    units = cells["available_units"] + cells["in_transit_units"] + planned - earlier - rates["walk_in_units_per_day"]
    return cells[["store_id", "business_date", "sku_id"]].assign(
        available_units=units.clip(lower=0.0), units_per_pickup=rates["units_per_pickup"] / cells["show_up_share"]
    )


def _planned_units(cells: pd.DataFrame, transfers: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    lines = cells[["store_id", "sku_id", "business_date"]].merge(
        transfers[[*CELL, "quantity_units", "arrives_on"]], on=CELL, how="left"
    )
    is_there = lines["arrives_on"] <= lines["business_date"]
    units: np.ndarray[tuple[int], np.dtype[np.float64]] = (
        lines["quantity_units"].where(is_there, 0.0).fillna(0.0).to_numpy("float64")
    )
    return units
