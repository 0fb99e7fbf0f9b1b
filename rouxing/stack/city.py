"""The simulated chain as a process, where the vendors' address is on this machine."""

from __future__ import annotations

import re
import sys
import time
from typing import Literal

from rouxing.gateway.address import is_loopback
from rouxing.model.errors import TransientError
from rouxing.settings import Settings
from rouxing.stack.processes import Child, last_lines, require_free_port, start_child

READY = re.compile(r"city ready on (http://\S+)")
# 200 stores x 180 days simulate in 90 s on an idle core.
PATIENCE_S = 300.0
POLL_S = 0.2


def wants_city(settings: Settings) -> bool:
    """Whether vendors are simulated: their address is on loopback."""
    return is_loopback(settings.vendor_url)


def start_city(settings: Settings, clock: Literal["wall", "manual"] = "wall") -> Child:
    """The city of the settings, starting, on a clock that runs with the wall's or one that is moved by hand.

    Raises:
        PermanentError: its port is taken.
    """
    if settings.city_port:
        require_free_port(settings.city_port, "ROUXING_CITY_PORT")
    options = {
        "--stores": settings.city_stores,
        "--days": settings.city_days,
        "--seed": settings.city_seed,
        "--business-date": settings.business_date,
        "--port": settings.city_port,
        "--state": settings.city_state,
        "--clock": clock,
    }
    flags = [str(part) for option in options.items() for part in option]
    command = [sys.executable, "-m", "rouxing.city", *flags, "--progress"]
    return start_child("city", command, settings.state / "logs", {"PYTHONUNBUFFERED": "1"})


def wait_for_city(child: Child) -> str:
    """The address of the city, once it is ready.

    Raises:
        TransientError: it ended or did not get ready in time; the message ends with its last log lines.
    """
    deadline = time.monotonic() + PATIENCE_S
    while child.exit_code is None and time.monotonic() < deadline:
        if ready := READY.search(child.output()):
            return ready.group(1)
        time.sleep(POLL_S)
    raise TransientError(f"the city did not get ready; see {child.log}, which ends:\n{last_lines(child.log)}")
