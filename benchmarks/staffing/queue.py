"""Staff per half hour: our transient queues against slot-average and peak-five-minutes Erlang-C, in one run.

All aim at the same target: a mean wait of at most 300 s of those who come in a half hour, 60 % of them in its first ten
minutes. A simulation that shares no code with any of them says where the target is missed: a half hour whose mean
wait is above it beyond the 99 % interval. Run from the checkout: python -m benchmarks.staffing.queue
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from benchmarks.staffing.simulation import interval_of_mean, simulated_waits
from rouxing.optimize.queues import servers_needed
from rouxing.optimize.queues_day import WaitTarget
from rouxing.optimize.queues_staffing import staff_within_target

STORES = 5000
SIMULATED_STORES = 25
SIMULATED_CUSTOMERS = 200_000  # a store
HALF_HOURS = 28
MOST = 60
TARGET = WaitTarget()
KINDS = (("slow hand-overs, 7-12 min", (420, 720), 6.0), ("quick hand-overs, 1-3 min", (60, 180), 30.0))
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def problem(stores: int, seconds: tuple[int, int], usual: float, seed: int) -> tuple[Floats, Floats]:
    """Expected arrivals (R, 28) of days with a noon and an evening peak, and hand-over seconds (R,)."""
    random = np.random.default_rng(seed)
    hour = np.arange(HALF_HOURS)
    shape = 0.6 + np.exp(-(((hour - 8) / 3) ** 2)) + 1.3 * np.exp(-(((hour - 20) / 3) ** 2))
    size = usual * random.gamma(4.0, 0.25, (stores, 1))
    arrivals = size * shape / shape.mean() * random.gamma(25.0, 0.04, (stores, HALF_HOURS))
    return arrivals, random.integers(*seconds, stores).astype(np.float64)


def ours(arrivals: Floats, service: Floats) -> Ints:
    return staff_within_target(arrivals, service, TARGET, MOST)


def slot_average(arrivals: Floats, service: Floats) -> Ints:
    return servers_needed(arrivals * 2.0, service[:, None], TARGET.mean_wait_seconds, MOST)


def peak_five_minutes(arrivals: Floats, service: Floats) -> Ints:
    profile = TARGET.profile
    peak = arrivals * profile.burst_share * 3600.0 / profile.burst_seconds
    return servers_needed(peak, service[:, None], TARGET.mean_wait_seconds, MOST)


METHODS: dict[str, Callable[[Floats, Floats], Ints]] = {
    "transient queue": ours,
    "slot-average Erlang-C": slot_average,
    "peak-five-minutes Erlang-C": peak_five_minutes,
}


def missed(arrivals: Floats, service: Floats, staff: Ints) -> tuple[int, float]:
    """Half hours over the target beyond the 99 % interval, and the longest simulated mean wait, seconds."""
    random, count, longest = np.random.default_rng(7), 0, 0.0
    burst = (TARGET.profile.burst_share, TARGET.profile.burst_seconds)
    for come, seconds, there in zip(arrivals, service, staff.tolist(), strict=True):
        days = int(SIMULATED_CUSTOMERS / come.sum())
        drawn = simulated_waits(come, float(seconds), there, burst=burst, days=days, random=random)
        mean, low, _ = interval_of_mean(*drawn)
        count += int((low > TARGET.mean_wait_seconds).sum())
        longest = max(longest, float(mean.max()))
    return count, longest


def main(stores: int = STORES) -> None:
    for name, seconds, usual in KINDS:
        arrivals, service = problem(stores, seconds, usual, seed=5)
        some = slice(0, SIMULATED_STORES)
        print(f"staffing, {name}: {stores} stores x {HALF_HOURS} half hours, {SIMULATED_STORES} of them simulated")
        average = slot_average(arrivals, service).sum()
        for method, staff_of in METHODS.items():
            begun = time.process_time()
            staff = staff_of(arrivals, service)
            spent = time.process_time() - begun
            over, longest = missed(arrivals[some], service[some], staff[some])
            print(
                f"  {method:26} {spent:6.2f} CPU s, {staff.sum():7} staff-slots ({staff.sum() / average - 1:+.1%}), "
                f"{over} of {SIMULATED_STORES * HALF_HOURS} half hours over target, longest mean wait {longest:.0f} s"
            )


if __name__ == "__main__":
    main()
