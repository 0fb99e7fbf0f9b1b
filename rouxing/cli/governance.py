"""Commands by which people answer for plans, limit them and take them back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from rouxing.settings import load_settings

governance_app = typer.Typer()
pilot_app = typer.Typer(help="A strategy in a few stores first.", no_args_is_help=True)
limits_app = typer.Typer(
    help="What a plan may do without asking, what customers must not suffer.", no_args_is_help=True
)
governance_app.add_typer(pilot_app, name="pilot")
governance_app.add_typer(limits_app, name="limits")

MOMENTS = ["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]
By = Annotated[str, typer.Option(help="Your name; it stays with what you do.")]
PlanName = Annotated[str, typer.Argument(help="Name of a plan; `rouxing plans` lists the newest.")]


@governance_app.command()
def plans(count: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 15) -> None:
    """List the newest plans: verdict, rung, who answers for them, what was sent, which is in force."""
    from rouxing.cli.plans import show_plans

    show_plans(load_settings(), count)


@governance_app.command()
def approve(
    plan_id: PlanName,
    by: By,
    hours: Annotated[float, typer.Option(help="How long the approval holds, at most 72.")] = 12.0,
    note: Annotated[str, typer.Option(help="What you want to say to it.")] = "",
    revoke: Annotated[bool, typer.Option("--revoke", help="Take the approvals of this plan back instead.")] = False,
) -> None:
    """Answer for a plan, so that it may be sent. Refused where its inputs are no longer what they were."""
    from rouxing.cli import plans

    if revoke:
        plans.revoke(load_settings(), plan_id, by)
    else:
        plans.approve(load_settings(), plan_id, by, hours, note)


@governance_app.command()
def rollback(
    by: By,
    plan_id: Annotated[
        str | None, typer.Argument(help="Plan whose quotas come back. Without it: the one before the plan in force.")
    ] = None,
    send: Annotated[bool, typer.Option("--send", help="Send the calls. Without it the run is a dry run.")] = False,
) -> None:
    """Bring a former plan's quotas back, or the nearest that today's limits allow, as a new certified plan.

    Runs on the stack that `rouxing up` keeps running. The plan says which quotas could not come back exactly.
    """
    from rouxing.cli.plans import roll_back

    raise typer.Exit(roll_back(load_settings(), plan_id, by, send=send))


@governance_app.command()
def override(
    store: Annotated[str, typer.Argument(help="Store number, e.g. S012.")] = "",
    kind: Annotated[str, typer.Argument(help="capacity_pickups, staff_max, closed or no_new_quota.")] = "",
    value: Annotated[float | None, typer.Argument(help="Pickups a day or persons; none for the others.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=MOMENTS, help="End, in Asia/Shanghai.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=MOMENTS, help="Begin; without it now.")] = None,
    reason: Annotated[str, typer.Option(help="Why; it is shown beside the numbers.")] = "",
    by: Annotated[str, typer.Option(help="Your name; it stays with what you do.")] = "",
    listed: Annotated[bool, typer.Option("--list", help="List the overrides that hold.")] = False,
    end: Annotated[int | None, typer.Option(help="Number of an override to end now.")] = None,
) -> None:
    """Set a limit of a store for a while; every plan made meanwhile keeps to it and works around it."""
    from rouxing.cli.overrides import end_override, list_overrides, set_override

    settings = load_settings()
    if listed:
        list_overrides(settings)
    elif end is not None:
        end_override(settings, end, by)
    else:
        set_override(settings, store, kind, value, since=since, until=until, reason=reason, by=by)


@pilot_app.command("start")
def pilot_start(
    strategy: Annotated[str, typer.Argument(help="What is tried, in your words.")],
    until: Annotated[datetime, typer.Option(formats=MOMENTS, help="End, in Asia/Shanghai.")],
    by: By,
    store: Annotated[list[str] | None, typer.Option(help="Store number. Repeatable.")] = None,
    share: Annotated[float | None, typer.Option(help="Instead of stores: share of the chain, 0-1.")] = None,
    seed: Annotated[int, typer.Option(help="Draws the share; the same seed draws the same stores.")] = 1,
) -> None:
    """Let plans change a few stores only; all others keep their numbers."""
    from rouxing.cli.pilots import start_pilot

    start_pilot(load_settings(), strategy, store or [], share, seed, until=until, by=by)


@pilot_app.command("stop")
def pilot_stop(
    pilot_id: Annotated[str, typer.Argument(help="Number of the pilot.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Stop a pilot. No store is changed until it is released or another starts."""
    from rouxing.cli.pilots import stop_pilot

    stop_pilot(load_settings(), pilot_id, reason, by)


@pilot_app.command("release")
def pilot_release(pilot_id: Annotated[str, typer.Argument(help="Number of the pilot.")], by: By) -> None:
    """End a pilot by letting plans change the whole chain."""
    from rouxing.cli.pilots import release_pilot

    release_pilot(load_settings(), pilot_id, by)


@pilot_app.command("list")
def pilot_list() -> None:
    """List all pilots."""
    from rouxing.cli.pilots import list_pilots

    list_pilots(load_settings())


@limits_app.command("list")
def limits_list() -> None:
    """Show the limits of automatic approval and the guards."""
    from rouxing.cli.limits import show_limits

    show_limits(load_settings())


@limits_app.command("set")
def limits_set(
    name: Annotated[
        str, typer.Argument(help="Limit, e.g. max_moved_coupons or wait; `rouxing limits list` shows all.")
    ],
    value: Annotated[str, typer.Argument(help="A number, or names with commas between them.")],
    by: By,
) -> None:
    """Set a limit from now on. Plans already made keep the limit they were made under."""
    from rouxing.cli.limits import set_limit

    set_limit(load_settings(), name, value, by)
