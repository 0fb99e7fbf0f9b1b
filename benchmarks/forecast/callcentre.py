"""Half hours of a real counter against simple rules: a day and three days ahead, and the rest of the running day.

Run from the checkout: python -m benchmarks.forecast.callcentre FOLDER, the folder that holds callcentre/.
One desk, no opening hours, holidays in no calendar. Every figure is from origins that roll day by day; settings were
chosen on the first stretch of origins, the later ones only judge. Errors are WAPE over half hours.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from rouxing.forecast.intraday import update_today
from rouxing.forecast.pit import randomised_pit
from rouxing.forecast.slots import SLOT_DAYS, forecast_slots
from rouxing.model.dates import SLOTS_PER_DAY
from rouxing.model.quantiles import LEVELS, QUANTILE_COLUMNS

DESK = pd.DataFrame({"store_id": ["desk"], "district_id": ["desk"], "opens_slot": [0], "closes_slot": [SLOTS_PER_DAY]})
NO_DAYS = pd.DataFrame({"store_id": [], "date": pd.to_datetime([]), "mean": [], "p10": [], "p90": []})
STRETCHES = {"chosen on": (70, 190), "judged 1": (190, 230), "judged 2": (230, 270), "judged 3": (270, 306)}
NOW_SLOTS = range(18, 44, 4)
DECAYS = (2.0, 3.0, 4.0)  # half-lives in weeks of the decayed eight-week mean; the best on the first stretch stands
PEERS = ("naive", "four weeks", *(f"eight weeks, {weeks:.0f}" for weeks in DECAYS))


def main(folder: Path) -> None:
    table = pd.read_parquet(folder / "callcentre" / "slots.parquet")
    history = pd.DataFrame(
        {"store_id": "desk", "date": pd.to_datetime(table["date"]), "slot": table["half_hour"]}
    ).assign(pickups=table["arrivals"])
    days = history.pivot(index="date", columns="slot", values="pickups")
    started = time.process_time()
    rows = pd.concat([_forecast(history, days, origin) for origin in range(*_whole())], ignore_index=True)
    spent = (time.process_time() - started) / len(range(*_whole()))
    print(f"callcentre: {spent:.3f} CPU seconds an origin\n{_ahead(rows).to_string(index=False)}")
    print(f"callcentre, share of arrivals below each quantile\n{_coverage(rows).to_string(index=False)}")
    updated = pd.concat([_updated(today) for _, today in rows[rows["ahead"] == 1].groupby("origin")])
    print(f"callcentre, rest of the day from the day so far\n{_rest(updated).to_string(index=False)}")


def _whole() -> tuple[int, int]:
    return min(first for first, _ in STRETCHES.values()), max(end for _, end in STRETCHES.values())


def _forecast(history: pd.DataFrame, days: pd.DataFrame, origin: int) -> pd.DataFrame:
    """Rows of one origin: ours and the peers beside what came."""
    last = days.index[origin]
    window = history[(history["date"] <= last) & (history["date"] > last - pd.Timedelta(days=56))]
    slots = forecast_slots(NO_DAYS, window, DESK, last.date()).slots
    ahead = (slots["date"] - last).dt.days.to_numpy()
    counts = days.to_numpy()
    peers = np.stack([_peers(counts, origin, step) for step in range(1, SLOT_DAYS + 1)])
    told = pd.DataFrame(peers[ahead - 1, :, slots["slot"].to_numpy()], columns=list(PEERS))
    actual = counts[origin + ahead, slots["slot"].to_numpy()]
    return pd.concat([slots.assign(origin=origin, ahead=ahead, actual=actual), told], axis=1)


def _peers(counts: np.ndarray, origin: int, ahead: int) -> np.ndarray:
    """Peers x 48: means over the same weekday up to the origin."""
    target = origin + ahead
    past = counts[np.arange(target - 7, max(origin - 56, -1), -7)][:8]
    decayed = [np.average(past, axis=0, weights=0.5 ** (np.arange(len(past)) / weeks)) for weeks in DECAYS]
    return np.stack([past[0], past[:4].mean(axis=0), *decayed])


def _ahead(rows: pd.DataFrame) -> pd.DataFrame:
    """WAPE by stretch and days ahead, methods side by side."""
    lines = []
    for name, (first, end) in STRETCHES.items():
        part = rows[rows["origin"].between(first, end - 1)]
        for ahead in (1, 2, 3):
            lines.append({"origins": name, "days ahead": str(ahead), **_wapes(part[part["ahead"] == ahead])})
    judged = rows[rows["origin"] >= STRETCHES["chosen on"][1]]
    lines.append({"origins": "all judged", "days ahead": "1", **_wapes(judged[judged["ahead"] == 1])})
    lines.append({"origins": "all judged", "days ahead": "1-3", **_wapes(judged)})
    return pd.DataFrame(lines)


def _wapes(rows: pd.DataFrame) -> dict[str, float]:
    total = rows["actual"].sum()
    errors = {name: float((rows[name] - rows["actual"]).abs().sum() / total) for name in (*PEERS, "p50")}
    best = min(errors[name] for name in PEERS)
    bias = float(rows["mean"].sum() / total - 1.0)
    ours = errors.pop("p50")
    rounded = {name: round(error, 4) for name, error in errors.items()}
    return {**rounded, "ours": round(ours, 4), "better than best": round(1.0 - ours / best, 3), "bias": round(bias, 3)}


def _coverage(rows: pd.DataFrame) -> pd.DataFrame:
    random = np.random.default_rng(1)
    pit = randomised_pit(rows[list(QUANTILE_COLUMNS)].to_numpy(), rows["actual"].to_numpy(), random.random(len(rows)))
    lines = []
    judged = (STRETCHES["chosen on"][1], _whole()[1])
    for name, (first, end) in {**STRETCHES, "all judged": judged}.items():
        part = pit[rows["origin"].between(first, end - 1).to_numpy()]
        lines.append({"origins": name, **{f"{level:.2f}": round(float((part <= level).mean()), 3) for level in LEVELS}})
    return pd.DataFrame(lines)


def _updated(today: pd.DataFrame) -> pd.DataFrame:
    """One day's half hours still to come at several moments: before and after the update, and the rescaled mean."""
    arrivals = today[["store_id", "slot"]].assign(arrivals=today["actual"])
    parts = []
    for now_slot in NOW_SLOTS:
        past = today[today["slot"] < now_slot]
        plain = past["actual"].sum() / max(past["four weeks"].sum(), 1.0)
        updated = update_today(today, arrivals, DESK, now_slot).slots[["slot", "p50"]]
        updated = updated.rename(columns={"p50": "updated"})
        rest = today[["slot", "origin", "actual", "p50", "four weeks"]].merge(updated, on="slot")
        parts.append(rest.assign(rescaled=rest["four weeks"] * plain))
    return pd.concat(parts)


def _rest(updated: pd.DataFrame) -> pd.DataFrame:
    columns = {
        "four weeks": "four weeks",
        "four weeks, rescaled": "rescaled",
        "ours": "p50",
        "ours, updated": "updated",
    }
    lines = []
    for name, (first, end) in {**STRETCHES, "all": _whole()}.items():
        part = updated[updated["origin"].between(first, end - 1)]
        total = part["actual"].sum()
        errors = {title: (part[column] - part["actual"]).abs().sum() / total for title, column in columns.items()}
        less = 1.0 - errors["ours, updated"] / errors["ours"]
        rounded = {title: round(float(error), 4) for title, error in errors.items()}
        lines.append({"origins": name, **rounded, "less error": round(float(less), 3)})
    return pd.DataFrame(lines)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
