"""The ladder: the best rung whose plan is certified and keeps the guards, named and written with its verdict."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from prefect import task

from rouxing.model.dates import SHANGHAI
from rouxing.model.errors import PermanentError
from rouxing.plan.certificate import Certificate, judge_checks
from rouxing.plan.guards import predicted, vetoes
from rouxing.plan.ladder import Rung, Trouble, fallback_cost, open_rungs, reason
from rouxing.plan.pilot import sent_differences
from rouxing.publish.approvals import automatic_note
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from tasks.certify import read_certificate
from tasks.context import Moment, current_database, current_settings, tell
from tasks.guards import guard_pilot, read_guards, read_pilot
from tasks.options import STEP
from tasks.plans import Plan, plan_name, when, write_plan
from tasks.redistribute import redistribute_by_rule, redistribute_towards

Row = dict[Any, Any]


@dataclass(frozen=True)
class Known:
    """What a plan of the moment can be made of; an empty row = there is none. ``stopped``: why the pilot just was."""

    moment: Moment
    draft: Row
    allocation: Row
    last_good: Row
    in_force: Row
    troubles: tuple[Trouble, ...]
    pilot: pd.DataFrame
    stopped: str = ""


@task(name="certify-plan", **STEP)
def certify_plan(moment: Moment) -> Plan:
    """The plan on the best rung whose certificate holds, written with its checks and differences.

    PermanentError when there is neither a draft nor a plan in force to stay with.
    """
    tell("publish", "certificate", 0.1)
    began = time.monotonic()
    with current_database().connect() as connection:
        known = _read_known(connection, moment)
    plan = _best_plan(known)
    plan = replace(plan, seconds=round(time.monotonic() - began, 3))
    with current_database().connect() as connection:
        write_plan(connection, plan)
    tell("publish", "certificate", 1.0)
    return plan


def _best_plan(known: Known) -> Plan:
    """Rung by rung from the best that is open; each obstacle is said in the plan's reason."""
    rungs = open_rungs(
        known.troubles,
        has_draft=bool(known.draft),
        has_allocation=bool(known.allocation),
        has_last_good=bool(known.last_good),
    )
    lines = [reason(known.troubles), _pilot_note(known.pilot), known.stopped]
    # What was decided for this run was decided for the pilot's stores: nothing of it goes out once that is stopped.
    for rung in () if known.stopped and known.in_force else rungs[:-1]:
        plan, obstacle = _attempt(known, rung)
        if plan is not None and not obstacle:
            return _priced(known, replace(plan, rung_reason=_joined(lines)))
        lines.append(obstacle)
    return _priced(known, _frozen(known, _joined(lines)))


def _attempt(known: Known, rung: Rung) -> tuple[Plan | None, str]:
    """The plan of a rung and what stands against it; whatever fails in making one is an obstacle too."""
    try:
        allocation_id, redistribution_id = _LINES[rung](known)
        plan = drafted(known.moment, rung, allocation_id, redistribution_id, known.in_force.get("plan_id"), known.pilot)
        return plan, obstacle_of(plan)
    except Exception as error:
        return None, f"{rung} plan failed: {' '.join(str(error).split())}"


def _full(known: Known) -> tuple[str, str]:
    return str(known.draft["allocation_id"]), str(known.draft["redistribution_id"])


def _trimmed(known: Known) -> tuple[str, str]:
    allocation_id = str(known.allocation["allocation_id"])
    return allocation_id, redistribute_towards(known.moment, allocation_id, str(known.last_good["redistribution_id"]))


def _rule(known: Known) -> tuple[str, str]:
    allocation_id = str(known.allocation["allocation_id"])
    return allocation_id, redistribute_by_rule(known.moment, allocation_id)


_LINES: dict[Rung, Callable[[Known], tuple[str, str]]] = {"full": _full, "trimmed": _trimmed, "rule": _rule}


def drafted(
    moment: Moment,
    rung: Rung,
    allocation_id: str,
    redistribution_id: str,
    previous_plan_id: str | None,
    pilot: pd.DataFrame,
) -> Plan:
    """A plan of these lines with certificate, differences and whether it approves itself; nothing is written."""
    lines = {"allocation_id": allocation_id, "redistribution_id": redistribution_id}
    settle_minutes = current_settings().settle_minutes
    with current_database().connect_twice() as (connection, beside):
        checks = read_certificate(connection, beside, known_by=moment.known_by, settle_minutes=settle_minutes, **lines)
        differences = read_frame(connection, "publish/differences", previous_plan_id=previous_plan_id, **lines)
        certificate = judge_checks(checks)
        note = automatic_note(connection, redistribution_id, moment.known_by, moment.as_of, rung, certificate.verdict)
    stores = None if pilot.empty else tuple(pilot["store_id"])
    return Plan(
        plan_name(moment, rung, lines), moment, rung, "", allocation_id, redistribution_id, previous_plan_id,
        certificate, checks, sent_differences(differences, stores), approval_note=note, pilot_id=_pilot_id(pilot),
        pilot_stores=stores,
    )  # fmt: skip


