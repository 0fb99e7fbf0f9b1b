"""Quotas that stay still under noise: policies over 40 cycles of five minutes that each see demand and load anew.

The world does not change; what each cycle sees of it does: wanted claims by 15 %, the store's load by 3 %, each cell
and store on its own. Worth counts with the true demand; the first cycles, in which quotas find their place, are left
out. A sign flip is a move that undoes the one of the cycle before, a reversal one that goes against the cell's last
move however long ago. A violation is a limit over by more than rounding on what the cycle itself saw.

Then two worlds more for the policy in use. Small noise: how many cells move a cycle where claims are seen within 1 %
and loads within 0.3 %. News: demand of a third of the stores rises by half after ten cycles and another third gets a
tenth more capacity; worth in the ten cycles that follow, against deciding each time anew.

The parameters in use were chosen on seeds 1-4; figures are reported on seeds 11-15.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from benchmarks.redistribute.quotas import FREE, question
from rouxing.optimize.checks import FloatArray
from rouxing.redistribute.claims import claim_curves
from rouxing.redistribute.frames import no_state
from rouxing.redistribute.keys import CELL
from rouxing.redistribute.parameters import QuotaParameters
from rouxing.redistribute.quotas import QuotaPlan, redistribute_quotas

CYCLES, WARM_UP, STOCKS = 40, 10, 10
SEEDS = (11, 12, 13, 14, 15)
ROOM_MEASURES = ["room_seen", "room_usual", "room_scatter", "room_cycles"]
Frames = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Noise:
    """Standard deviations (shares) of what a cycle sees of claims and loads."""

    claims: float = 0.15
    load: float = 0.03


@dataclass(frozen=True)
class Policy:
    """Parameters, and whether a cycle knows what the one before saw."""

    parameters: QuotaParameters
    has_memory: bool = True


OURS = Policy(replace(FREE, change_share=0.2))
NAIVE = Policy(replace(OURS.parameters, change_share=10.0, move_cost_share=0.0), has_memory=False)
POLICIES = {
    "re-optimise each time": NAIVE,
    "only clamp at 20 %": replace(NAIVE, parameters=replace(NAIVE.parameters, change_share=0.2)),
    "+ memory": replace(OURS, parameters=replace(OURS.parameters, move_cost_share=0.0)),
    "+ move cost (ours)": OURS,
}


@dataclass
class Tally:
    """What the cycles after the first came to."""

    moved: float = 0.0
    held: float = 0.0
    cells: int = 0
    moves: int = 0
    flips: int = 0
    reversals: int = 0
    worth: float = 0.0
    violations: int = 0

    def figures(self, naive: Tally) -> list[float]:
        """In the order of HEADS."""
        moves = max(self.moves, 1)
        return [
            self.moved / self.held,
            self.moves / self.cells,
            self.flips / moves,
            self.reversals / moves,
            self.reversals / self.cells,
            self.worth / naive.worth - 1,
            float(self.violations),
        ]


HEADS = ["churn a cycle", "cells moved", "sign flips", "reversals", "of all cells", "true value", "violations"]
FORMATS = [".2%", ".1%", ".1%", ".1%", ".1%", "+.2%", ".0f"]


def remembered(plan: QuotaPlan) -> pd.DataFrame:
    """What the next cycle remembers of a plan: rows of plan.quota_states."""
    claims = plan.quotas[CELL].assign(measure="wanted_claims", value=plan.quotas["smoothed_claims"])
    days = plan.store_loads.rename(columns={"store_id": "carrier_id"}).assign(stock_id="")
    rooms = days.melt(CELL, ROOM_MEASURES, var_name="measure")
    return pd.concat([claims[rooms.columns], rooms], ignore_index=True).astype({"measure": "str", "stock_id": "str"})


def seen(asked: Frames, noise: Noise, random: np.random.Generator) -> Frames:
    """The question as one cycle sees it."""
    cells, days = asked["cells"], asked["store_days"]
    wanted = np.exp(random.normal(0.0, noise.claims, len(cells)))
    load = np.exp(random.normal(0.0, noise.load, len(days)))
    cells = cells.assign(rest_claims=cells["rest_claims"] * wanted)
    days = days.assign(forecast_mean=days["forecast_mean"] * load, forecast_upper=days["forecast_upper"] * load)
    return {**asked, "cells": cells, "store_days": days}


def violations(plan: QuotaPlan) -> int:
    """Limits that the plan breaks and that its lower bounds did not break already."""
    days, budgets = plan.store_loads, plan.budgets
    before = np.maximum(days["capacity_pickups"], days["in_force_upper"])
    return int((days["load_upper"] > before + 1e-6).sum() + (budgets["slack"] < -1e-6).sum())


def world(stores: int, seed: int) -> Frames:
    """A chain whose rows are in the order of the answer."""
    asked = question(stores, STOCKS, seed)
    return asked | {"cells": asked["cells"].sort_values(CELL, ignore_index=True)}


def news(asked: Frames, cycle: int) -> Frames:
    """The chain after the warm-up: a third of the stores is in demand, another third has more capacity."""
    if cycle < WARM_UP:
        return asked
    cells, days = asked["cells"], asked["store_days"]
    wanted, room = (
        table["carrier_id" if table is cells else "store_id"].str[1:].astype(int) % 3 for table in (cells, days)
    )
    return asked | {
        "cells": cells.assign(rest_claims=cells["rest_claims"] * np.where(wanted == 0, 1.5, 1.0)),
        "store_days": days.assign(capacity_pickups=days["capacity_pickups"] * np.where(room == 1, 1.1, 1.0)),
    }


def cycles(policy: Policy, worlds: list[Frames], noise: Noise, seed: int) -> Iterator[tuple[QuotaPlan, FloatArray]]:
    """Plan and change (J,) of each cycle, one per world; every policy sees the same noise."""
    random, state = np.random.default_rng(seed), no_state()
    quota = worlds[0]["cells"]["previous_coupons"].to_numpy()
    for asked in worlds:
        asked = asked | {"cells": asked["cells"].assign(previous_coupons=quota)}
        plan = redistribute_quotas(**seen(asked, noise, random), state=state, parameters=policy.parameters)
        decided = plan.quotas["quota_coupons"].to_numpy()
        yield plan, (decided - quota).astype(np.float64)
        quota, state = decided, remembered(plan) if policy.has_memory else state


def true_worth(asked: Frames, plan: QuotaPlan) -> float:
    """Worth (fen) of a plan under the demand that there is."""
    cells, quota = asked["cells"], plan.quotas["quota_coupons"].to_numpy(np.float64)
    issued, rest, spread, value = (
        cells[name].to_numpy(np.float64) for name in ("issued_coupons", "rest_claims", "rest_dispersion", "value_fen")
    )
    return float(value @ claim_curves(issued, rest, spread).expected_min(quota))


def run(policy: Policy, worlds: list[Frames], noise: Noise, seed: int) -> Tally:
    """The cycles of one policy."""
    tally, last, before = Tally(), np.zeros(1), np.zeros(1)
    for cycle, (plan, change) in enumerate(cycles(policy, worlds, noise, seed)):
        if cycle >= WARM_UP:
            tally.moved += np.abs(change).sum()
            tally.held += plan.quotas["previous_coupons"].sum()
            tally.cells += change.size
            tally.moves += int((change != 0).sum())
            tally.flips += int((change * before < 0).sum())
            tally.reversals += int((change * last < 0).sum())
            tally.worth += true_worth(worlds[cycle], plan)
        tally.violations += violations(plan)
        last, before = np.where(change != 0, np.sign(change), last), change
    return tally


def table(stores: int, seeds: tuple[int, ...]) -> None:
    """Medians of all policies over the seeds, and the worst seed of each figure."""
    print(f"{stores} stores x {STOCKS} coupons x 2 days, {CYCLES} cycles of which {WARM_UP} to settle, seeds {seeds}")
    print(f"{'policy':<24}" + "".join(f"{head:>15}" for head in HEADS))
    runs = {
        name: [run(policy, [world(stores, seed)] * CYCLES, Noise(), seed) for seed in seeds]
        for name, policy in POLICIES.items()
    }
    naive = next(iter(runs.values()))
    for name, tallies in runs.items():
        figures = np.array([tally.figures(base) for tally, base in zip(tallies, naive, strict=True)])
        worst = np.where(np.array(HEADS) == "true value", figures.min(axis=0), figures.max(axis=0))
        for words, row in ((name, np.median(figures, axis=0)), ("  worst seed", worst)):
            shown = (format(figure, form) for figure, form in zip(row, FORMATS, strict=True))
            print(f"{words:<24}" + "".join(f"{figure:>15}" for figure in shown))


def other_worlds(stores: int, seeds: tuple[int, ...]) -> None:
    """Small noise and news, for the policy in use."""
    small = [run(OURS, [world(stores, seed)] * CYCLES, Noise(0.01, 0.003), seed) for seed in seeds]
    share = np.array([tally.moves / tally.cells for tally in small])
    print(f"small noise: {np.median(share):.2%} of the cells move a cycle, worst seed {share.max():.2%}")
    gains = []
    for seed in seeds:
        worlds = [news(world(stores, seed), cycle) for cycle in range(2 * WARM_UP)]
        ours, naive = (run(policy, worlds, Noise(), seed).worth for policy in (OURS, NAIVE))
        gains.append(ours / naive - 1)
    print(f"news: true value {np.median(gains):+.2%} in the ten cycles after it, worst seed {min(gains):+.2%}")


def main() -> None:
    stores = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    seeds = tuple(int(seed) for seed in sys.argv[2:]) or SEEDS
    table(stores, seeds)
    other_worlds(stores, seeds)


if __name__ == "__main__":
    main()
