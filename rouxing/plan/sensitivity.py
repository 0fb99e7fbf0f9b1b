"""How the day's decisions would move if one value were half as large, or half as large again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from rouxing.model.economics import VALUE_FACTS
from rouxing.plan.round import DayQuestion, JointParameters, Round, answered, decide_round, offered
from rouxing.redistribute.keys import CELL

FACTORS = (0.5, 1.5)
MASTER_DATA = {"margin_fen": "skus", "holding_fen": "skus", "face_value_fen": "coupon_stocks"}
"""Values that stand in the feeds, and the frame that holds them."""
ASSUMED = (
    "claim_worth_share",
    "wait_fen_per_minute",
    "overload_fen_per_pickup",
    "called_staff_fen_per_hour",
    "move_cost_share",
)
# Values that stock is decided on, and those that only tell whom it pays to call.
_OF_GOODS = ("margin_fen", "holding_fen")
_OF_PEOPLE = ("called_staff_fen_per_hour",)
_MASTER_UNIT = "fen"
_TRANSFER = ["dc_id", "store_id", "sku_id"]
_SLOT_HOURS = 0.5


@dataclass(frozen=True)
class _Decisions:
    """What is compared: quotas by cell, units by transfer, staff-hours, expected redemptions."""

    quotas: pd.Series
    transfers: pd.Series
    staff_hours: float
    redemptions: float


def sensitivities(question: DayQuestion, parameters: JointParameters, chosen: Round) -> pd.DataFrame:
    """One row per value and factor: how a further round differs from the same round at the values as they are.

    A round decides again only what the value touches: stock and people where it changes what they are told, else the
    quotas alone. Cost: about eight allocations and fourteen decisions of quotas.

    Returns:
        name, factor, value (at the factor; NaN for master data), unit, quota_moved (coupons that lie elsewhere),
        transfers_moved (units), staff_hours and redemptions (more +, less -).
    """
    usual = decide_round(question, parameters, chosen)
    decided = _decisions(usual)
    rows = [
        _row(name, factor, parameters, decided, _decisions(_changed(question, parameters, chosen, usual, name, factor)))
        for name in (*MASTER_DATA, *ASSUMED)
        for factor in FACTORS
    ]
    return pd.DataFrame(rows)


def _changed(
    question: DayQuestion, parameters: JointParameters, chosen: Round, usual: Round, name: str, factor: float
) -> Round:
    """The round after the chosen one with the value at ``factor``; ``usual``: the one at the values as they are."""
    asked, changed = question, parameters
    if name in MASTER_DATA:
        asked = replace(
            question,
            allocation=_scaled(question.allocation, name, factor),
            quotas=_scaled(question.quotas, name, factor),
        )
    else:
        changed = _valued(parameters, name, factor)
    told = chosen.told(changed)
    is_same = np.array_equal(told.called, usual.offer.called) and np.array_equal(told.goods_fen, usual.offer.goods_fen)
    if name in _OF_GOODS or not is_same:
        return answered(asked, changed, chosen, offered(asked, changed, chosen))
    return usual if name in _OF_PEOPLE else answered(asked, changed, chosen, usual.offer)


def _valued(parameters: JointParameters, name: str, factor: float) -> JointParameters:
    value = getattr(parameters.economics, name) * factor
    # A share may pass 1 here: the question is how much hangs on it, not whether it can be so.
    changed = replace(parameters, economics=replace(parameters.economics, **{name: value}))
    if name != "move_cost_share":
        return changed
    return replace(changed, quotas=replace(parameters.quotas, move_cost_share=value))


def _scaled(frames: Mapping[str, pd.DataFrame], column: str, factor: float) -> dict[str, pd.DataFrame]:
    name = MASTER_DATA[column]
    if name not in frames:
        return dict(frames)
    return {**frames, name: frames[name].assign(**{column: frames[name][column] * factor})}


def _decisions(one: Round) -> _Decisions:
    transfers = one.allocation.transfers.groupby(_TRANSFER)["quantity_units"].sum()
    quotas = one.quotas.plan.quotas.set_index(CELL)["quota_coupons"]
    hours = _SLOT_HOURS * float(one.ability.staff.sum())
    return _Decisions(quotas, transfers, hours, one.score.redemptions)


def _row(
    name: str, factor: float, parameters: JointParameters, usual: _Decisions, changed: _Decisions
) -> dict[str, object]:
    is_master = name in MASTER_DATA
    return {
        "name": name,
        "factor": factor,
        "value": float("nan") if is_master else getattr(parameters.economics, name) * factor,
        "unit": _MASTER_UNIT if is_master else VALUE_FACTS[name].unit,
        "quota_moved": _moved(usual.quotas, changed.quotas),
        "transfers_moved": _moved(usual.transfers, changed.transfers),
        "staff_hours": changed.staff_hours - usual.staff_hours,
        "redemptions": changed.redemptions - usual.redemptions,
    }


def _moved(before: pd.Series, after: pd.Series) -> float:
    return float(after.sub(before, fill_value=0.0).abs().sum())
