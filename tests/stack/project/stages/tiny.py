from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from prefect import flow, task
from pydantic import Field


@task
async def step(mood: str) -> str:
    if mood == "bad":
        raise RuntimeError("a bad day")
    return mood


@flow
async def tiny(
    business_date: date | None = None,
    horizon_days: Annotated[int, Field(ge=1, le=28)] = 7,
    mood: Literal["good", "bad"] = "good",
) -> str:
    """Try the stack.

    Args:
        business_date: the day to plan.
        horizon_days: days to look ahead.
        mood: how the run should end.
    """
    await step(mood)
    return f"{business_date} {horizon_days} {mood}"
