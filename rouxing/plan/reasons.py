"""Why each changed number of a plan is what it is. Frames in, one frame of reasons out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pandas as pd

from rouxing.plan.reason_words import reason_sentence

KEY = ["subject", "item", "business_date"]
STORED = [
    *KEY, "place_id", "article_id", "before_value", "after_value", "limit_name", "limit_subject", "price_fen",
    "forecast_mean", "committed", "limit_value", "slack", "one_more", "sentence_zh", "sentence_en",
]  # fmt: skip
# Facts that the sentences need and that need not be given for every subject.
NUMBERS = (
    "before_value", "after_value", "price_fen", "forecast_mean", "forecast_upper", "committed", "limit_value", "slack",
    "wanted", "missing", "issued_coupons", "expected_claims", "coupons_per_pickup",
)  # fmt: skip
TEXTS = ("place_id", "place_name", "article_id", "article_name", "limit_name", "limit_subject", "load_place")


def explain_numbers(facts: Mapping[str, pd.DataFrame], today: date, load_quantile: str) -> pd.DataFrame:
    """One row per number with its sentences: the columns of `plan.reasons` but the plan's name.

    Args:
        facts: per subject (coupon_quota, stock_transfer, staff) a frame with item, business_date and what is known of
            ``NUMBERS`` and ``TEXTS``; units of a number are those of its subject: coupons, units, staff hours.
        today: the plan's business date; the next days are called tomorrow and so on.
        load_quantile: p75, p90 or p95, the quantile of the load that capacity holds against.

    Cost: about 15 µs a row.
    """
    told = [_told(subject, frame, today, load_quantile) for subject, frame in facts.items()]
    return pd.concat(told, ignore_index=True)[STORED].sort_values(KEY, ignore_index=True)


def most_important(reasons: pd.DataFrame, most: int) -> pd.DataFrame:
    """The ``most`` reasons behind the largest changes, subjects in turn: coupons and units do not compare.

    A limit that holds a number comes before demand, which merely explains it.
    """
    change = (reasons["after_value"] - reasons["before_value"].fillna(0.0)).abs()
    ordered = reasons.assign(is_free=reasons["limit_name"].isin(["demand", "pack", "on_shift"]), change=change)
    ordered = ordered.sort_values(
        ["is_free", "change", *KEY], ascending=[True, False, True, True, True], ignore_index=True
    )
    turn = ordered.groupby("subject").cumcount()
    best = ordered.assign(turn=turn).sort_values(["turn", "subject"], kind="stable", ignore_index=True).head(most)
    return best.sort_values(["subject", "turn"], ignore_index=True)[reasons.columns]


def _told(subject: str, facts: pd.DataFrame, today: date, load_quantile: str) -> pd.DataFrame:
    known = facts.reindex(columns=["item", "business_date", *NUMBERS, *TEXTS])
    known = known.assign(
        price_fen=known["price_fen"].astype("float64").fillna(0.0),
        **{name: known[name].astype("object").where(known[name].notna(), "") for name in TEXTS},
    )
    told = [reason_sentence(subject, row, today, load_quantile) for row in known.to_dict("records")]
    return known.assign(
        subject=subject,
        one_more=pd.Series([more.zh for _, more in told], dtype="str"),
        sentence_zh=pd.Series([sentence.zh for sentence, _ in told], dtype="str"),
        sentence_en=pd.Series([sentence.en for sentence, _ in told], dtype="str"),
    )
