"""Automations of deployments/automations.yaml on the running server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from rouxing.stack.api import PrefectApi


def apply_automations(api: PrefectApi, root: Path) -> None:
    """Create the automations that `root/deployments/automations.yaml` declares, or replace those of the same name."""
    content: dict[str, Any] = yaml.safe_load((root / "deployments" / "automations.yaml").read_text(encoding="utf-8"))
    known = {automation["name"]: automation["id"] for automation in api.post("/automations/filter", {})}
    for automation in content["automations"]:
        if automation["name"] in known:
            api.put(f"/automations/{known[automation['name']]}", automation)
        else:
            api.post("/automations/", automation)
