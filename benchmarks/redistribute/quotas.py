"""Coupon quotas: the priced plan against the rule that trims in proportion, in one run.

A chain in which about a third of the stores are full, one district of 30 stores after the other. Seconds are of CPU;
what is not the engine is frames to arrays, trim, reasons and rows. Warm: from the prices of the plan before, with
worths and capacities a few per cent different.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

from rouxing.optimize.pricing import PricedPlan, Prices, PricingProblem
from rouxing.redistribute import settle
from rouxing.redistribute.parameters import QuotaParameters
from rouxing.redistribute.quotas import QuotaPlan, redistribute_quotas, rule_quotas

SIZES = ((30, 6), (500, 30))
LARGE = (5_000, 30)
DAYS = pd.to_datetime(["2026-06-18", "2026-06-19"])
REPEATS = 3
DISTRICT = 30
FREE = QuotaParameters(max_changed_carriers=1_000_000, max_changed_stocks=1_000_000)


def question(stores: int, stocks: int, seed: int) -> dict[str, pd.DataFrame]:
    """Two days of quotas; a third of today's claims are redeemed today, a fifth of that tomorrow."""
    random = np.random.default_rng(seed)
    keys = pd.MultiIndex.from_product(
        [[f"B{k:02d}" for k in range(stocks)], [f"S{k:04d}" for k in range(stores)], DAYS],
        names=["stock_id", "carrier_id", "business_date"],
    ).to_frame(index=False)
    keys = keys.astype({"stock_id": "str", "carrier_id": "str"})
    previous = random.integers(5, 40, len(keys))
    issued = (previous * random.uniform(0, 0.3, len(keys)) * (keys["business_date"] == DAYS[0])).astype(int)
    cells = keys.assign(
        campaign_id="C" + (keys["stock_id"].str[1:].astype(int) % 3).astype(str),
        carrier="store",
        exchange_sku_id=pd.Series([None] * len(keys), dtype="str"),
        previous_coupons=previous,
        issued_coupons=issued,
        assumed_coupons=previous.astype(np.float64),
        rest_claims=previous * random.uniform(0.4, 1.6, len(keys)),
        rest_dispersion=0.2,
        value_fen=random.uniform(200, 1500, len(keys)),
        is_protected=False,
        in_scope=True,
    )
    today = keys["business_date"] == DAYS[0]
    same = keys.assign(store_id=keys["carrier_id"], load_date=keys["business_date"], pickups_per_claim=0.33)
    later = keys[today].assign(store_id=keys["carrier_id"], load_date=DAYS[1], pickups_per_claim=0.06)
    sums = cells.groupby(["campaign_id", "business_date"], as_index=False)["previous_coupons"].sum()
    budgets = sums.rename(columns={"previous_coupons": "budget_coupons"})
    totals = budgets.groupby("campaign_id", as_index=False)["budget_coupons"].sum()
    return {
        "cells": cells,
        "loads": pd.concat([same, later], ignore_index=True),
        "store_days": _store_days(stores, stocks, random),
        "budgets": budgets,
        "totals": totals.rename(columns={"budget_coupons": "remaining_coupons"}),
    }


def _store_days(stores: int, stocks: int, random: np.random.Generator) -> pd.DataFrame:
    rows = pd.MultiIndex.from_product([[f"S{k:04d}" for k in range(stores)], DAYS], names=["store_id", "business_date"])
    frame = rows.to_frame(index=False).astype({"store_id": "str"})
    mean = random.uniform(10, 20, len(frame)) * stocks
    upper = mean + 1.28 * np.sqrt(mean + 0.02 * mean**2)
    district = (frame["store_id"].str[1:].astype(int) // DISTRICT).astype(str)
    return frame.assign(
        district_id=district,
        district_share=2.0 / district.groupby(district).transform("size"),
        forecast_mean=mean,
        forecast_upper=upper,
        dispersion=0.02,
        arrived_pickups=0.0,
        rest_mean=mean,
        capacity_pickups=upper * random.uniform(0.95, 1.3, len(frame)),
        binding="counter",
        slot_limit=np.nan,
        slot_binding="",
    )


def run(stores: int, stocks: int, repeats: int) -> None:
    """Prints the medians of one size."""
    figures = []
    for seed in range(repeats):
        asked = question(stores, stocks, seed)
        plan, whole, solving = timed(asked, None)
        warm, again, solving_again = timed(later(asked, seed), plan.prices)
        started = time.process_time()
        rule = rule_quotas(**asked, parameters=FREE)
        by_rule, loss = time.process_time() - started, 1 - rule.value_fen / plan.value_fen
        figures.append((whole, solving, gap(plan), again, solving_again, gap(warm), by_rule, loss))
    whole, solving, cold_gap, again, solving_again, warm_gap, by_rule, loss = np.median(np.array(figures), axis=0)
    print(
        f"  {stores:>5} x {stocks} x 2: cold {whole:.2f} s, engine {solving:.2f}, gap {cold_gap:.3%}; "
        f"warm {again:.2f} s, engine {solving_again:.2f}, gap {warm_gap:.3%}; "
        f"the rule takes {by_rule:.2f} s and loses {loss:.1%}"
    )


def timed(asked: dict[str, pd.DataFrame], start: Prices | None) -> tuple[QuotaPlan, float, float]:
    """The plan, CPU seconds of the decision, and those of the engine in it."""
    engine, started = _EngineClock(), time.process_time()
    with engine:
        plan = redistribute_quotas(**asked, parameters=FREE, start=start)
    return plan, time.process_time() - started, engine.seconds


def later(asked: dict[str, pd.DataFrame], seed: int) -> dict[str, pd.DataFrame]:
    """The question as a round of the joint loop changes it: other worths and capacities by a few per cent."""
    random = np.random.default_rng(seed)
    cells, days = asked["cells"], asked["store_days"]
    worth = cells["value_fen"] * random.uniform(0.95, 1.05, len(cells))
    capacity = days["capacity_pickups"] * random.uniform(0.98, 1.02, len(days))
    return asked | {"cells": cells.assign(value_fen=worth), "store_days": days.assign(capacity_pickups=capacity)}


def gap(plan: QuotaPlan) -> float:
    """Share (0-1) of the stated bound by which the stated value lies below it."""
    return 1 - plan.value_fen / plan.upper_bound_fen


class _EngineClock:
    """CPU seconds that the engine takes inside a decision."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._solve = settle.solve  # type: ignore[attr-defined]

    def __enter__(self) -> None:
        def timed(problem: PricingProblem) -> PricedPlan:
            started = time.process_time()
            plan = self._solve(problem)
            self.seconds += time.process_time() - started
            return plan

        settle.solve = timed  # type: ignore[attr-defined]

    def __exit__(self, *_: object) -> None:
        settle.solve = self._solve  # type: ignore[attr-defined]


def main() -> None:
    print("quotas: CPU seconds of the whole decision, gap to its bound, and what the proportional rule loses")
    for stores, stocks in SIZES:
        run(stores, stocks, REPEATS)
    if "--large" in sys.argv:
        run(*LARGE, 1)


if __name__ == "__main__":
    main()
