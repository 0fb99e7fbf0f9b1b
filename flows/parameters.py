"""Types of the flows' parameters. Bounds and descriptions become the form in the Prefect UI."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

Stage = Literal["ingest", "validate", "forecast", "allocate", "redistribute", "publish", "learn"]
STAGES: tuple[Stage, ...] = ("ingest", "validate", "forecast", "allocate", "redistribute", "publish", "learn")

Source = Literal["master", "pos", "wms", "logistics", "wechat", "booking"]

BusinessDate = Annotated[
    date | None,
    Field(
        default=None,
        title="Business date",
        description="Day to plan, in Asia/Shanghai. Leave empty for today.",
        json_schema_extra={"position": 0},
    ),
]
AsOf = Annotated[
    datetime | None,
    Field(
        default=None,
        title="As of",
        description="Use only what was known at this moment. Leave empty: now, or 05:30 of the given business date.",
        json_schema_extra={"position": 1},
    ),
]
HorizonDays = Annotated[
    int,
    Field(ge=1, le=28, title="Horizon", description="Days to forecast, 1 to 28.", json_schema_extra={"position": 2}),
]
JudgeDays = Annotated[
    int,
    Field(
        ge=0,
        le=56,
        title="Judge days",
        description="Days of the rolling backtest that judges the forecast: an origin a week; under 7 = none.",
        json_schema_extra={"position": 3},
    ),
]
Send = Annotated[
    bool,
    Field(
        title="Send",
        description="Off (default): a dry run that shows the calls. On: send them to WeChat, WMS and the stores.",
    ),
]
PLAN_NAME = r"^(plan-[0-9a-f]{16})?$"
PlanId = Annotated[
    str,
    Field(
        pattern=PLAN_NAME,
        title="Plan",
        description="A plan made before, e.g. one that has been approved since. Leave empty to make one.",
    ),
]
FormerPlanId = Annotated[
    str,
    Field(
        pattern=PLAN_NAME,
        title="Roll back to",
        description="Former plan whose quotas come back, e.g. plan-0123456789abcdef. Leave empty for a new plan.",
    ),
]
RollbackBy = Annotated[
    str, Field(max_length=100, title="By", description="Who rolls back and answers for it. Needed for a rollback only.")
]
ThenPublish = Annotated[
    bool,
    Field(title="Then publish", description="On: certify and publish the result at once, as runs during the day do."),
]
ThenValidate = Annotated[
    bool,
    Field(title="Then validate", description="On: judge what was read at once, as runs during the day do."),
]
RetryStopped = Annotated[
    bool,
    Field(
        title="Retry stopped",
        description="On: judge stopped batches again too, once what was wrong is mended. Off (default): they wait.",
    ),
]
Sources = Annotated[
    list[Source] | None,
    Field(default=None, title="Sources", description="Sources to read. Leave empty for all."),
]
StartDate = Annotated[date, Field(title="First day", description="First business day.")]
EndDate = Annotated[date, Field(title="Last day", description="Last business day, included.")]
StageList = Annotated[
    list[Stage], Field(min_length=1, title="Stages", description="Stages to run, in the order of the house.")
]
Preview = Annotated[
    bool,
    Field(title="Preview", description="On (default): only list the partitions that would run. Off: run them."),
]
StoreIds = Annotated[
    list[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]] | None,
    Field(default=None, max_length=5000, title="Stores", description="Store numbers, e.g. S012. Leave empty for all."),
]
