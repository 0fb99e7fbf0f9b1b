"""One decision of the quotas inside the joint loop: claims cost what their pickups cost the stores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from rouxing.model.economics import Economics
from rouxing.optimize.pricing import Prices
from rouxing.plan.ability import DAY
from rouxing.plan.day_quotas import quota_question
from rouxing.plan.objective import QuotaFigures
from rouxing.redistribute.keys import CELL
from rouxing.redistribute.parameters import QuotaParameters
from rouxing.redistribute.quotas import QuotaPlan, redistribute_quotas

# A claim keeps this share of its worth at any price of its pickups: coupons are cut by limits, never by worth alone.
_LEAST_WORTH = 0.05
# What binds where a pickup more would cost customers more than it earns.
BINDING = "experience"
PER_CLAIM = "pickups_per_claim"


@dataclass(frozen=True)
class QuotaQuestion:
    """What `redistribute_quotas` is asked, and what its answer is judged by.

    ``arguments`` of `redistribute_quotas`. ``worth``: the key of a cell, worth_fen of a claim and its chance (0-1) of
    redemption. ``pickup_worth``: store_id, business_date, worth_fen of a pickup that a claim brings there.
    """

    arguments: dict[str, pd.DataFrame]
    worth: pd.DataFrame
    pickup_worth: pd.DataFrame


@dataclass(frozen=True)
class QuotaRound:
    """Quotas with what they are made of and what they bring.

    ``loads``: pickups that a claim of a cell brings. ``shift``: store_id, business_date, mean_shift (pickups beyond the
    forecast's). ``room_prices``: store_id, business_date, price_fen and binding of the store-day's own limit.
    ``worth`` and ``pickup_worth``: as in the question.
    """

    plan: QuotaPlan
    loads: pd.DataFrame
    shift: pd.DataFrame
    room_prices: pd.DataFrame
    worth: pd.DataFrame
    pickup_worth: pd.DataFrame
    figures: QuotaFigures


def priced_question(
    business_date: date,
    frames: Mapping[str, pd.DataFrame],
    scope: tuple[str, ...],
    parameters: QuotaParameters,
    economics: Economics,
) -> QuotaQuestion:
    """The quota question on these frames, with what claims and their pickups are worth to the chain."""
    arguments = quota_question(business_date, frames, scope, parameters)
    cells = arguments["cells"]
    cells = cells.assign(value_fen=cells["value_fen"] * economics.claim_worth_share)
    redeemed = frames["curves"].groupby("stock_id")["redeemed_share"].sum()
    chance = cells["stock_id"].map(redeemed).fillna(redeemed.mean() if len(redeemed) else 0.0)
    worth = cells[CELL].assign(worth_fen=cells["value_fen"], chance=chance)
    return QuotaQuestion({**arguments, "cells": cells}, worth, _pickup_worth(worth, arguments["loads"]))


def with_troubles(asked: QuotaQuestion, troubles: pd.DataFrame) -> QuotaQuestion:
    """The question when a pickup costs trouble_fen at its store and no more than bearable_mean are worth having.

    Beyond what is bearable no store is given more than the forecast's pickups, or than floor_mean if that is less; that
    it is given less is a matter of what claims are worth, not of a limit that the quotas in force would break.

    Args:
        troubles: store_id, business_date, trouble_fen per pickup, bearable_mean and floor_mean (pickups a day, may be
            infinite).
    """
    cells = asked.arguments["cells"]
    each = asked.arguments["loads"].merge(
        troubles.rename(columns={"business_date": "load_date"}), on=["store_id", "load_date"]
    )
    cost = (each[PER_CLAIM] * each["trouble_fen"]).groupby([each[name] for name in CELL]).sum()
    costs = cells[CELL].merge(cost.rename("cost_fen").reset_index(), on=CELL, how="left")["cost_fen"].fillna(0.0)
    value = cells["value_fen"].to_numpy(np.float64)
    left = value - np.minimum(costs.to_numpy(np.float64), (1.0 - _LEAST_WORTH) * value)
    days = asked.arguments["store_days"].merge(troubles, on=DAY, how="left")
    floor = np.fmin(days["forecast_mean"].to_numpy(np.float64), days["floor_mean"].to_numpy(np.float64))
    bearable = np.maximum(days["bearable_mean"].to_numpy(np.float64), floor)
    tighter = bearable < days["slot_limit"].fillna(np.inf).to_numpy(np.float64)
    days = days.assign(
        slot_limit=np.where(tighter, bearable, days["slot_limit"]),
        slot_binding=np.where(tighter, BINDING, days["slot_binding"]),
    )
    store_days = days[list(asked.arguments["store_days"].columns)]
    return replace(
        asked, arguments={**asked.arguments, "cells": cells.assign(value_fen=left), "store_days": store_days}
    )


def decide_quotas(
    asked: QuotaQuestion, parameters: QuotaParameters, economics: Economics, start: Prices | None = None
) -> QuotaRound:
    """The quotas that answer the question, and what they bring; ``start``: prices of a round before."""
    plan = redistribute_quotas(**asked.arguments, parameters=parameters, start=start)
    days = plan.store_loads
    shift = days[DAY].assign(mean_shift=days["load_mean"] - days["forecast_mean"])
    figures = _figures(plan, asked.worth, economics)
    return QuotaRound(
        plan=plan,
        loads=asked.arguments["loads"],
        shift=shift,
        # Where quotas are at their least and still too many, a little more room lets no coupon out.
        room_prices=days[[*DAY, "binding"]].assign(price_fen=days["price_fen"].where(~days["is_inherited"], 0.0)),
        worth=asked.worth,
        pickup_worth=asked.pickup_worth,
        figures=figures,
    )


def _pickup_worth(worth: pd.DataFrame, loads: pd.DataFrame) -> pd.DataFrame:
    """Worth of a redemption, averaged over the cells that load a store-day by their pickups per claim."""
    each = loads.merge(worth, on=CELL)
    each = each[each["chance"] > 0]
    earned = each[PER_CLAIM] * each["worth_fen"] / each["chance"]
    sums = pd.concat([each[["store_id", "load_date", PER_CLAIM]], earned.rename("earned")], axis=1)
    sums = sums.groupby(["store_id", "load_date"])[[PER_CLAIM, "earned"]].sum()
    return (sums["earned"] / sums[PER_CLAIM]).rename("worth_fen").rename_axis(DAY).reset_index()


def _figures(plan: QuotaPlan, worth: pd.DataFrame, economics: Economics) -> QuotaFigures:
    cells = plan.quotas.merge(worth, on=CELL)
    moved = float((cells["quota_coupons"] - cells["previous_coupons"]).abs().sum())
    mean_worth = float(cells["worth_fen"].mean()) if len(cells) else 0.0
    return QuotaFigures(
        quota_coupons=int(cells["quota_coupons"].sum()),
        claim_worth_fen=float((cells["worth_fen"] * cells["expected_claims"]).sum()),
        redemptions=float((cells["chance"] * cells["expected_claims"]).sum()),
        moved_coupons=moved,
        move_fen=economics.move_cost_share * mean_worth * moved,
    )
