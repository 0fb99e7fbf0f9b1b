"""A former plan's quotas brought back, as far as today's limits allow, and what could not be."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

CELL = ["stock_id", "carrier_id", "business_date"]


def towards(cells: pd.DataFrame, former: pd.DataFrame) -> pd.DataFrame:
    """The cells with wanted_coupons: the former plan's quota of the day, else its newest before, else that in force.

    Args:
        cells: stock_id, carrier_id, business_date, previous_coupons.
        former: stock_id, carrier_id, business_date, quota_coupons of the former plan.
    """
    newest = former.sort_values("business_date", kind="stable").drop_duplicates(CELL[:2], keep="last")
    wanted = cells[CELL].merge(former[[*CELL, "quota_coupons"]], on=CELL, how="left")["quota_coupons"]
    carried = cells[CELL].merge(newest[[*CELL[:2], "quota_coupons"]], on=CELL[:2], how="left")["quota_coupons"]
    chosen = wanted.fillna(carried).fillna(cells["previous_coupons"].reset_index(drop=True))
    return cells.assign(wanted_coupons=chosen.to_numpy("float64"))


def not_restored(quotas: pd.DataFrame, former: pd.DataFrame) -> pd.DataFrame:
    """Cells whose former quota today's limits do not allow: the cell, former_coupons, quota_coupons, reason.

    Args:
        quotas: stock_id, carrier_id, business_date, quota_coupons, previous_coupons, reason of the rollback.
        former: stock_id, carrier_id, business_date, quota_coupons of the former plan.
    """
    cells = towards(quotas, former).rename(columns={"wanted_coupons": "former_coupons"})
    different = cells[cells["quota_coupons"] != cells["former_coupons"]]
    columns = [*CELL, "former_coupons", "quota_coupons", "reason"]
    return different[columns].astype({"former_coupons": "int64"}).sort_values(CELL, ignore_index=True)


def restored_words(former_plan_id: str, missing: pd.DataFrame, shown: int = 200) -> str:
    """What a person reads on the plan: which quotas could not come back, and what each became instead."""
    if missing.empty:
        return f"回滚到 {former_plan_id}：额度全部恢复 / rollback to {former_plan_id}: every quota came back exactly"
    lines = [
        f"{_cell(row)}：{row['quota_coupons']} 张，原为 {row['former_coupons']} 张（{row['reason']}） / {_cell(row)}: "
        f"{row['quota_coupons']} instead of {row['former_coupons']} ({row['reason']})"
        for row in missing.head(shown).to_dict("records")
    ]
    more = [f"另有 {len(missing) - shown} 个 / and {len(missing) - shown} more"] if len(missing) > shown else []
    head = (
        f"回滚到 {former_plan_id}：{len(missing)} 个额度没能原样恢复 / "
        f"rollback to {former_plan_id}: {len(missing)} quotas could not come back exactly"
    )
    return "\n".join([head, *lines, *more])


def _cell(row: dict[Hashable, Any]) -> str:
    return f"{row['stock_id']} {row['carrier_id']} {row['business_date']:%Y-%m-%d}"
