"""Commands and their options. What they do stands in the modules beside this one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from rouxing.cli.governance import governance_app
from rouxing.settings import load_settings

app = typer.Typer(
    name="rouxing",
    help="Rouxing (柔性): coupons, stock, staff and store pickup of a WeChat retail chain, planned together.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
backtest_app = typer.Typer(help="How good the forecast would have been on real history.", no_args_is_help=True)
app.add_typer(backtest_app, name="backtest")
forecast_app = typer.Typer(help="Look into stored forecasts.", no_args_is_help=True)
app.add_typer(forecast_app, name="forecast")
values_app = typer.Typer(help="What a minute, a pickup and a coupon are worth in decisions.", no_args_is_help=True)
app.add_typer(values_app, name="values")
app.add_typer(governance_app)


@app.command()
def demo(
    stores: Annotated[int, typer.Option(min=2, max=5000, help="Stores of the simulated city.")] = 30,
    days: Annotated[int, typer.Option(min=35, max=730, help="Days of simulated history.")] = 120,
    seed: Annotated[int, typer.Option(min=0, help="Seed: the same seed is the same city.")] = 1,
) -> None:
    """Plan one whole day of a simulated city, from vendor feeds to a certified plan and its report.

    Needs nothing but this checkout: it starts an embedded PostgreSQL, the city and a Prefect server, and stops them.
    """
    from rouxing.cli.demo import run_demo

    run_demo(load_settings(city_stores=stores, city_days=days, city_seed=seed))


@app.command()
def up() -> None:
    """Keep everything running: database, city, Prefect server with UI, deployments on their schedules, a worker.

    Ctrl-C stops every process it started. Settings are ROUXING_* variables; `rouxing doctor` shows them.
    """
    from rouxing.stack.up import run_stack

    raise typer.Exit(run_stack(load_settings()))


@app.command()
def run(
    flow: Annotated[str, typer.Argument(help="Flow, e.g. day, or flow/deployment, e.g. day/manual.")],
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter", "-p", help="A parameter of the flow, e.g. -p business_date=2026-06-18. Repeatable."
        ),
    ] = None,
    send: Annotated[bool, typer.Option("--send", help="Send the calls. Without it the run is a dry run.")] = False,
    wait: Annotated[bool, typer.Option(help="Watch the run until it ends.")] = True,
) -> None:
    """Start a flow by the name of its deployment, on the stack that `rouxing up` keeps running."""
    from rouxing.cli.run import run_flow

    raise typer.Exit(run_flow(load_settings(), flow, parameter or [], send=send, wait=wait))


@backtest_app.command("demand")
def backtest_demand(
    history: Annotated[Path, typer.Option(help="Folder in the history format: demand, commitments, stores, calendar.")],
    origin: Annotated[list[datetime], typer.Option(formats=["%Y-%m-%d"], help="Last day that is known. Repeatable.")],
    horizon: Annotated[int, typer.Option(min=1, max=56, help="Days to forecast from each origin.")] = 14,
    out: Annotated[Path | None, typer.Option(help="Parquet file for the forecasts.")] = None,
) -> None:
    """Forecast store pickups from past days with what was known then, and score against what came."""
    from rouxing.cli.backtest import run_backtest

    run_backtest(history, [moment.date() for moment in origin], horizon, out)


@app.command()
def reread(
    feed: Annotated[str, typer.Argument(help="Feed, e.g. order_lines; `rouxing status` lists them.")],
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"],
            help="Moment in Asia/Shanghai, e.g. '2026-06-17 05:30'. Without it: where the feed's stopped batch begins.",
        ),
    ] = None,
) -> None:
    """Have the next ingest read a feed once more, after its vendor has mended what was wrong.

    A batch that was stopped keeps its feed waiting. If judging it again (`rouxing run validate -p retry_stopped=true`)
    cannot help, since the rows themselves were wrong, read them again: the new batch takes the stopped one's place.
    Rows that have not changed are counted and left as they are.
    """
    from rouxing.cli.reread import read_feed_again

    read_feed_again(load_settings(), feed, since)


@backtest_app.command("response")
def backtest_response(
    train: Annotated[Path, typer.Option(help="Claims to learn from, with labels: Parquet or CSV.")],
    test: Annotated[Path, typer.Option(help="Claims to forecast, with or without labels: Parquet or CSV.")],
    closed_by: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="Learn only from labels closed by this day.")
    ],
    horizon_days: Annotated[int, typer.Option(min=1, max=365, help="Days within which a redemption counts.")] = 15,
    out: Annotated[Path | None, typer.Option(help="Parquet file: the test's rows in their order and p_redeem.")] = None,
) -> None:
    """Forecast which claimed coupons are redeemed, and score against what came.

    Columns: store_id, coupon_id, claim_date, optional user_id, what was known of coupon, store and customer at the
    claim (absent = unknown), and the label redeemed_within_15d (the number is that of --horizon-days), which the test
    may lack.

    Which labels are used: of --train those of claims with claim date + horizon <= --closed-by, no others. Of --test,
    for a claim of day d, those of claims with claim date + horizon <= d, and only to recalibrate: a common level, and
    shrunk records of the customer, the store and the coupon. A forecast is that of the end of the claim's day: claims
    (not labels) of the same day are known to it.
    """
    from rouxing.cli.backtest import run_response

    run_response(train, test, closed_by.date(), horizon_days, out)


@forecast_app.command("rescore")
def forecast_rescore(
    forecast_id: Annotated[str, typer.Argument(help="Name of a forecast, e.g. forecast-0123456789abcdef.")],
) -> None:
    """Have a stored model forecast again from its inputs as they were known. Exit code 1 when a number differs."""
    from rouxing.cli.rescore import rescore

    raise typer.Exit(rescore(load_settings(), forecast_id))


@values_app.command("list")
def values_list() -> None:
    """Show every planning value with its unit, and who set it or why the default is what it is."""
    from rouxing.cli.values import list_values

    list_values(load_settings())


@values_app.command("set")
def values_set(
    name: Annotated[str, typer.Argument(help="Value, e.g. wait_fen_per_minute; `rouxing values list` shows them.")],
    value: Annotated[float, typer.Argument(help="The value in the unit that the list shows.")],
    by: Annotated[str, typer.Option(help="Who sets it.")],
    source: Annotated[str, typer.Option(help="Where it comes from, e.g. 'wage list of July'.")],
    valid_from: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First business date. Without it: today.")
    ] = None,
) -> None:
    """Set a planning value from a day on. Plans already made keep the value they were made with."""
    from rouxing.cli.values import set_value

    set_value(load_settings(), name, value, by, source, valid_from.date() if valid_from else None)


@app.command("explain")
def explain_store(
    store: Annotated[str, typer.Option(help="Store, e.g. S012; the quotas of its district are shown too.")],
    coupon: Annotated[str | None, typer.Option(help="Only this coupon stock.")] = None,
    sku: Annotated[str | None, typer.Option(help="Only this SKU, whatever set its number.")] = None,
    plan: Annotated[
        str | None, typer.Option(help="Plan, e.g. plan-0123456789abcdef; without it the one in force.")
    ] = None,
    date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only this business day.")] = None,
    english: Annotated[bool, typer.Option("--english", help="Each sentence in English too.")] = False,
) -> None:
    """Say in one sentence each why a store's quotas, goods and people are what they are."""
    from rouxing.cli.explain import explain

    on = date.date() if date else None
    explain(load_settings(), store, coupon=coupon, sku=sku, plan_id=plan, on=on, english=english)


@app.command("replay")
def replay_plan(
    plan: Annotated[str, typer.Argument(help="Plan, e.g. plan-0123456789abcdef; `rouxing plans` lists them.")],
) -> None:
    """Make a stored plan again from its inputs as they were known. Exit code 1 when a line differs by a single bit."""
    from rouxing.cli.replay import replay

    raise typer.Exit(replay(load_settings(), plan))


@app.command()
def doctor() -> None:
    """Say what is wrong with this setup and how to mend it. Exit code 1 when something is."""
    from rouxing.cli.doctor import examine

    raise typer.Exit(examine())


@app.command()
def status() -> None:
    """Show the plan in force, how fresh each feed is, and what ran last."""
    from rouxing.cli.status import show_status

    show_status(load_settings())
