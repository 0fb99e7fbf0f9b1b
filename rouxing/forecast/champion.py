"""Which way of forecasting leads: the model or the weekday rule. It changes only when rolling origins say so."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from rouxing.forecast.demand import DemandModel

MODEL, RULE = "model", "weekday_rule"
_POINTS = {MODEL: "p50", RULE: "rule"}
MARGIN = 0.05
FEWEST_ORIGINS = 3


@dataclass(frozen=True)
class Champion:
    """Who leads after a judgement, and why.

    ``gain``: share by which the challenger's absolute error is below the incumbent's over all paired rows (negative =
    worse, NaN = nothing to compare). ``won``: origins of ``origins`` in which it was lower. ``reason``: for people.
    """

    kind: str
    incumbent: str
    challenger: str
    gain: float
    won: int
    origins: int
    reason: str

    @staticmethod
    def unjudged(incumbent: str) -> Champion:
        """The incumbent, where nothing was judged."""
        nothing = pd.DataFrame({name: [] for name in ("origin", "actual", *_POINTS.values())}, dtype=np.float64)
        return choose_champion(incumbent, nothing)

    @property
    def has_changed(self) -> bool:
        return self.kind != self.incumbent


def choose_champion(incumbent: str, judged: pd.DataFrame) -> Champion:
    """The champion after a rolling backtest: the challenger where it is better by 5 % in sum and at every origin.

    ``judged``: origin, p50, rule, actual, one row per closed store-day; both are scored on the same rows. Fewer than
    three origins change nothing. The model forecasts as if no store had been given to the rule.
    """
    challenger = RULE if incumbent == MODEL else MODEL
    actual = judged["actual"].to_numpy(dtype=np.float64)
    errors = pd.DataFrame(
        {kind: np.abs(judged[point].to_numpy(dtype=np.float64) - actual) for kind, point in _POINTS.items()}
    )
    by_origin = errors.groupby(judged["origin"].to_numpy()).sum()
    won, origins = int((by_origin[challenger] < by_origin[incumbent]).sum()), len(by_origin)
    total = errors.sum()
    gain = float(1.0 - total[challenger] / total[incumbent]) if total[incumbent] > 0 else float("nan")
    wins = origins >= FEWEST_ORIGINS and won == origins and gain >= MARGIN
    kind = challenger if wins else incumbent
    return Champion(kind, incumbent, challenger, gain, won, origins, _reason(kind, challenger, gain, won, origins))


def led_by(champion: str, model: DemandModel) -> DemandModel:
    """The model as it is used: every store on the rule while the rule leads, its own choice per store otherwise."""
    if champion == MODEL:
        return model
    every = np.ones_like(model.calibration.prefers_rule)
    return replace(model, calibration=replace(model.calibration, prefers_rule=every))


def _reason(kind: str, challenger: str, gain: float, won: int, origins: int) -> str:
    if origins == 0 or not np.isfinite(gain):
        return f"{kind} kept: no closed day to compare on"
    told = (
        f"{challenger} has {abs(gain):.1%} {'less' if gain > 0 else 'more'} error, better at {won} of {origins} origins"
    )
    if kind == challenger:
        return f"{kind} takes over: {told}"
    return f"{kind} kept: {told}; {MARGIN:.0%} less and every one of at least {FEWEST_ORIGINS} origins are asked for"
