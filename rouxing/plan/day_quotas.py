"""The quota question of a day, put together from what is known. Frames in, frames out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd

from rouxing.allocate.overrides import override_values
from rouxing.plan.day_cover import goods_cover
from rouxing.plan.day_loads import exchange_limits, store_day_loads
from rouxing.plan.pilot import stores_in_scope
from rouxing.plan.rollback import towards
from rouxing.redistribute.cells import (
    carrier_shares,
    coupon_worth,
    district_shares,
    quota_budgets,
    quota_cells,
    quota_loads,
)
from rouxing.redistribute.parameters import QuotaParameters
from rouxing.redistribute.quotas import QuotaPlan, redistribute_quotas, rule_quotas

Frames = Mapping[str, pd.DataFrame]
_SLOTS = 48


def decide_day_quotas(
    business_date: date,
    frames: Frames,
    stores: tuple[str, ...],
    parameters: QuotaParameters,
    *,
    by_rule: bool,
    former: pd.DataFrame | None = None,
) -> tuple[QuotaPlan, pd.DataFrame]:
    """The quotas of one cycle by the engine or by the rule, and the pickups that a claim brings.

    Args:
        business_date: today.
        frames: as in `quota_question`, and pilot_scope.
        stores: that the run is for, empty = all; a pilot narrows them.
        parameters: of the cycle.
        by_rule: the fallback that needs no prices.
        former: quotas of a former plan that the rule is to bring back as far as it may.
    """
    scope = stores_in_scope(stores, frames["pilot_scope"]["store_id"])
    question = quota_question(business_date, frames, scope, parameters)
    if former is not None:
        question["cells"] = towards(question["cells"], former)
    decide = rule_quotas if by_rule else redistribute_quotas
    return decide(**question, parameters=parameters), question["loads"]


def quota_question(
    business_date: date,
    frames: Frames,
    scope: tuple[str, ...] = (),
    parameters: QuotaParameters | None = None,
) -> dict[str, pd.DataFrame]:
    """Arguments of `redistribute_quotas` from the frames of `warehouse.plan_inputs.read_quota_inputs`.

    Args:
        business_date: today; quotas are for it and the day after.
        frames: quotas, coupon_stocks, campaigns, stores, skus, sku_split, curves, claims (per store), store_days and
            staff_slots and reservations of the allocation, days and slot_days and coming_claims and exchanges of the
            forecast, now (slot: the half hour that is running, 0 before the day), today and arrivals_today (empty
            before the day), claim_slots, overrides, state and classes of the cycle before.
        scope: stores whose carriers may change, empty = all. A zone may change when all of its stores may.
        parameters: of the cycle.
    """
    parameters = parameters or QuotaParameters()
    stocks, now_slot = frames["coupon_stocks"], int(frames["now"]["slot"].iloc[0])
    cells = quota_cells(
        frames["quotas"],
        stocks,
        frames["campaigns"],
        frames["coming_claims"],
        coupon_worth(stocks, frames["curves"], frames["sku_split"], frames["skus"]),
        business_date,
        left_share(frames["claim_slots"], now_slot),
        parameters.demand_dispersion,
    )
    carriers = carrier_shares(cells, stocks, frames["stores"], frames["claims"])
    daily, totals = quota_budgets(cells, stocks, frames["campaigns"])
    districts = district_shares(frames["stores"], frames["claims"])
    store_days = store_day_loads(business_date, frames, now_slot, parameters.load_quantile)
    return {
        "cells": _with_scope(cells, carriers, scope, frames["overrides"]),
        "loads": quota_loads(cells, frames["curves"], carriers, business_date + timedelta(days=1)),
        "store_days": store_days.merge(districts, on="store_id"),
        "budgets": daily,
        "totals": totals,
        "exchanges": exchange_limits(cells, carriers, store_days, frames),
        "state": frames["state"],
        "cover": goods_cover(business_date, frames),
        "classes": frames["classes"],
    }


def left_share(claim_slots: pd.DataFrame, now_slot: int) -> float:
    """Share (0-1) of a day's claims that usually come from ``now_slot`` on.

    ``claim_slots``: slot, claims of the last weeks; where there are none, claims are taken to be even over the day.
    """
    total = float(claim_slots["claims"].sum())
    if total <= 0:
        return max(_SLOTS - now_slot, 0) / _SLOTS
    return float(claim_slots.loc[claim_slots["slot"] >= now_slot, "claims"].sum()) / total


def _with_scope(
    cells: pd.DataFrame, carriers: pd.DataFrame, scope: tuple[str, ...], overrides: pd.DataFrame
) -> pd.DataFrame:
    """Cells with in_scope, and override_kind of the store that carries them: closed before no_new_quota."""
    outside = (
        carriers.loc[~carriers["store_id"].isin(scope), "carrier_id"] if scope else carriers["carrier_id"].iloc[:0]
    )
    days = cells[["carrier_id", "business_date"]].rename(columns={"carrier_id": "store_id"})
    kind = np.full(len(cells), "", dtype=object)
    for name in ("no_new_quota", "closed"):
        kind[override_values(overrides, name, days) > 0] = name
    return cells.assign(in_scope=~cells["carrier_id"].isin(outside), override_kind=kind)
