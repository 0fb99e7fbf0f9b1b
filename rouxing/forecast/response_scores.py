"""How good forecasts of single redemptions were."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss, roc_auc_score

from rouxing.forecast.history import Days
from rouxing.forecast.panel import Matrix

_BINS = 20


def score_response(label: Matrix, chance: Matrix, day: Days, keys: pd.DataFrame) -> dict[str, float]:
    """Scores over the claims with a label (0 or 1; NaN = unknown), empty when there is none.

    auc: of all claims. coupon_auc: mean over coupons with both outcomes of the AUC within the coupon. log_loss: nats.
    calibration_error: mean distance, over twenty equally filled bins of the forecast, of mean forecast and rate.
    bias = sum p / sum y - 1. store_day_wape = sum abs(P - Y) / sum Y over claim cohorts of a store and day, P and Y the
    sums of forecasts and redemptions. A score that the claims do not define is NaN.
    """
    known = ~np.isnan(label)
    if not known.any():
        return {}
    label, chance, day, keys = label[known], chance[known], day[known], keys[known]
    both = 0 < label.sum() < len(label)
    redeemed = label.sum()
    missed = _cohort_error(keys["store"], day, label, chance)
    return {
        "claims": float(len(label)),
        "rate": float(label.mean()),
        "auc": float(roc_auc_score(label, chance)) if both else float("nan"),
        "coupon_auc": _mean_auc_within(keys["coupon"], label, chance),
        "log_loss": float(log_loss(label, chance, labels=[0.0, 1.0])),
        "calibration_error": _calibration_error(label, chance),
        "bias": float(chance.sum() / redeemed - 1) if redeemed else float("nan"),
        "store_day_wape": float(missed / redeemed) if redeemed else float("nan"),
    }


def _mean_auc_within(group: pd.Series, label: Matrix, chance: Matrix) -> float:
    """Mean over groups of the share of (redeemed, not redeemed) pairs in the right order (Mann-Whitney)."""
    table = pd.DataFrame({"group": group.to_numpy(), "label": label, "chance": chance})
    table["rank"] = table.groupby("group")["chance"].rank() * table["label"]
    sums = table.groupby("group").agg(rank=("rank", "sum"), ones=("label", "sum"), size=("label", "size"))
    sums = sums[(sums["ones"] > 0) & (sums["ones"] < sums["size"])]
    pairs = sums["ones"] * (sums["size"] - sums["ones"])
    return float(((sums["rank"] - sums["ones"] * (sums["ones"] + 1) / 2) / pairs).mean())


def _calibration_error(label: Matrix, chance: Matrix) -> float:
    order = np.argsort(chance, kind="stable")
    bins = np.array_split(label[order] - chance[order], min(_BINS, len(label)))
    return float(sum(abs(part.sum()) for part in bins) / len(label))


def _cohort_error(store: pd.Series, day: Days, label: Matrix, chance: Matrix) -> float:
    gap = pd.Series(chance - label).groupby([store.to_numpy(), day], dropna=False).sum()
    return float(gap.abs().sum())
