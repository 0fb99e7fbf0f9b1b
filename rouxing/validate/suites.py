"""The Great Expectations suite of each feed, derived from its contract. The library is imported on first use."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from rouxing.model.errors import PermanentError
from rouxing.model.feeds import Column, Feed
from rouxing.validate import words

NOT_NULL = "expect_column_values_to_not_be_null"
IN_SET = "expect_column_values_to_be_in_set"
BETWEEN = "expect_column_values_to_be_between"
NOT_BEFORE = "expect_column_pair_values_a_to_be_greater_than_b"
COLUMNS_MATCH = "expect_table_columns_to_match_set"

# The context belongs to the process; runs in several threads take turns.
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class Expectation:
    """One row-level check of a feed; ``column`` of a pair is "later,earlier"."""

    kind: str
    column: str
    reason: str
    arguments: tuple[tuple[str, Any], ...]


def row_expectations(feed: Feed) -> tuple[Expectation, ...]:
    """The row-level checks that the contract of ``feed`` implies."""
    found: list[Expectation] = [_not_null("known_at")]
    for column in feed.columns:
        found += _of_column(column)
    found += [_not_before(later, earlier) for later, earlier in feed.not_before]
    return tuple(found)


def failing_rows(feed: Feed, frame: pd.DataFrame) -> dict[Expectation, list[Any]]:
    """Index labels of the rows that fail each row-level check, as Great Expectations finds them."""
    expectations = row_expectations(feed)
    with _LOCK:
        outcome = _batch(frame).validate(
            _suite(feed), result_format={"result_format": "COMPLETE", "include_unexpected_rows": False}
        )
    indexes: dict[tuple[str, str], list[Any]] = {}
    for result in outcome.results:
        if result.exception_info.get("raised_exception"):
            raise PermanentError(
                f"Great Expectations could not run {result.expectation_config.type} on {feed.name}; "
                f"the batch stays landed: {result.exception_info.get('exception_message')}"
            )
        indexes[_identity(result.expectation_config)] = result.result.get("unexpected_index_list") or []
    return {item: indexes[item.kind, item.column] for item in expectations}


def without_zone(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its moments in UTC as naive ``datetime64``."""
    moments = {name: frame[name].dt.tz_localize(None) for name in frame.select_dtypes("datetimetz").columns}
    return frame.assign(**moments)


def columns_match(feed: Feed, present: Iterable[str]) -> bool:
    """Whether a frame with these columns has the contract's columns, as Great Expectations finds it."""
    gxe = _library().expectations
    expectation = gxe.ExpectTableColumnsToMatchSet(column_set=[*feed.column_names, "known_at"], exact_match=False)
    with _LOCK:
        return bool(_batch(pd.DataFrame(columns=list(present))).validate(expectation).success)


def _of_column(column: Column) -> list[Expectation]:
    found = []
    if column.required:
        found.append(_not_null(column.name))
    if column.allowed:
        reason = words.in_set_reason(column.name, column.allowed)
        found.append(Expectation(IN_SET, column.name, reason, (("value_set", column.allowed),)))
    if column.minimum is not None or column.maximum is not None:
        reason = words.between_reason(column.name, column.minimum, column.maximum)
        limits = (("min_value", column.minimum), ("max_value", column.maximum))
        found.append(Expectation(BETWEEN, column.name, reason, limits))
    return found


def _not_null(column: str) -> Expectation:
    return Expectation(NOT_NULL, column, words.not_null_reason(column), ())


def _not_before(later: str, earlier: str) -> Expectation:
    arguments = (("or_equal", True), ("ignore_row_if", "either_value_is_missing"))
    return Expectation(NOT_BEFORE, f"{later},{earlier}", words.not_before_reason(later, earlier), arguments)


def _identity(configuration: Any) -> tuple[str, str]:
    arguments = configuration.kwargs
    if configuration.type == NOT_BEFORE:
        return NOT_BEFORE, f"{arguments['column_A']},{arguments['column_B']}"
    return configuration.type, arguments["column"]


@cache
def _library() -> Any:
    # Read by the library when it is imported.
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations

    return great_expectations


@cache
def _definition() -> Any:
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = _library().get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return (
        context.data_sources.add_pandas("incoming")
        .add_dataframe_asset("batch")
        .add_batch_definition_whole_dataframe("whole")
    )


def _batch(frame: pd.DataFrame) -> Any:
    # The library takes .values of a column, which pandas deprecates for moments with a zone; all of ours are UTC.
    return _definition().get_batch({"dataframe": without_zone(frame)})


@cache
def _suite(feed: Feed) -> Any:
    gx = _library()
    return gx.ExpectationSuite(name=feed.name, expectations=[_built(item) for item in row_expectations(feed)])


def _built(item: Expectation) -> Any:
    gxe = _library().expectations
    arguments = {name: list(value) if isinstance(value, tuple) else value for name, value in item.arguments}
    if item.kind == NOT_BEFORE:
        later, earlier = item.column.split(",")
        return gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A=later, column_B=earlier, **arguments)
    classes = {
        NOT_NULL: gxe.ExpectColumnValuesToNotBeNull,
        IN_SET: gxe.ExpectColumnValuesToBeInSet,
        BETWEEN: gxe.ExpectColumnValuesToBeBetween,
    }
    return classes[item.kind](column=item.column, **arguments)