def obstacle_of(plan: Plan) -> str:
    """Why a plan must not be published: its certificate fails, or customers would suffer; empty = nothing."""
    if plan.certificate.verdict == "fail":
        failed = plan.checks[plan.checks["verdict"] == "fail"]
        names = ", ".join(f"{name} ({count})" for name, count in failed["check_name"].value_counts().items())
        return f"{plan.rung} plan fails its certificate: {names}"
    ids = {"allocation_id": plan.allocation_id, "redistribution_id": plan.redistribution_id}
    with current_database().connect() as connection:
        slots = read_frame(connection, "publish/predicted_slots", known_by=plan.moment.known_by, **ids)
        limits = read_guards(connection, plan.moment)
    crossings = vetoes(predicted(slots, "load_mean"), predicted(slots, "in_force_mean"), limits)
    if not crossings:
        return ""
    return f"{plan.rung} plan breaks a guard: {'; '.join(crossing.sentence for crossing in crossings)}"


def _frozen(known: Known, why: str) -> Plan:
    if not known.in_force:
        # The first trouble is the cause; what failed after it followed from it.
        cause = why.split("\n", 1)[0] or "run forecast, allocate and redistribute first"
        raise PermanentError(f"No plan can be made for {known.moment.label} and none is in force: {cause}")
    previous = str(known.in_force["plan_id"])
    plan_id = plan_name(known.moment, "freeze", {"previous_plan_id": previous})
    empty = pd.DataFrame({"check_name": [], "subject": [], "verdict": []})
    return Plan(plan_id, known.moment, "freeze", why, None, None, previous, Certificate("pass", 0, 0), empty, empty)


def _priced(known: Known, plan: Plan) -> Plan:
    """The plan with what falling back to its rung costs."""
    if plan.rung == "full":
        return plan
    with current_database().connect() as connection:
        draft = _values(connection, known.draft.get("redistribution_id"))
        own = _values(connection, plan.redistribution_id)
    # Each on its own terms: the draft's worth of a claim is less what its pickups cost the stores.
    terms = own or {"value_fen": draft.get("in_force_value_fen"), "upper_bound_fen": draft.get("upper_bound_fen")}
    cost = fallback_cost(plan.rung, terms.get("upper_bound_fen"), terms.get("value_fen"))
    return replace(plan, fallback_cost_fen=cost)


def _values(connection: Connection, redistribution_id: str | None) -> dict[str, float | None]:
    if redistribution_id is None:
        return {}
    row = _first_row(read_frame(connection, "publish/quota_values", redistribution_id=redistribution_id))
    return {str(name): None if pd.isna(value) else float(value) for name, value in row.items()}


def _read_known(connection: Connection, moment: Moment) -> Known:
    scope = {**when(moment), "stores": moment.stores_json}
    pilot = read_pilot(connection, moment)
    return Known(
        moment,
        draft=_first_row(read_frame(connection, "publish/newest_draft", **scope)),
        allocation=_first_row(read_frame(connection, "allocate/newest_run", **scope)),
        last_good=_first_row(read_frame(connection, "publish/last_good", as_of=moment.as_of)),
        in_force=_first_row(read_frame(connection, "publish/plan_in_force", as_of=moment.as_of)),
        troubles=_troubles(connection, moment),
        pilot=pilot,
        stopped=guard_pilot(connection, moment, pilot),
    )


def _troubles(connection: Connection, moment: Moment) -> tuple[Trouble, ...]:
    """What went wrong in this run's stages, and stock counts that are too old to send goods by."""
    found = read_frame(connection, "publish/stage_troubles", mode=moment.mode, scope=moment.scope, **when(moment))
    troubles = [Trouble(**row) for row in found.to_dict("records")]  # type: ignore[arg-type]
    hours = current_settings().stock_hours
    counts = read_frame(
        connection,
        "publish/stale_stock",
        known_by=moment.known_by,
        business_date=moment.business_date,
        hours=hours,
    ).iloc[0]
    if 2 * counts["stale"] > counts["locations"]:
        oldest = counts["oldest"].tz_convert(SHANGHAI)
        stale, all_of, since = counts["stale"], counts["locations"], f"{oldest:%Y-%m-%d %H:%M}"
        note = (
            f"{all_of} 处库存中有 {stale} 处的盘点早于 {hours} 小时，最早为 {since} / "
            f"stock counts of {stale} of {all_of} locations are older than {hours} hours, the oldest of {since}"
        )
        troubles.append(Trouble("allocate", "stale", note))
    return tuple(troubles)


def _pilot_id(pilot: pd.DataFrame) -> str | None:
    return None if pilot.empty else str(pilot["pilot_id"].iloc[0])


def _pilot_note(pilot: pd.DataFrame) -> str:
    if pilot.empty or pilot["store_id"].ne("").any():
        return ""
    name = pilot["pilot_id"].iloc[0]
    return (
        f"试点 {name} 已停止或到期：在放开（rouxing pilot release）或另开试点之前，不调整任何门店 / "
        f"pilot {name} is over: no store is changed until it is released (rouxing pilot release) or another starts"
    )


def _first_row(frame: pd.DataFrame) -> Row:
    return frame.iloc[0].to_dict() if len(frame) else {}


def _joined(lines: list[str]) -> str:
    return "\n".join(filter(None, lines))
