"""Forecast: pickups per store and day as quantiles, with half hours and SKUs."""

from __future__ import annotations

from prefect import flow

from flows.naming import run_name
from flows.parameters import AsOf, BusinessDate, HorizonDays, JudgeDays
from tasks.context import Moment, resolve_moment, stage_run
from tasks.forecast import forecast_pickups, report_forecast
from tasks.runner import settings_task_runner


@flow(
    name="forecast",
    flow_run_name=run_name,
    validate_parameters=True,
    task_runner=settings_task_runner(),
)
async def forecast(
    business_date: BusinessDate = None, as_of: AsOf = None, horizon_days: HorizonDays = 14, judge_days: JudgeDays = 21
) -> str:
    """Forecast each store's pickups from coupons out, slots booked, calendar and history.

    Args:
        business_date: First day of the forecast. Leave empty for today.
        as_of: Use only what was known at this moment. Leave empty for now, or 05:30 of the business date.
        horizon_days: Days to forecast, 1 to 28.
        judge_days: Days of the rolling backtest that judges the forecast, an origin a week; under 7 for none.
    """
    return forecast_steps(resolve_moment(business_date, as_of), horizon_days, judge_days)


def forecast_steps(moment: Moment, horizon_days: int = 14, judge_days: int = 21) -> str:
    """Trains, predicts and judges; returns the forecast's name."""
    with stage_run("forecast", moment) as run:
        run.result_id = forecast_pickups(moment, horizon_days, judge_days)
        report_forecast(run.result_id)
    return run.result_id
