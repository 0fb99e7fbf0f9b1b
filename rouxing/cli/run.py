"""``rouxing run``: a deployment by name."""

from __future__ import annotations

import json
from typing import Any

from rouxing.model.errors import PermanentError
from rouxing.settings import Settings
from rouxing.stack.server import running_server
from rouxing.stack.trigger import run_deployment_by_name


def run_flow(settings: Settings, flow: str, parameters: list[str], *, send: bool, wait: bool) -> int:
    """Exit code of the run. PermanentError when no stack runs or a parameter is not ``name=value``."""
    server = running_server(settings.state)
    if server is None:
        raise PermanentError("No Prefect server runs on this state folder; start one with `rouxing up` (make up).")
    values = parse_parameters(parameters)
    if send:
        values["send"] = True
    return run_deployment_by_name(server, flow, values, wait=wait)


def parse_parameters(parameters: list[str]) -> dict[str, Any]:
    """``["business_date=2026-06-18", "preview=false"]`` as values: JSON where it is JSON, else text."""
    values: dict[str, Any] = {}
    for parameter in parameters:
        name, sign, text = parameter.partition("=")
        if not sign or not name:
            raise PermanentError(f"{parameter!r} is not name=value, e.g. business_date=2026-06-18.")
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    return values
