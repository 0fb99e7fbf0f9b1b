"""Coupon quotas: the priced plan against the rule that trims in proportion, in one run."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd

from rouxing.redistribute.problem import QuotaParameters
from rouxing.redistribute.quotas import redistribute_quotas, rule_quotas

SIZES = ((30, 6), (200, 6))
DAYS = pd.to_datetime(["2026-06-18", "2026-06-19"])
REPEATS = 3


def question(stores: int, stocks: int, seed: int) -> dict[str, pd.DataFrame]:
    """Two days of quotas in which about a third of the stores are full."""
    random = np.random.default_rng(seed)
    keys = pd.MultiIndex.from_product(
        [[f"B{k}" for k in range(stocks)], [f"S{k:04d}" for k in range(stores)], DAYS],
        names=["stock_id", "carrier_id", "business_date"],
    ).to_frame(index=False)
    previous = random.integers(5, 40, len(keys))
    cells = keys.assign(
        campaign_id="C" + (keys["stock_id"].str[1:].astype(int) % 3).astype(str),
        previous_coupons=previous,
        issued_coupons=(previous * random.uniform(0, 0.3, len(keys))).astype(int),
        reference_coupons=previous * 0.8,
        demand_mean=previous * random.uniform(0.6, 1.6, len(keys)),
        value_fen=random.uniform(200, 1500, len(keys)),
        is_protected=False,
        in_scope=True,
    )
    loads = keys.assign(store_id=keys["carrier_id"], load_date=keys["business_date"], pickups_per_coupon=0.24)
    store_days = keys[["carrier_id", "business_date"]].drop_duplicates().rename(columns={"carrier_id": "store_id"})
    load = random.uniform(30, 70, len(store_days))
    store_days = store_days.assign(load_upper=load, capacity_pickups=load * random.uniform(0.9, 1.4, len(load)))
    sums = cells.groupby(["campaign_id", "business_date"], as_index=False)["previous_coupons"].sum()
    budgets = sums.rename(columns={"previous_coupons": "budget_coupons"})
    totals = budgets.groupby("campaign_id", as_index=False)["budget_coupons"].sum()
    return {
        "cells": cells,
        "loads": loads,
        "store_days": store_days,
        "budgets": budgets,
        "totals": totals.rename(columns={"budget_coupons": "remaining_coupons"}),
    }


def main() -> None:
    print("quotas: seconds, gap to the upper bound, and what the proportional rule loses")
    free = QuotaParameters(max_changed_carriers=1_000_000, max_changed_stocks=1_000_000)
    for stores, stocks in SIZES:
        seconds, gaps, losses = [], [], []
        for seed in range(REPEATS):
            asked = question(stores, stocks, seed)
            started = time.perf_counter()
            plan = redistribute_quotas(**asked, parameters=free)
            seconds.append(time.perf_counter() - started)
            gaps.append(1 - plan.value_fen / plan.upper_bound_fen)
            losses.append(1 - rule_quotas(**asked, parameters=free).value_fen / plan.value_fen)
        medians = [np.median(values) for values in (seconds, gaps, losses)]
        print(f"  {stores} x {stocks} x 2: {medians[0]:.2f} s, gap {medians[1]:.3%}, the rule loses {medians[2]:.1%}")


if __name__ == "__main__":
    main()
