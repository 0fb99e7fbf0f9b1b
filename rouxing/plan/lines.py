"""The line tables of a draft, by table: what is written of a decision, and what a replay must find again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from rouxing.plan.day_allocation import DayAllocation
from rouxing.plan.joint import JointParameters, Round, best_round
from rouxing.redistribute.lines import curve_lines
from rouxing.redistribute.quotas import QuotaPlan

Lines = dict[str, pd.DataFrame]


def allocation_lines(made: DayAllocation) -> Lines:
    """Frames by table of schema plan, without the allocation's name."""
    return {
        "plan.stock_transfers": made.transfers,
        "plan.stock_shortages": made.stock.shortages,
        "plan.stock_reservations": made.reservations,
        "plan.staff_slots": made.staff_slots,
        "plan.shifts": made.shifts,
        "plan.store_days": made.store_days,
        "plan.warnings": made.warnings,
    }


def quota_lines(plan: QuotaPlan, loads: pd.DataFrame) -> Lines:
    """Frames by table of schema plan, without the redistribution's name; ``loads``: pickups that a claim brings."""
    return {
        "plan.coupon_quotas": plan.quotas,
        "plan.quota_loads": loads,
        "plan.quota_curves": curve_lines(plan.quotas, plan.curves),
        "plan.store_loads": plan.store_loads,
        "plan.exchange_loads": plan.exchange_loads,
        "plan.broken_limits": plan.broken,
        "plan.benefits": plan.benefits,
    }


def round_lines(rounds: Sequence[Round], parameters: JointParameters) -> Lines:
    """Scores of the joint loop's rounds and what each told the next, without the redistribution's name."""
    best = best_round(list(rounds))
    scores = [{"round": one.number, "is_chosen": one is best, **asdict(one.score)} for one in rounds]
    prices = [one.prices(parameters).assign(round=one.number) for one in rounds]
    return {"plan.rounds": pd.DataFrame(scores), "plan.round_prices": pd.concat(prices)}
