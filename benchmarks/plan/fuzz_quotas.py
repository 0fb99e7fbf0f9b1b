"""Random quota questions, and a check of the answers that shares no code with what makes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.plan.fuzz_frames import nan_is_refused, shuffled
from rouxing.redistribute.parameters import QuotaParameters
from rouxing.redistribute.quotas import QuotaPlan, redistribute_quotas, rule_quotas

Array = npt.NDArray[Any]
Frames = dict[str, Any]

_CELL = ["stock_id", "carrier_id", "business_date"]
_DAY = ["store_id", "business_date"]
_DATES = pd.to_datetime(["2026-06-18", "2026-06-19"])
_MAY_BE_NAN = (
    ("cells", "previous_coupons"), ("cells", "issued_coupons"), ("cells", "assumed_coupons"), ("cells", "rest_claims"),
    ("cells", "value_fen"), ("loads", "pickups_per_claim"), ("store_days", "forecast_mean"),
    ("store_days", "dispersion"), ("budgets", "budget_coupons"), ("totals", "remaining_coupons"),
)  # fmt: skip


def quotas_case(random: np.random.Generator) -> list[str]:
    """What is wrong with the quotas of one random chain of a few stores, by the engine; nothing if they hold."""
    return _tried(random, redistribute_quotas)


def rule_case(random: np.random.Generator) -> list[str]:
    """The same by the rule that cuts in proportion."""
    return _tried(random, rule_quotas)


def _tried(random: np.random.Generator, decide: Any) -> list[str]:
    asked = _question(random)
    if random.random() < 0.03:
        return nan_is_refused(decide, asked, _MAY_BE_NAN, random)
    made = decide(**asked)
    wrong = _broken(asked, made)
    if random.random() < 0.05:
        frames = {name: value for name, value in asked.items() if name != "parameters"}
        again = decide(
            **{name: shuffled(frame, random) for name, frame in frames.items()}, parameters=asked["parameters"]
        )
        if not made.quotas["quota_coupons"].equals(again.quotas["quota_coupons"]):
            wrong.append("the order of rows changes the quotas")
    return wrong


def _question(random: np.random.Generator) -> Frames:
    stores = np.array([f"S{number}" for number in range(random.integers(1, 5))], dtype=object)
    stocks = np.array([f"B{number}" for number in range(random.integers(1, 4))], dtype=object)
    is_zone = random.random(stocks.size) < 0.25
    scale = float(random.choice([1.0, 15.0, 1e3, 1e7], p=[0.2, 0.6, 0.15, 0.05]))
    pairs = [
        (stock, carrier) for stock, zone in zip(stocks, is_zone, strict=True) for carrier in (["D"] if zone else stores)
    ]
    cells = pd.DataFrame(
        [(*pair, day) for pair in pairs for day in _DATES if random.random() < 0.9], columns=_CELL
    ).astype({"business_date": "datetime64[s]"})
    cells = _described_cells(random, cells, dict(zip(stocks, is_zone, strict=True)), scale)
    loads = _loads(random, cells, stores)
    days = pd.MultiIndex.from_product([stores, _DATES], names=_DAY).to_frame(index=False)
    days = days.astype({"business_date": "datetime64[s]"})[random.random(len(days)) < 0.9].reset_index(drop=True)
    budgets = cells.groupby(["campaign_id", "business_date"], as_index=False)["previous_coupons"].sum()
    totals = cells.groupby("campaign_id", as_index=False)["previous_coupons"].sum()
    return {
        "cells": cells,
        "loads": loads,
        "store_days": _store_days(random, days, stores, scale),
        "budgets": _budgets(random, budgets, "budget_coupons"),
        "totals": _budgets(random, totals, "remaining_coupons"),
        "exchanges": _exchanges(random, cells, loads, days, scale),
        "parameters": QuotaParameters(
            max_changed_stocks=int(random.choice([0, 1, 20])), max_changed_carriers=int(random.choice([0, 2, 400])),
            change_share=float(random.choice([0.0, 0.3, 1.0])), change_minimum_coupons=int(random.choice([0, 5])),
            spill_share=float(random.choice([0.0, 0.3, 1.0])), smoothing=float(random.choice([0.2, 1.0])),
        ),
    }  # fmt: skip


def _described_cells(
    random: np.random.Generator, cells: pd.DataFrame, is_zone: dict[str, bool], scale: float
) -> pd.DataFrame:
    count = len(cells)
    previous = np.round(random.uniform(0, 2 * scale, count)) * (random.random(count) > 0.1)
    value = np.round(random.uniform(0, 1500, count), 2) * random.choice([0.0, 1.0, 1.0, 1.0], count)
    if count and random.random() < 0.2:
        value[:] = value[0]
    kind = random.choice(["", "", "", "closed", "no_new_quota"], count).astype(object)
    return cells.assign(
        campaign_id=np.where(cells["stock_id"] == "B0", "C0", "C1"),
        carrier=np.where(cells["stock_id"].map(is_zone), "zone", "store"),
        exchange_sku_id=pd.Series(np.where(cells["stock_id"] == "B1", "K1", None), index=cells.index, dtype="str"),
        previous_coupons=previous,
        issued_coupons=np.round(previous * random.choice([0.0, 0.3, 1.0, 1.5], count)),
        assumed_coupons=np.round(previous * random.choice([0.0, 1.0, 1.3], count)),
        rest_claims=random.uniform(0, 2 * scale, count) * random.choice([0.0, 1.0, 1.0], count),
        rest_dispersion=random.choice([0.01, 0.2, 3.0], count),
        value_fen=value,
        is_protected=random.random(count) < 0.15,
        in_scope=random.random(count) < 0.9,
        override_kind=kind,
    )


def _loads(random: np.random.Generator, cells: pd.DataFrame, stores: Array) -> pd.DataFrame:
    """Pickups per claim on the day of the claim and the day after, which the store days may not plan."""
    rows = []
    for cell in cells.itertuples():
        at = [cell.carrier_id] if cell.carrier == "store" else list(stores)
        for store in at:
            for age in (0, 1):
                if random.random() < 0.8:
                    share = random.choice([0.0, 0.1, 0.4]) / len(at)
                    day = cell.business_date + pd.Timedelta(days=age)
                    rows.append((cell.stock_id, cell.carrier_id, cell.business_date, store, day, share))
    frame = pd.DataFrame(rows, columns=[*_CELL, "store_id", "load_date", "pickups_per_claim"])
    return frame.astype(
        {"business_date": "datetime64[s]", "load_date": "datetime64[s]", "pickups_per_claim": "float64"}
    )


def _store_days(random: np.random.Generator, days: pd.DataFrame, stores: Array, scale: float) -> pd.DataFrame:
    count = len(days)
    mean = random.uniform(0, 2 * scale, count) * (random.random(count) > 0.1)
    arrived = mean * random.choice([0.0, 0.0, 0.5], count)
    share = dict(zip(stores, random.dirichlet(np.ones(stores.size)), strict=True))
    return days.assign(
        district_id="D", district_share=days["store_id"].map(share).astype("float64"), forecast_mean=mean,
        forecast_upper=mean + random.choice([0.0, 1.3, 3.0], count) * np.sqrt(mean),
        dispersion=random.choice([0.0, 0.03, 0.5], count), arrived_pickups=arrived, rest_mean=mean - arrived,
        capacity_pickups=np.where(random.random(count) < 0.1, np.nan, mean * random.uniform(0, 3, count)),
        binding="counter",
        slot_limit=np.where(random.random(count) < 0.6, np.nan, mean * random.uniform(0.5, 2, count)),
        slot_binding="slot 12:00",
    )  # fmt: skip


def _budgets(random: np.random.Generator, sums: pd.DataFrame, column: str) -> pd.DataFrame:
    """Nothing, less than is in force, more; and campaigns that nobody gave a budget."""
    held = np.floor(sums["previous_coupons"] * random.choice([0.0, 0.7, 1.0, 1.5, 10.0], len(sums)))
    given = sums.drop(columns="previous_coupons").assign(**{column: held})
    return given[random.random(len(sums)) < 0.9].reset_index(drop=True)


def _exchanges(
    random: np.random.Generator, cells: pd.DataFrame, loads: pd.DataFrame, days: pd.DataFrame, scale: float
) -> pd.DataFrame:
    named = loads.merge(cells.loc[cells["exchange_sku_id"].notna(), [*_CELL, "exchange_sku_id"]], on=_CELL)
    rows = named[["store_id", "exchange_sku_id", "load_date"]].drop_duplicates(ignore_index=True)
    rows.columns = pd.Index(["store_id", "sku_id", "business_date"])
    rows = rows.merge(days, on=_DAY)
    count = len(rows)
    units = random.uniform(0, scale, count)
    open_units = units * random.choice([0.0, 0.9, 2.0], count)
    return rows.assign(forecast_units=units, open_units=open_units, mean_limit=open_units)


def _broken(asked: Frames, made: QuotaPlan) -> list[str]:
    lines = made.quotas[[*_CELL, "quota_coupons"]]
    lines = asked["cells"].merge(lines.assign(place=np.arange(len(lines))), on=_CELL)
    if len(lines) != len(asked["cells"]) or len(made.quotas) != len(lines):
        return ["quotas are not one per cell"]
    quota, before = lines["quota_coupons"], lines["previous_coupons"]
    issued, rules = lines["issued_coupons"], asked["parameters"]
    changed = lines[quota != before]
    most = np.floor(np.maximum(rules.change_share * before, rules.change_minimum_coupons))
    inside, closed = lines["in_scope"], lines["override_kind"] == "closed"
    floor = np.maximum(before, issued)
    checks = {
        "a quota is below 0": quota < 0,
        "a quota outside the scope moves": ~inside & (quota != before),
        "a quota is below what is issued": inside & (quota < issued) & (quota != before),
        "a protected quota is cut": inside & lines["is_protected"] & ~closed & (quota < before),
        "a quota is cut by more than the cycle allows": inside & ~closed & (quota < before - most),
        "a quota rises by more than the cycle allows": quota > np.maximum(before + most, floor),
        "a closed store gets more quota": closed & (quota > floor),
        "no_new_quota gets more quota": (lines["override_kind"] == "no_new_quota") & (quota > floor),
    }
    wrong = [text for text, mask in checks.items() if mask.any()]
    if len(changed) > rules.max_changed_carriers:
        wrong.append(f"{len(changed)} carriers change where {rules.max_changed_carriers} may")
    if changed["stock_id"].nunique() > rules.max_changed_stocks:
        wrong.append(f"{changed['stock_id'].nunique()} stocks change where {rules.max_changed_stocks} may")
    if made.upper_bound_fen < made.value_fen - 1e-6 * (1 + abs(made.value_fen)):
        wrong.append("the upper bound is below the value")
    return [*wrong, *_over_budget(asked, lines), *_overloaded(asked, made, lines), *_exchange_short(asked, made, lines)]


def _over_budget(asked: Frames, lines: pd.DataFrame) -> list[str]:
    """A budget may be broken only where it was, and then not by more than before."""
    wrong = []
    held = lines.assign(in_force=np.maximum(lines["previous_coupons"], lines["issued_coupons"]))
    for name, keys, column in (
        ("budgets", ["campaign_id", "business_date"], "budget_coupons"),
        ("totals", ["campaign_id"], "remaining_coupons"),
    ):
        sums = held.groupby(keys, as_index=False)[["quota_coupons", "in_force"]].sum()
        sums = sums.merge(asked[name], on=keys, how="left")
        limit = sums[column].fillna(sums["in_force"])
        if (sums["quota_coupons"] > np.maximum(limit, sums["in_force"]) + 1e-6).any():
            wrong.append(f"{name}: more coupons than the budget and than before")
        can_move = held["in_scope"] & ~held["is_protected"]
        free = held[~can_move].merge(sums[keys], on=keys)
        over = sums[(sums["quota_coupons"] > limit + 1e-6) & ~sums[keys[0]].isin(free[keys[0]])]
        if len(over) and _could_be_cut(asked, held.merge(over[keys], on=keys)):
            wrong.append(f"{name}: over the budget though quotas could have been cut")
    return wrong


def _could_be_cut(asked: Frames, cells: pd.DataFrame) -> bool:
    """Whether every cell could still go down: the least bad was not done. Only where the cycle has changes to spare."""
    rules = asked["parameters"]
    if rules.max_changed_carriers < len(asked["cells"]) or rules.max_changed_stocks < 3:
        return False
    most = np.floor(np.maximum(rules.change_share * cells["previous_coupons"], rules.change_minimum_coupons))
    least = np.maximum(np.maximum(cells["previous_coupons"] - most, 0), cells["issued_coupons"])
    return bool((cells["quota_coupons"] > least + 0.5).all())


def _claims(made: QuotaPlan, quota: Array) -> Array:
    """E[min(D, quota)] on the stated curves, segment by segment."""
    shares, units = made.curves.shares, made.curves.units
    total = np.zeros(quota.size)
    for knot in range(shares.size - 1):
        low, high = units[:, knot], units[:, knot + 1]
        rise = np.where(high > low, high - low, 1.0)
        below = np.clip((quota - low) / rise, 0.0, 1.0)
        partly = below * (low + np.minimum(quota, high)) / 2 + (1 - below) * quota
        width = shares[knot + 1] - shares[knot]
        total += width * np.where(quota >= high, (low + high) / 2, np.where(quota <= low, quota, partly))
    return total


def _moved(made: QuotaPlan, lines: pd.DataFrame) -> pd.DataFrame:
    """Claims of each cell under the plan, under the quotas in force, and those the forecast contains."""
    quotas = lines.sort_values("place")
    in_force = np.maximum(quotas["previous_coupons"], quotas["issued_coupons"]).to_numpy(np.float64)
    reference = _claims(made, quotas["assumed_coupons"].to_numpy(np.float64))
    planned = _claims(made, quotas["quota_coupons"].to_numpy(np.float64))
    return quotas[_CELL].assign(
        planned=planned - reference,
        in_force=_claims(made, in_force) - reference,
        away=np.maximum(reference - planned, 0),
    )


def _overloaded(asked: Frames, made: QuotaPlan, lines: pd.DataFrame) -> list[str]:
    moved = _moved(made, lines).merge(asked["cells"][[*_CELL, "carrier"]], on=_CELL)
    loads = asked["loads"].merge(moved, on=_CELL)
    for column in ("planned", "in_force"):
        loads[column] *= loads["pickups_per_claim"]
    loads["away"] *= loads["pickups_per_claim"] * (loads["carrier"] == "store")
    sums = loads.groupby(["store_id", "load_date"])[["planned", "in_force", "away"]].sum()
    days = (
        asked["store_days"]
        .merge(sums, left_on=_DAY, right_index=True, how="left")
        .fillna({"planned": 0.0, "in_force": 0.0, "away": 0.0})
    )
    days = days.merge(made.store_loads[[*_DAY, "spill_limit", "is_inherited", "load_mean", "spill_mean"]], on=_DAY)
    if len(days) != len(asked["store_days"]):
        return ["a store-day has no load"]
    spill = _spill(days, asked["parameters"].spill_share)
    mean = np.maximum(days["forecast_mean"] + days["planned"] + spill, 0.0)
    in_force = np.maximum(days["forecast_mean"] + days["in_force"], 0.0)
    limit = np.minimum(_mean_limit(days, in_force), days["slot_limit"].fillna(np.inf))
    size = 1e-6 * (1 + limit.where(np.isfinite(limit), 0.0) + mean)
    wrong = []
    if (np.abs(mean - days["load_mean"]) > size).any():
        wrong.append(f"the stated load is off by {float(np.abs(mean - days['load_mean']).max()):g}")
    if ((mean > limit + size) & ~days["is_inherited"]).any():
        wrong.append(f"a store-day is overloaded by {float((mean - limit)[~days['is_inherited']].max()):g}")
    if ((mean > limit + size) & (mean > in_force + size)).any():
        worse = (mean - np.maximum(limit, in_force)).max()
        wrong.append(f"an inherited overload is made worse by {float(worse):g}")
    return wrong


def _spill(days: pd.DataFrame, spill_share: float) -> pd.Series:
    """Customers from next door, as plan.store_loads defines them."""
    others = 1 - days["district_share"]
    sent = np.where(others > 1e-9, days["away"] / np.where(others > 1e-9, others, 1.0), 0.0)
    zone = pd.Series(sent, index=days.index).groupby(days["business_date"]).transform("sum")
    return np.minimum(spill_share * days["district_share"] * (zone - sent), days["spill_limit"])


def _mean_limit(days: pd.DataFrame, in_force: pd.Series) -> pd.Series:
    """Largest mean whose upper quantile is within the capacity, by bisection; without a capacity what is in force."""
    mean, dispersion = days["forecast_mean"], days["dispersion"]
    deviation = np.sqrt(mean + dispersion * mean**2)
    distance = np.where(
        mean > 1e-12, (days["forecast_upper"] - mean) / np.where(deviation > 0, deviation, 1), 1.2815515655446004
    )
    capacity = days["capacity_pickups"].fillna(0.0)
    low, high = np.zeros(len(days)), capacity.to_numpy() + 1e-12
    for _ in range(100):
        middle = (low + high) / 2
        fits = middle + distance * np.sqrt(middle + dispersion * middle**2) <= capacity
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return pd.Series(low, index=days.index).where(days["capacity_pickups"].notna(), in_force)


def _exchange_short(asked: Frames, made: QuotaPlan, lines: pd.DataFrame) -> list[str]:
    moved = _moved(made, lines).merge(
        asked["cells"].loc[asked["cells"]["exchange_sku_id"].notna(), [*_CELL, "exchange_sku_id"]], on=_CELL
    )
    loads = asked["loads"].merge(moved, on=_CELL)
    for column in ("planned", "in_force"):
        loads[column] *= loads["pickups_per_claim"]
    keys = ["store_id", "exchange_sku_id", "load_date"]
    sums = loads.groupby(keys)[["planned", "in_force"]].sum().rename_axis(["store_id", "sku_id", "business_date"])
    rows = asked["exchanges"].merge(sums, left_on=["store_id", "sku_id", "business_date"], right_index=True)
    used, before = rows["forecast_units"] + rows["planned"], rows["forecast_units"] + rows["in_force"]
    over = used > np.maximum(rows["mean_limit"], before) + 1e-6 * (1 + used.abs())
    return ["exchange coupons ask for more units than are open, and than before"] if over.any() else []
