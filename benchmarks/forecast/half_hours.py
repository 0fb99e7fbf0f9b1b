"""Half hours of a large chain in CPU seconds: the morning's forecast and the update from the day so far."""

from __future__ import annotations

import time
from datetime import date

import numpy as np
import pandas as pd

from rouxing.forecast.intraday import update_today
from rouxing.forecast.profile import PROFILE_DAYS
from rouxing.forecast.slots import SLOT_DAYS, forecast_slots

SIZES = (500, 5_000)
ORIGIN = date(2026, 8, 23)
OPENS, CLOSES = 18, 44
NOW_SLOTS = (20, 31)


def chain(count: int, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Stores, their days to come and eight weeks of arrivals, about 80 a day."""
    random = np.random.default_rng(seed)
    names = np.array([f"S{number:05d}" for number in range(count)])
    stores = pd.DataFrame({"store_id": names, "opens_slot": OPENS, "closes_slot": CLOSES})
    stores["district_id"] = (np.arange(count) // 25).astype(str)
    level = random.gamma(2.0, 40.0, count)
    shape = random.dirichlet(np.full(CLOSES - OPENS, 20.0))
    counts = random.poisson(level[:, None, None] * shape * np.ones((1, PROFILE_DAYS, 1)))
    store, day, slot = np.nonzero(counts)
    dates = pd.date_range(end=pd.Timestamp(ORIGIN), periods=PROFILE_DAYS)
    history = pd.DataFrame({"store_id": names[store], "date": dates[day], "slot": slot + OPENS})
    ahead = pd.date_range(pd.Timestamp(ORIGIN) + pd.Timedelta(days=1), periods=SLOT_DAYS)
    days = pd.DataFrame({"store_id": np.repeat(names, SLOT_DAYS), "date": np.tile(ahead, count)})
    days["mean"] = np.repeat(level, SLOT_DAYS)
    spread = {"p10": days["mean"] * 0.75, "p90": days["mean"] * 1.3}
    return stores, days.assign(**spread), history.assign(pickups=counts[store, day, slot])


def main() -> None:
    print("half hours: CPU seconds for three days of quantiles, and for the rest of today")
    for count in SIZES:
        stores, days, history = chain(count)
        started = time.process_time()
        slots = forecast_slots(days, history, stores, ORIGIN).slots
        told = f"  {count} stores: forecast {time.process_time() - started:.2f} s"
        today = slots[slots["date"] == days["date"].min()]
        arrivals = today[["store_id", "slot"]].assign(arrivals=np.random.default_rng(2).poisson(today["mean"]))
        for now_slot in NOW_SLOTS:
            started = time.process_time()
            update_today(today, arrivals, stores, now_slot)
            told += f", update at half hour {now_slot} {time.process_time() - started:.2f} s"
        print(told)


if __name__ == "__main__":
    main()
