"""Quotas that stay still under noise: policies over 40 cycles of five minutes that each see demand and load anew.

The world does not change; what each cycle sees of it does: wanted claims by 15 %, the store's load by 3 %, each cell
and store on its own. Worth counts with the true demand; the first cycles, in which quotas find their place, are left
out. A sign flip is a move that undoes the one of the cycle before, a reversal one that goes against the cell's last
move however long ago. A violation is a limit over by more than rounding on what the cycle itself saw.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from benchmarks.redistribute.quotas import FREE, question
from rouxing.redistribute.claims import claim_curves
from rouxing.redistribute.frames import no_state
from rouxing.redistribute.keys import CELL
from rouxing.redistribute.parameters import QuotaParameters
from rouxing.redistribute.quotas import QuotaPlan, redistribute_quotas

CYCLES, WARM_UP = 40, 10
CLAIMS_NOISE, LOAD_NOISE = 0.15, 0.03
NAIVE = replace(FREE, change_share=10.0, smoothing=1.0, trust=1.0, move_cost_share=0.0)
POLICIES = {
    "re-optimise each time": NAIVE,
    "only clamp at 20 %": replace(NAIVE, change_share=0.2),
    "clamp + EWMA 0.2": replace(NAIVE, change_share=0.2, smoothing=0.2),
    "+ new room trusted 0.05": replace(NAIVE, change_share=0.2, smoothing=0.2, trust=0.05),
    "+ move cost 0.005": replace(NAIVE, change_share=0.2, smoothing=0.2, trust=0.05, move_cost_share=0.005),
    "+ move cost 0.05 (ours)": replace(NAIVE, change_share=0.2, smoothing=0.2, trust=0.05, move_cost_share=0.05),
}


@dataclass
class Tally:
    """What 30 cycles came to."""

    moved: float = 0.0
    held: float = 0.0
    cells: float = 0.0
    moves: int = 0
    flips: int = 0
    reversals: int = 0
    worth: float = 0.0
    violations: int = 0


def remembered(plan: QuotaPlan) -> pd.DataFrame:
    """What the next cycle remembers of a plan: rows of plan.quota_states."""
    claims = plan.quotas[CELL].assign(measure="wanted_claims", value=plan.quotas["smoothed_claims"])
    days = plan.store_loads[["store_id", "business_date"]].rename(columns={"store_id": "carrier_id"})
    days = days.assign(stock_id="")
    mean = days.assign(measure="forecast_mean", value=plan.store_loads["smoothed_mean"])
    limit = days.assign(measure="mean_limit", value=plan.store_loads["smoothed_limit"])
    return pd.concat([claims, mean, limit], ignore_index=True).astype({"measure": "str", "stock_id": "str"})


def seen(asked: dict[str, pd.DataFrame], random: np.random.Generator) -> dict[str, pd.DataFrame]:
    """The question as one cycle sees it."""
    cells, days = asked["cells"], asked["store_days"]
    wanted = np.exp(random.normal(0.0, CLAIMS_NOISE, len(cells)))
    load = np.exp(random.normal(0.0, LOAD_NOISE, len(days)))
    cells = cells.assign(rest_claims=cells["rest_claims"] * wanted)
    days = days.assign(forecast_mean=days["forecast_mean"] * load, forecast_upper=days["forecast_upper"] * load)
    return {**asked, "cells": cells, "store_days": days}


def violations(plan: QuotaPlan) -> int:
    """Limits that the plan breaks and that its lower bounds did not break already."""
    days, budgets = plan.store_loads, plan.budgets
    before = np.maximum(days["capacity_pickups"], days["in_force_upper"])
    return int((days["load_upper"] > before + 1e-6).sum() + (budgets["slack"] < -1e-6).sum())


def run(parameters: QuotaParameters, stores: int, stocks: int, seed: int) -> Tally:
    """The cycles of one policy; every policy sees the same noise."""
    random, asked, tally = np.random.default_rng(seed), question(stores, stocks, seed), Tally()
    asked["cells"] = asked["cells"].sort_values(CELL, ignore_index=True)
    cells, state = asked["cells"], no_state()
    issued, rest, spread = (
        cells[name].to_numpy(np.float64) for name in ("issued_coupons", "rest_claims", "rest_dispersion")
    )
    truth = claim_curves(issued, rest, spread)
    worth, last = cells["value_fen"].to_numpy(np.float64), np.zeros(len(cells))
    before = last
    for cycle in range(CYCLES):
        plan = redistribute_quotas(**seen(asked, random), state=state, parameters=parameters)
        quota = plan.quotas["quota_coupons"].to_numpy(np.float64)
        change = quota - asked["cells"]["previous_coupons"].to_numpy(np.float64)
        if cycle >= WARM_UP:
            tally.moved += np.abs(change).sum()
            tally.held += asked["cells"]["previous_coupons"].sum()
            tally.cells += (change != 0).mean() / (CYCLES - WARM_UP)
            tally.moves += int((change != 0).sum())
            tally.flips += int((change * before < 0).sum())
            tally.reversals += int((change * last < 0).sum())
            tally.worth += float(worth @ truth.expected_min(quota))
        tally.violations += violations(plan)
        last, before = np.where(change != 0, np.sign(change), last), change
        state, asked = remembered(plan), {**asked, "cells": asked["cells"].assign(previous_coupons=quota.astype(int))}
    return tally


def main() -> None:
    stores = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    tallies = {name: run(parameters, stores, 10, 0) for name, parameters in POLICIES.items()}
    naive = next(iter(tallies.values())).worth
    print(f"{stores} stores x 10 coupons x 2 days, {CYCLES} cycles of which {WARM_UP} to settle")
    heads = {"churn a cycle": 15, "cells moved": 13, "sign flips": 12, "reversals": 11, "true value": 12}
    heads["violations"] = 12
    print(f"{'policy':<24}" + "".join(f"{head:>{width}}" for head, width in heads.items()))
    for name, tally in tallies.items():
        print(
            f"{name:<24}{tally.moved / tally.held:>15.2%}{tally.cells:>13.1%}{tally.flips / max(tally.moves, 1):>12.1%}"
            f"{tally.reversals / max(tally.moves, 1):>11.1%}"
            f"{tally.worth / naive - 1:>+12.2%}{tally.violations:>12}"
        )


if __name__ == "__main__":
    main()
