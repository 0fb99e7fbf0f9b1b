"""Runs every benchmark and says what it measures."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.allocate import stock
from benchmarks.forecast import callcentre, half_hours, peers, real_history, response, skus, speed
from benchmarks.plan import fuzz
from benchmarks.redistribute import engine, quotas
from benchmarks.staffing import queue, shifts
from rouxing.settings import load_settings


def main() -> None:
    stock.main()
    engine.main()
    quotas.main()
    queue.main()
    shifts.main()
    fuzz.main(["--cases", "2000"])
    # A database of its own is chosen when the process begins.
    subprocess.run([sys.executable, "-m", "benchmarks.plan.chain", "--stores", "500"], check=False)
    half_hours.main()
    skus.main()
    speed.main()
    folder = load_settings().real_history
    if not folder.is_dir():
        print(f"forecast: left out, no real histories in {folder}; set ROUXING_REAL_HISTORY")
        return
    real_history.main(folder)
    callcentre.main(folder)
    response.main(folder)
    peers.main(folder)


if __name__ == "__main__":
    main()
