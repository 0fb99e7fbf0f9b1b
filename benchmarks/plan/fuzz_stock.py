"""Random stock questions, and a check of the transfers that shares no code with what makes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.plan.fuzz_frames import nan_is_refused, shuffled
from rouxing.allocate.stock import StockAllocation, allocate_stock

Array = npt.NDArray[Any]
Frames = dict[str, pd.DataFrame]

_LEVELS = ("p05", "p10", "p25", "p50", "p75", "p90", "p95")
_MAY_BE_NAN = (
    ("demand", "mean"), ("demand", "p90"), ("stock", "available_units"), ("dc_supply", "available_units"),
    ("stores", "cold_free_ml"), ("skus", "margin_fen"), ("skus", "pack_units"), ("skus", "volume_ml"),
)  # fmt: skip


def stock_case(random: np.random.Generator) -> list[str]:
    """What is wrong with the transfers of one random chain of a few stores; nothing if they hold."""
    asked = _question(random)
    if random.random() < 0.03:
        return nan_is_refused(allocate_stock, asked, _MAY_BE_NAN, random)
    made = allocate_stock(**asked)
    wrong = _broken(asked, made)
    if random.random() < 0.05:
        again = allocate_stock(**{name: shuffled(frame, random) for name, frame in asked.items()})
        if not made.transfers.equals(again.transfers):
            wrong.append("the order of rows changes the transfers")
    return wrong


def _question(random: np.random.Generator) -> Frames:
    stores = [f"S{number}" for number in range(random.integers(1, 5))]
    skus = [f"K{number}" for number in range(random.integers(1, 5))]
    centres = [f"DC{number}" for number in range(random.integers(1, 3))]
    scale = float(random.choice([1.0, 20.0, 1e4, 1e9], p=[0.2, 0.6, 0.15, 0.05]))
    cells = pd.MultiIndex.from_product([stores, skus], names=["store_id", "sku_id"]).to_frame(index=False)
    demand = cells[random.random(len(cells)) < 0.9].reset_index(drop=True)
    held = cells[random.random(len(cells)) < 0.6].reset_index(drop=True)
    supply = pd.MultiIndex.from_product([centres, skus], names=["dc_id", "sku_id"]).to_frame(index=False)
    supply = supply[random.random(len(supply)) < 0.9].reset_index(drop=True)
    return {
        "demand": demand.assign(**_quantiles(random, len(demand), scale)),
        "stock": held.assign(available_units=np.floor(random.uniform(0, scale, len(held)))),
        "dc_supply": supply.assign(available_units=_amounts(random, len(supply), 2 * scale * len(stores))),
        "stores": pd.DataFrame({
            "store_id": stores, "dc_id": random.choice(centres, len(stores)),
            "ambient_free_ml": _amounts(random, len(stores), 1500 * scale * len(skus)) - 10.0 * random.integers(0, 2),
            "cold_free_ml": _amounts(random, len(stores), 1500 * scale) * random.choice([0, 1], len(stores)),
            "is_closed": random.random(len(stores)) < 0.1,
        }),
        "skus": _skus(random, skus),
    }  # fmt: skip


def _skus(random: np.random.Generator, skus: list[str]) -> pd.DataFrame:
    count = len(skus)
    margin = np.round(random.uniform(0, 1000, count)) * random.choice([0, 1, 1, 1000], count)
    return pd.DataFrame({
        "sku_id": skus, "storage_class": random.choice(["ambient", "cold"], count),
        "margin_fen": margin[:1].repeat(count) if random.random() < 0.2 else margin,
        "holding_fen": random.integers(0, 100, count), "pack_units": random.choice([1, 1, 6, 24], count),
        "shelf_life_days": random.choice([0, 1, 2, 3, 400], count), "volume_ml": random.integers(1, 3000, count),
        "minimum_units": random.choice([0, 0, 1, 10], count),
    })  # fmt: skip


def _quantiles(random: np.random.Generator, count: int, scale: float) -> dict[str, Array]:
    mean = random.uniform(0, scale, count) * random.choice([0.0, 1.0, 1.0, 1.0], count)
    if random.random() < 0.2:
        mean[:] = mean[:1] if count else mean
    spread = random.choice([0.0, 0.3, 1.0], (count, 1))
    values = np.sort(mean[:, None] * np.maximum(1 + spread * random.normal(size=(count, len(_LEVELS))), 0.0), axis=1)
    return {"mean": mean, **dict(zip(_LEVELS, values.T, strict=True))}


def _amounts(random: np.random.Generator, count: int, scale: float) -> Array:
    """Nothing, little, or more than enough."""
    return np.floor(random.uniform(0, 1, count) * scale * random.choice([0.0, 0.1, 1.0, 10.0], count))


def _broken(asked: Frames, made: StockAllocation) -> list[str]:
    lines = made.transfers.merge(asked["skus"].drop(columns="minimum_units"), on="sku_id")
    lines = lines.merge(asked["stores"], on="store_id", suffixes=("", "_own"))
    units = lines["quantity_units"]
    wrong = []
    if len(lines) != len(made.transfers) or made.transfers.duplicated(["store_id", "sku_id"]).any():
        wrong.append("a transfer is repeated or names a store or SKU without master data")
    checks = {
        "a transfer is no whole pack": units % lines["pack_units"] != 0,
        "a transfer is not above 0": units <= 0,
        "a transfer comes from another centre than the store's": lines["dc_id"] != lines["dc_id_own"],
        "cold goods go to a store without cold room": (lines["storage_class"] == "cold") & (lines["cold_free_ml"] <= 0),
        "a closed store gets goods": lines["is_closed"],
        "more is sent than sells within shelf life": units > lines["life_cap_units"] * (1 + 1e-9) + 1e-6,
        "less is sent than the minimum that could be carried": units < lines["minimum_units"],
    }
    wrong += [text for text, mask in checks.items() if mask.any()]
    wrong += _overdrawn(asked, lines)
    if made.upper_bound_fen < made.value_fen - 1e-6 * (1 + abs(made.value_fen)):
        wrong.append("the upper bound is below the value")
    return wrong


def _overdrawn(asked: Frames, lines: pd.DataFrame) -> list[str]:
    sent = lines.groupby(["dc_id", "sku_id"])["quantity_units"].sum()
    there = asked["dc_supply"].set_index(["dc_id", "sku_id"])["available_units"].reindex(sent.index).fillna(0.0)
    wrong = ["a centre sends more than it has"] if (sent > there + 1e-6).any() else []
    for storage in ("ambient", "cold"):
        of_class = lines[lines["storage_class"] == storage]
        used = (of_class["quantity_units"] * of_class["volume_ml"]).groupby(of_class["store_id"]).sum()
        room = asked["stores"].set_index("store_id")[f"{storage}_free_ml"].clip(lower=0).reindex(used.index)
        if (used > room * (1 + 1e-9) + 1e-6).any():
            wrong.append(f"{storage} goods exceed the room of a store")
    return wrong
