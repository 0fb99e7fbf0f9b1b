"""Score the demand forecast on the real histories and print the figures with CPU seconds.

Run from the checkout: python -m benchmarks.forecast.real_history FOLDER, the folder that holds recruit/ and koubei/.
The last origins of each history are left out on purpose: they are for judging, not for tuning.
"""

from __future__ import annotations

import sys
import time
from datetime import date
from pathlib import Path

from rouxing.forecast.backtest import backtest_demand, score_forecasts
from rouxing.forecast.history_files import read_history

ORIGINS = {
    "recruit": (date(2017, 1, 7), date(2017, 1, 21), date(2017, 2, 4), date(2017, 2, 11)),
    "koubei": (date(2016, 7, 9), date(2016, 7, 30), date(2016, 8, 13)),
}
HORIZON = 14


def main(folder: Path) -> None:
    for name, origins in ORIGINS.items():
        history = read_history(folder / name)
        started = time.process_time()
        result = backtest_demand(history, origins, HORIZON, lambda done, total, text: print(f"  {done}/{total} {text}"))
        spent = (time.process_time() - started) / len(origins)
        print(f"{name}: {spent:.1f} CPU seconds an origin\n{result.scores.round(4).to_string(index=False)}")
        if history.bookings is not None:
            booked = score_forecasts(result.rows[result.rows["committed"] > 0])
            print(f"{name}, rows with a known reservation\n{booked.round(4).to_string(index=False)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
