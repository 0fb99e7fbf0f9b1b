"""Limits that no quota of this cycle can keep: by how much, and what a person could do."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rouxing.optimize.checks import FloatArray
from rouxing.redistribute.load import upper_load
from rouxing.redistribute.problem import QuotaProblem

COLUMNS = ["limit_name", "subject", "business_date", "excess", "unit", "remedy", "remedy_amount"]
# A hand-over of three minutes in a shift of eight hours, half of it busy.
PICKUPS_PER_SHIFT = 80.0
# What a person can do about each limit of a store-day; half hours as staff.
_REMEDIES = {"counter": "add_capacity", "stock": "add_stock", "default": "confirm_capacity", "override": "add_capacity"}


def broken_limits(
    problem: QuotaProblem, quota: FloatArray, pickups_per_shift: float = PICKUPS_PER_SHIFT
) -> pd.DataFrame:
    """Frame of COLUMNS, one row per limit that the quotas (J,) are over; empty when all hold.

    ``excess`` counts what the upper quantile of the load, the units or the coupons are over the limit. ``remedy``:
    add_capacity, confirm_capacity (pickups a day), add_staff (persons for a shift, at ``pickups_per_shift`` each),
    add_stock (units or pickups worth of goods), raise_budget (coupons).
    """
    claims = problem.claims(quota)
    parts = [_store_days(problem, claims, pickups_per_shift), _exchanges(problem, claims), _budgets(problem, quota)]
    found = [part for part in parts if len(part)]
    return pd.concat(found, ignore_index=True)[COLUMNS] if found else parts[0][COLUMNS]


def _store_days(problem: QuotaProblem, claims: FloatArray, pickups_per_shift: float) -> pd.DataFrame:
    days = problem.store_days
    mean = problem.load_mean(claims)
    over = problem.broken(problem.room(claims))[: len(days.frame)]
    excess = upper_load(mean, days.forecast) - upper_load(days.mean_limit, days.forecast)
    rows = days.frame[["store_id", "business_date"]].rename(columns={"store_id": "subject"})
    rows = rows.assign(limit_name=days.frame["binding"], excess=excess, unit="pickups")[over]
    remedy = rows["limit_name"].map(_REMEDIES).fillna("add_staff")
    persons = np.ceil(rows["excess"] / pickups_per_shift)
    return rows.assign(remedy=remedy, remedy_amount=persons.where(remedy == "add_staff", np.ceil(rows["excess"])))


def _exchanges(problem: QuotaProblem, claims: FloatArray) -> pd.DataFrame:
    rows = problem.exchange_rows
    over = problem.broken(problem.room(claims))[len(problem.store_days.frame) :]
    excess = problem.exchanges @ claims - problem.exchange_limit
    named = pd.DataFrame(
        {
            "limit_name": "exchange_stock",
            "subject": rows["store_id"] + " " + rows["sku_id"],
            "business_date": rows["business_date"],
            "excess": excess,
            "unit": "units",
            "remedy": "add_stock",
            "remedy_amount": np.ceil(excess),
        }
    )
    return named.loc[over]


def _budgets(problem: QuotaProblem, quota: FloatArray) -> pd.DataFrame:
    rows = problem.budget_rows
    excess = problem.budgets @ quota - problem.budget
    over = pd.Series(excess > 1e-6)
    named = pd.DataFrame(
        {
            "limit_name": rows["limit"] + "_budget",
            "subject": rows["subject"],
            "business_date": rows["business_date"],
            "excess": excess,
            "unit": "coupons",
            "remedy": "raise_budget",
            "remedy_amount": excess,
        }
    )
    return named[over]
