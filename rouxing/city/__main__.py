"""Run the city: ``python -m rouxing.city --help``."""

from __future__ import annotations

import argparse
import signal
import sys
from datetime import date
from pathlib import Path
from select import select
from socket import socketpair

from rouxing.city.city import City
from rouxing.city.server import CityServer
from rouxing.city.world import CityParameters
from rouxing.model.errors import RouxingError


class Ending:
    """Told by SIGTERM or SIGINT.

    The signal may reach any thread, so it is passed on through a socket: a lock of the main thread would sleep on.
    """

    def __init__(self) -> None:
        self._told, self._tell = socketpair()
        self._tell.setblocking(False)
        signal.set_wakeup_fd(self._tell.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)

    def wait(self) -> None:
        """Return when told to end."""
        self._told.recv(1)

    def has_come(self) -> bool:
        """Whether it has been told by now."""
        return bool(select([self._told], [], [], 0)[0])


def main() -> int:
    """Simulate the history, serve until told to stop; exit code 0, or 1 with one sentence on why not."""
    options = _options()
    try:
        _serve(options, Ending())
    except RouxingError as problem:
        print(f"city: {problem}", file=sys.stderr)
        return 1
    return 0


def _serve(options: argparse.Namespace, ending: Ending) -> None:
    parameters = CityParameters(options.stores, options.days, options.seed, options.business_date)

    def progress(done: int, total: int) -> None:
        if ending.has_come():
            raise SystemExit(0)
        if options.progress:
            print(f"progress {done} {total}", flush=True)

    city = City(parameters, options.state, wall=options.clock == "wall", progress=progress)
    with CityServer(city, options.port) as server:
        print(f"city ready on {server.url}", flush=True)
        ending.wait()


def _options() -> argparse.Namespace:
    usual = CityParameters()
    parser = argparse.ArgumentParser(
        prog="python -m rouxing.city", description="模拟城市: a simulated chain and its vendors' endpoints on loopback"
    )
    parser.add_argument("--stores", type=int, default=usual.stores, help="number of stores")
    parser.add_argument("--days", type=int, default=usual.days, help="days of history before the day the clock starts")
    parser.add_argument("--seed", type=int, default=usual.seed, help="another seed is another city")
    parser.add_argument("--business-date", type=date.fromisoformat, default=usual.business_date, help="day D")
    parser.add_argument("--port", type=int, default=8710, help="port on 127.0.0.1; 0 = any free one")
    parser.add_argument("--state", type=Path, default=None, help="folder that keeps accepted commands and the clock")
    parser.add_argument("--clock", choices=("manual", "wall"), default="manual", help="who moves the city's clock")
    parser.add_argument("--progress", action="store_true", help="print 'progress <done> <total>' while simulating")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
