"""``rouxing plans``, ``rouxing approve`` and ``rouxing rollback``: who answers for a plan, and the way back."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rouxing.cli.present import connected, shown
from rouxing.cli.run import run_flow
from rouxing.model.dates import SHANGHAI
from rouxing.model.errors import PermanentError
from rouxing.plan.approval import new_approval, refusal
from rouxing.publish.approvals import inputs_of, read_plan, write_approval
from rouxing.settings import Settings
from rouxing.warehouse.database import Connection
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.queries import named_query


def show_plans(settings: Settings, count: int) -> None:
    """Prints the newest plans: verdict, rung, who answers for them, what was sent, which is in force."""
    with connected(settings) as (connection, now):
        plans = read_frame(connection, "publish/recent_plans", count=count)
        in_force = _name_in_force(connection)
    table = Table(
        title=f"Plans, the newest first; ● = in force (Asia/Shanghai, now {shown(now)})",
        title_justify="left",
        box=SIMPLE,
    )
    table.add_column("plan", no_wrap=True)
    for name in ("made as of", "rung", "verdict", "answers for it", "calls"):
        table.add_column(name, overflow="fold")
    for row in plans.to_dict("records"):
        table.add_row(*(Text(cell) for cell in _plan_cells(row, in_force)))
    Console().print(table if len(plans) else "There is no plan yet.")


def _plan_cells(row: dict[Any, Any], in_force: str) -> list[str]:
    labels = [row["rung"], row["label"], "backfill" if row["mode"] != "live" else ""]
    return [
        f"{'●' if row['plan_id'] == in_force else ' '} {row['plan_id']}",
        f"{row['as_of'].tz_convert(SHANGHAI):%m-%d %H:%M}",
        " ".join(filter(None, labels)),
        row["verdict"].replace("_", " "),
        _who(row),
        f"{row['sent_calls']} sent" + (f", {row['pending_calls']} wait" if row["pending_calls"] else ""),
    ]


def _who(row: dict[Any, Any]) -> str:
    """Who answers for a plan and until when; else what it waits for."""
    if row["approved_by"]:
        return f"{row['approved_by']} until {row['expires_at'].tz_convert(SHANGHAI):%m-%d %H:%M}"
    if row["mode"] != "live" or not row["is_published"]:
        return "-"
    english = "; ".join(part.partition(" / ")[2] for part in row["approval_note"].split("; "))
    return f"nobody yet: {english}" if english else "nobody yet"


def approve(settings: Settings, plan_id: str, by: str, hours: float, note: str) -> None:
    """Writes an approval and says until when it holds; PermanentError when the plan or its inputs do not allow one."""
    with connected(settings) as (connection, now):
        plan = read_plan(connection, plan_id, now)
        if plan["mode"] != "live" or not plan["is_published"]:
            raise PermanentError(f"{plan_id} is no plan that could be sent: {_why_not(plan)}.")
        inputs = inputs_of(plan)
        approval = new_approval(inputs, by, now, hours)
        if why := refusal(approval, inputs, now):
            raise PermanentError(f"Refused: {why}. Approve the newest plan (`rouxing plans`).")
        write_approval(connection, approval, note)
    age = (now - inputs.inputs_as_of).total_seconds() / 3600
    _say(
        f"{plan_id} is approved by {approval.approved_by} until {shown(approval.expires_at)}; its inputs are "
        f"{age:.1f} hours old. Send it with `rouxing run publish -p plan_id={plan_id} --send`."
    )


def revoke(settings: Settings, plan_id: str, by: str) -> None:
    """Takes the approvals of a plan back; PermanentError when none was standing."""
    with connected(settings) as (connection, now):
        values = {"plan_id": plan_id, "now": now, "revoked_by": by}
        taken = connection.execute(named_query("publish/revoke_approvals").encode(), values).fetchall()
    if not taken:
        raise PermanentError(f"No approval of {plan_id} stands; `rouxing plans` lists the plans.")
    _say(f"{len(taken)} approval(s) of {plan_id} taken back by {by}; what is not sent yet stays here.")


def roll_back(settings: Settings, plan_id: str | None, by: str, *, send: bool) -> int:
    """Exit code of the run that rolls back: to the named plan, or to the one before the plan in force."""
    with connected(settings) as (connection, now):
        target = plan_id or _plan_before(connection)
        read_plan(connection, target, now)
    _say(f"Rolling back to {target}.")
    return run_flow(settings, "publish", [f"roll_back_to={target}", f"by={by}"], send=send, wait=True)


def _plan_before(connection: Connection) -> str:
    """The newest published plan with quotas of its own that is older than the plan in force."""
    plans = read_frame(connection, "publish/recent_plans", count=1000)
    good = plans[plans["is_published"] & (plans["mode"] == "live")]
    names = good["plan_id"].tolist()
    in_force = _name_in_force(connection)
    before = names[names.index(in_force) + 1 :] if in_force in names else []
    if not before:
        raise PermanentError("There is no plan before the one in force; name one: `rouxing plans` lists them.")
    return str(before[0])


def _name_in_force(connection: Connection) -> str:
    plan = read_frame(connection, "publish/plan_in_force", as_of="infinity")
    return "" if plan.empty else str(plan["plan_id"].iloc[0])


def _why_not(plan: dict[Any, Any]) -> str:
    if plan["mode"] != "live":
        return "it was made by a backfill"
    return "its certificate fails" if plan["verdict"] == "fail" else "it is frozen, nothing changes"


def _say(sentence: str) -> None:
    Console().print(sentence, markup=False, highlight=False, soft_wrap=True)
