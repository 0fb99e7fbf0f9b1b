"""A stored plan made again: its inputs read as of its moment, decided anew, and compared table by table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd

from rouxing.plan.identity import frame_hash, inputs_hash
from rouxing.plan.lines import Lines
from rouxing.plan.replay import draft_moment, is_joint, rebuild_allocation, rebuild_jointly, rebuild_quotas
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.plan_inputs import read_allocation_inputs, read_quota_inputs
from rouxing.warehouse.plan_lines import TableHash, rebuilt_hash, stored_hash

Stored = Mapping[str, Any]
Frames = dict[str, pd.DataFrame]


@dataclass(frozen=True, slots=True)
class ReplayedTable:
    """A line table as it is stored and as it is made again."""

    table: str
    stored: TableHash
    rebuilt: TableHash

    @property
    def is_same(self) -> bool:
        return self.stored == self.rebuilt


@dataclass(frozen=True, slots=True)
class Replay:
    """``tables`` of the plan's drafts, and the drafts whose inputs read otherwise than they did."""

    tables: tuple[ReplayedTable, ...]
    changed_inputs: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        return not self.changed_inputs and all(table.is_same for table in self.tables)


def replay_plan(connection: Connection, plan: Mapping[str, Any], settle_minutes: int) -> Replay:
    """Makes the drafts of a plan (of `plan_reasons.read_plan`) again and compares every line, to the last bit.

    Nothing that is stored is changed; rows that came since count for nothing.
    """
    settle = timedelta(minutes=settle_minutes)
    allocation, redistribution = _stored(plan["allocation_parameters"]), _stored(plan["redistribution_parameters"])
    inputs = _allocation_inputs(connection, allocation, settle)
    changed, quota_lines = [], None
    if is_joint(allocation):
        quotas = _quota_inputs(connection, allocation, _first_allocation(connection, allocation), settle)
        lines, quota_lines = rebuild_jointly(allocation, inputs, quotas)
        inputs = {**inputs, **{f"quota_{name}": frame for name, frame in quotas.items()}}
    else:
        lines = rebuild_allocation(allocation, inputs)
    if _hash(inputs) != plan["allocation_inputs_hash"]:
        changed.append("allocation")
    if quota_lines is None or not is_joint(redistribution):
        quotas = _quota_inputs(connection, redistribution, str(plan["allocation_id"]), settle)
        former = read_frame(
            connection, "publish/former_quotas", redistribution_id=redistribution.get("former_id") or ""
        )
        quota_lines = rebuild_quotas(redistribution, quotas, former)
        if _hash(quotas) != plan["redistribution_inputs_hash"]:
            changed.append("redistribution")
    tables = [
        *_compared(connection, lines, "allocation_id", str(plan["allocation_id"])),
        *_compared(connection, quota_lines, "redistribution_id", str(plan["redistribution_id"])),
    ]
    return Replay(tuple(tables), tuple(changed))


def _compared(connection: Connection, lines: Lines, key: str, name: str) -> list[ReplayedTable]:
    return [
        ReplayedTable(
            table,
            stored_hash(connection, table, [str(column) for column in frame.columns], key, name),
            rebuilt_hash(connection, table, frame),
        )
        for table, frame in lines.items()
    ]


def _allocation_inputs(connection: Connection, stored: Stored, settle: timedelta) -> Frames:
    moment = draft_moment(stored)
    return read_allocation_inputs(
        (connection,), moment.as_of - settle, moment.business_date, moment.stores, stored["forecast_id"]
    )


def _quota_inputs(connection: Connection, stored: Stored, allocation_id: str, settle: timedelta) -> Frames:
    moment = draft_moment(stored)
    return read_quota_inputs((connection,), moment.as_of - settle, moment.business_date, allocation_id, moment.as_of)


def _first_allocation(connection: Connection, stored: Stored) -> str:
    """The allocation that the joint loop began with."""
    moment = draft_moment(stored)
    found = read_frame(
        connection,
        "plan/first_allocation",
        business_date=moment.business_date,
        as_of=moment.as_of,
        stores=json.dumps(list(moment.stores)),
    )
    return str(found["allocation_id"].iloc[0])


def _stored(parameters: Any) -> Stored:
    return dict(json.loads(parameters)) if isinstance(parameters, str) else dict(parameters)


def _hash(frames: Frames) -> str:
    return inputs_hash({name: frame_hash(frame) for name, frame in frames.items()})
