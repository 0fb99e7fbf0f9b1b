"""Small chains for the quota decision, and a checker that shares no code with it."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from rouxing.redistribute.quotas import QuotaParameters, QuotaPlan

TODAY = date(2026, 6, 18)
TOMORROW = TODAY + timedelta(days=1)
KEY = ["stock_id", "carrier_id", "business_date"]
Frames = dict[str, pd.DataFrame]


def store_day(store_id: str, day: date, mean: float, capacity: float, **changes: Any) -> dict[str, Any]:
    """A store-day whose upper quantile is its mean, in a district of its own."""
    return {
        "store_id": store_id,
        "business_date": pd.Timestamp(day),
        "district_id": store_id,
        "district_share": 1.0,
        "forecast_mean": mean,
        "forecast_upper": mean,
        "dispersion": 0.0,
        "arrived_pickups": 0.0,
        "rest_mean": mean,
        "capacity_pickups": capacity,
        "binding": "counter",
        "slot_limit": np.nan,
        "slot_binding": "",
    } | changes


def one_cell(**changes: Any) -> Frames:
    """Quota 20 in force, plenty of demand, room for 40 pickups more, half a pickup a claim; 14 to 26 allowed.

    Customers want 200 coupons and surely more than 40, so that each coupon up to there is claimed.
    """
    values: dict[str, Any] = {
        "previous_coupons": 20,
        "issued_coupons": 0,
        "assumed_coupons": 20.0,
        "rest_claims": 200.0,
        "rest_dispersion": 0.2,
        "value_fen": 1000.0,
        "carrier": "store",
        "exchange_sku_id": None,
        "is_protected": False,
        "in_scope": True,
        "override_kind": "",
        "capacity": 140.0,
        "budget": 1000,
        "remaining": 1000,
    } | changes
    limits = {name: values.pop(name) for name in ("capacity", "budget", "remaining")}
    key = {"stock_id": "C1", "carrier_id": "S1", "business_date": pd.Timestamp(TODAY)}
    load = {"store_id": "S1", "load_date": pd.Timestamp(TODAY), "pickups_per_claim": 0.5}
    budget = {"campaign_id": "M1", "business_date": pd.Timestamp(TODAY), "budget_coupons": limits["budget"]}
    return {
        "cells": pd.DataFrame([key | {"campaign_id": "M1"} | values]).astype({"exchange_sku_id": "str"}),
        "loads": pd.DataFrame([key | load]),
        "store_days": pd.DataFrame([store_day("S1", TODAY, 100.0, limits["capacity"])]),
        "budgets": pd.DataFrame([budget]),
        "totals": pd.DataFrame([{"campaign_id": "M1", "remaining_coupons": limits["remaining"]}]),
    }


def city(seed: int, stores: int, stocks: int) -> Frames:
    """A random small chain: zones, neighbours, protected and frozen cells, overloaded stores, exchange goods, tight and
    absent budgets, overrides.
    """
    random = np.random.default_rng(seed)
    cells, loads = [], []
    store_ids = [f"S{i}" for i in range(stores)]
    for stock in range(stocks):
        carriers = {"D0": store_ids[:3]} if stock % 3 == 2 else {store: [store] for store in store_ids}
        for (carrier, members), day in product(carriers.items(), (TODAY, TOMORROW)):
            key = f"C{stock}", carrier, pd.Timestamp(day)
            cells.append((*key, f"M{stock // 2}", "zone" if carrier == "D0" else "store", *_numbers(random)))
            for store, later in product(members, (0, 1)):
                arrives = pd.Timestamp(day + timedelta(days=later))
                loads.append((*key, store, arrives, random.choice([0.0, 0.1, 0.45])))
    columns = ["campaign_id", "carrier", "previous_coupons", "issued_coupons", "assumed_coupons", "rest_claims"]
    more = ["rest_dispersion", "value_fen", "is_protected", "in_scope", "override_kind"]
    table = pd.DataFrame(cells, columns=[*KEY, *columns, *more])
    table["exchange_sku_id"] = pd.Series(np.where(table["stock_id"] == "C1", "K1", None), dtype="str")
    share = random.choice([0.5, 1.0, 1.1])
    budgets = table.groupby(["campaign_id", "business_date"])["previous_coupons"].sum().mul(share).round()
    totals = table.groupby("campaign_id")["previous_coupons"].sum().mul(random.choice([0.8, 1.0])).round()
    return {
        "cells": table,
        "loads": pd.DataFrame(loads, columns=[*KEY, "store_id", "load_date", "pickups_per_claim"]),
        "store_days": _store_days(random, store_ids),
        "budgets": budgets.rename("budget_coupons").reset_index().sample(frac=0.9, random_state=1),
        "totals": totals.rename("remaining_coupons").reset_index(),
        "exchanges": _exchanges(random, store_ids),
    }


def _numbers(random: np.random.Generator) -> tuple[Any, ...]:
    previous = int(random.choice([0, 1, 7, 40, 3000]))
    issued = int(random.choice([0, 0.3 * previous, previous, previous + 2]))
    rest, dispersion = previous * random.uniform(0, 2), random.choice([1e-3, 0.2, 2.0])
    kind = random.choice(["", "", "", "", "closed", "no_new_quota"])
    flags = bool(random.random() < 0.1), bool(random.random() < 0.9), kind
    return previous, issued, previous * random.uniform(0, 1), rest, dispersion, random.choice([0.0, 300, 900]), *flags


def _store_days(random: np.random.Generator, store_ids: list[str]) -> pd.DataFrame:
    rows = []
    for number, (store, day) in enumerate(product(store_ids, (TODAY, TOMORROW))):
        mean, spread = random.choice([0.0, 40, 90]), random.choice([0.0, 1.2])
        size = 3 if number < 6 else max(len(store_ids) - 3, 1)
        changes = {
            "district_id": "D0" if number < 6 else "D1",
            "district_share": 1.0 / min(size, len(store_ids)),
            "forecast_upper": mean + spread * np.sqrt(mean + 0.05 * mean**2),
            "dispersion": 0.05,
            "slot_limit": random.choice([np.nan, mean + 5.0]),
            "slot_binding": "slot 12:00",
        }
        rows.append(store_day(store, day, mean, random.choice([0.0, 50, 100, 1e5, np.nan]), **changes))
    return pd.DataFrame(rows)


def _exchanges(random: np.random.Generator, store_ids: list[str]) -> pd.DataFrame:
    rows = [
        {"store_id": store, "sku_id": "K1", "business_date": pd.Timestamp(day), "forecast_units": 3.0}
        for store, day in product(store_ids, (TODAY, TOMORROW))
        if random.random() < 0.5
    ]
    columns = ["store_id", "sku_id", "business_date", "forecast_units"]
    frame = pd.DataFrame(rows, columns=columns).astype({"business_date": "datetime64[us]", "forecast_units": "float64"})
    limit = random.choice([0.0, 4.0, 30.0], len(frame))
    return frame.assign(open_units=limit * 1.5, mean_limit=limit)


def claims_by_hand(shares: Any, units: Any, quota: float) -> float:
    """Integral of min(quantile, quota) over the shares, a straight piece at a time."""
    total = 0.0
    for width, low, high in zip(np.diff(shares), units[:-1], units[1:], strict=True):
        if high <= quota:
            total += width * (low + high) / 2
        elif low >= quota:
            total += width * quota
        else:
            below = (quota - low) / (high - low)
            total += width * (below * (low + quota) / 2 + (1 - below) * quota)
    return total


def check_limits(frames: Frames, plan: QuotaPlan, parameters: QuotaParameters) -> None:
    """Every limit counted a second way, from the frames and the curves alone."""
    lines = plan.quotas[[*KEY, "quota_coupons"]].merge(frames["cells"], on=KEY, validate="1:1")
    assert len(lines) == len(frames["cells"])
    quota, previous, issued = (lines[f"{name}_coupons"] for name in ("quota", "previous", "issued"))
    scope, closed = lines["in_scope"], lines["override_kind"] == "closed"
    assert (quota[~scope] == previous[~scope]).all()
    move = np.maximum(parameters.change_share * previous, parameters.change_minimum_coupons)
    changed = quota != previous
    assert (quota[changed] >= issued[changed]).all()
    within = (quota - previous).abs() <= np.maximum(move, issued - previous) + 1e-9
    assert (within | (closed & (quota == issued)))[changed].all()
    assert (quota >= previous)[lines["is_protected"] & ~closed].all()
    assert (quota <= np.maximum(previous, issued))[lines["override_kind"] == "no_new_quota"].all()
    assert changed.sum() <= parameters.max_changed_carriers
    assert lines.loc[changed, "stock_id"].nunique() <= parameters.max_changed_stocks
    for budget in frames["budgets"].itertuples():
        here = (lines["campaign_id"] == budget.campaign_id) & (lines["business_date"] == budget.business_date)
        assert quota[here].sum() <= max(budget.budget_coupons, np.maximum(previous, issued)[here].sum())
    for total in frames["totals"].itertuples():
        here = lines["campaign_id"] == total.campaign_id
        assert quota[here].sum() <= max(total.remaining_coupons, np.maximum(previous, issued)[here].sum())
    _check_loads(frames, plan, lines, parameters)


def _check_loads(frames: Frames, plan: QuotaPlan, lines: pd.DataFrame, parameters: QuotaParameters) -> None:
    """A limit may stay broken only where the quotas in force (or those issued) break it, and never worse."""

    def claims(coupons: Any) -> Any:
        return [
            claims_by_hand(plan.curves.shares, units, level)
            for units, level in zip(plan.curves.units, coupons, strict=True)
        ]

    in_force = np.maximum(lines["previous_coupons"], lines["issued_coupons"])
    lines = lines.assign(
        planned=claims(lines["quota_coupons"]), held=claims(in_force), contained=claims(lines["assumed_coupons"])
    )
    loads = frames["loads"].merge(lines, on=KEY)
    more = {}
    for row in frames["store_days"].itertuples():
        here = loads[(loads["store_id"] == row.store_id) & (loads["load_date"] == row.business_date)]
        own = here[here["carrier"] == "store"]
        away = (own["pickups_per_claim"] * (own["contained"] - own["planned"]).clip(lower=0)).sum()
        each = here["pickups_per_claim"]
        added = (each * (here["planned"] - here["contained"])).sum(), (each * (here["held"] - here["contained"])).sum()
        more[row.store_id, row.business_date] = (*added, away)
    for row in frames["store_days"].itertuples():
        _check_store_day(frames["store_days"], row, more, plan, parameters)
    _check_exchanges(frames, loads)


def _check_store_day(days: pd.DataFrame, row: Any, more: Any, plan: QuotaPlan, parameters: QuotaParameters) -> None:
    line = plan.store_loads.set_index(["store_id", "business_date"]).loc[(row.store_id, row.business_date)]
    spill = 0.0
    for other in days.itertuples():
        near = other.district_id == row.district_id and other.business_date == row.business_date
        if near and other.store_id != row.store_id:
            away = more[other.store_id, other.business_date][2]
            spill += parameters.spill_share * row.district_share * away / (1 - other.district_share)
    assert line["spill_mean"] == np.float64(min(spill, line["spill_limit"])).round(12) or np.isclose(
        line["spill_mean"], min(spill, line["spill_limit"])
    )
    planned, held, _ = more[row.store_id, row.business_date]
    mean = max(row.forecast_mean + line["spill_mean"] + planned, 0.0)
    before = max(row.forecast_mean + held, 0.0)
    assert np.isclose(line["load_mean"], mean)

    def upper(level: float) -> float:
        first = row.forecast_mean + row.dispersion * row.forecast_mean**2
        now = level + row.dispersion * level**2
        if first == 0:
            return level + 1.2815515655446004 * np.sqrt(now)
        return level + (row.forecast_upper - row.forecast_mean) * np.sqrt(now / first)

    assert np.isclose(line["load_upper"], upper(mean))
    if not np.isnan(row.capacity_pickups):
        assert upper(mean) <= max(row.capacity_pickups, upper(before)) + 1e-6
    else:
        assert mean <= before + 1e-6
    if not np.isnan(row.slot_limit):
        assert mean <= max(row.slot_limit, before) + 1e-6


def _check_exchanges(frames: Frames, loads: pd.DataFrame) -> None:
    if "exchanges" not in frames:
        return
    for row in frames["exchanges"].itertuples():
        here = loads[(loads["store_id"] == row.store_id) & (loads["load_date"] == row.business_date)]
        here = here[here["exchange_sku_id"] == row.sku_id]
        each = here["pickups_per_claim"]
        planned = row.forecast_units + (each * (here["planned"] - here["contained"])).sum()
        held = row.forecast_units + (each * (here["held"] - here["contained"])).sum()
        assert planned <= max(row.mean_limit, held) + 1e-6
