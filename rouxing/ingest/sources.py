"""How each vendor wants to be asked, as data: windows, pages, times, amounts and the names of its fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from rouxing.gateway.client import Answer, Carrier, Method, Refused, Throttled, VendorClient
from rouxing.model.dates import SHANGHAI
from rouxing.model.errors import PermanentError, TransientError
from rouxing.model.feeds import FEEDS, Feed, Personal
from rouxing.privacy.pseudonyms import PersonalField

Row = dict[str, Any]
Position = int | str | None
Progress = Callable[[int], None]
TimeFormat = Literal["local", "rfc3339"]

_VENDOR_IDENTITIES: dict[Personal, str] = {"openid": "openid", "phone": "phone"}


@dataclass(frozen=True, slots=True)
class Habit:
    """What all endpoints of one vendor have in common.

    ``position`` is the parameter that says which page, ``first`` its first value (None = left out). A page list ends
    when ``more_at`` is false or ``next_at`` is null; with neither, at the first page shorter than ``page_size``.
    ``*_at`` are paths into the answer. ``total_flag`` asks for the total, which vendors count on the first page only.
    """

    method: Method
    carrier: Carrier
    window: tuple[str, str]
    time_format: TimeFormat
    position: str
    first: Position
    size: str
    page_size: int
    rows_at: tuple[str, ...]
    check: Callable[[Answer], None]
    more_at: tuple[str, ...] = ()
    next_at: tuple[str, ...] = ()
    total_at: tuple[str, ...] = ()
    total_flag: str = ""
    longest_window: timedelta | None = None
    has_latest_state: bool = False
    """The vendor answers with states that may be older than any history: the first load reads from the beginning."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one feed is read. ``fields`` maps contract columns (and known_at) to the vendor's names."""

    feed: Feed
    path: str
    habit: Habit
    fields: Mapping[str, str]
    personal: tuple[PersonalField, ...]
    yuan_columns: frozenset[str] = field(default_factory=frozenset)


def _code_check(field_name: str, throttled: frozenset[Any], vendor: str) -> Callable[[Answer], None]:
    def check(answer: Answer) -> None:
        code = answer.get(field_name, 0)
        if code in throttled:
            raise Throttled(f"{vendor} asks to slow down (code {code}).")
        if code != 0:
            raise Refused(f"{vendor} refused the request (code {code!r}); look the code up in its documents.", 200, "")

    return check


def _youzan_check(answer: Answer) -> None:
    error = answer.get("error_response")
    if error is None:
        return
    code = str(error.get("code", "")) if isinstance(error, dict) else ""
    if code == "RATE_LIMIT":
        raise Throttled("The POS asks to slow down (RATE_LIMIT).")
    raise Refused(f"The POS refused the request (code {code!r}); look the code up in its documents.", 200, code)


def _no_code(answer: Answer) -> None:
    """These vendors tell errors by HTTP status alone."""


POS = Habit(
    method="GET",
    carrier="query",
    window=("start_update", "end_update"),
    time_format="local",
    position="page_no",
    first=1,
    size="page_size",
    page_size=200,
    rows_at=("response", "full_order_info_list"),
    more_at=("response", "has_next"),
    total_at=("response", "total_results"),
    check=_youzan_check,
)
WMS = Habit(
    method="POST",
    carrier="json",
    window=("start_time", "end_time"),
    time_format="local",
    position="page_no",
    first=0,
    size="page_size",
    page_size=1000,
    rows_at=("data", "detail_list"),
    total_at=("data", "total_count"),
    total_flag="calc_total",
    check=_code_check("status", frozenset({100}), "The WMS"),
    longest_window=timedelta(days=31),
)
LOGISTICS = Habit(
    method="POST",
    carrier="form",
    window=("modified_begin", "modified_end"),
    time_format="local",
    position="page_index",
    first=1,
    size="page_size",
    page_size=1000,
    rows_at=("data", "rows"),
    more_at=("data", "has_next"),
    total_at=("data", "data_count"),
    check=_code_check("code", frozenset({199, 189}), "The logistics platform"),
    longest_window=timedelta(days=31),
)
WECHAT = Habit(
    method="GET",
    carrier="query",
    window=("begin_time", "end_time"),
    time_format="rfc3339",
    position="offset",
    first=0,
    size="limit",
    page_size=1000,
    rows_at=("data",),
    next_at=("next_offset",),
    total_at=("total_count",),
    check=_no_code,
)
WECHAT_STATES = replace(WECHAT, has_latest_state=True)
BOOKING = Habit(
    method="GET",
    carrier="query",
    window=("updated_from", "updated_to"),
    time_format="rfc3339",
    position="cursor",
    first=None,
    size="limit",
    page_size=1000,
    rows_at=("rows",),
    more_at=("has_more",),
    next_at=("next_cursor",),
    check=_no_code,
)
MASTER = Habit(
    method="GET",
    carrier="query",
    window=("updated_from", "updated_to"),
    time_format="rfc3339",
    position="page",
    first=1,
    size="page_size",
    page_size=1000,
    rows_at=("rows",),
    more_at=("has_next",),
    check=_no_code,
    has_latest_state=True,
)

_PLACES: dict[str, tuple[str, Habit]] = {
    "stores": ("/master/stores", MASTER),
    "skus": ("/master/skus", MASTER),
    "distribution_centres": ("/master/distribution_centres", MASTER),
    "rosters": ("/master/rosters", MASTER),
    "campaigns": ("/master/campaigns", MASTER),
    "promotions": ("/master/promotions", MASTER),
    "consents": ("/master/consents", MASTER),
    "order_lines": ("/pos/trades.sold.get", POS),
    "stock_levels": ("/wms/stock.query", WMS),
    "transfers": ("/wms/transfer.query", WMS),
    "milestones": ("/logistics/milestones.query", LOGISTICS),
    "coupon_stocks": ("/wechat/coupon-stocks", WECHAT_STATES),
    "coupon_quotas": ("/wechat/coupon-quotas", WECHAT),
    "coupon_events": ("/wechat/coupon-events", WECHAT),
    "bookings": ("/booking/bookings", BOOKING),
    "arrivals": ("/booking/arrivals", BOOKING),
}

_POS_FIELDS = {
    "order_id": "tid",
    "line_number": "line_no",
    "store_id": "shop_id",
    "sku_id": "outer_sku_id",
    "quantity_units": "num",
    "paid_fen": "payment",
    "customer_key": "open_id",
    "phone_key": "buyer_phone",
    "placed_at": "created",
    "collected_at": "picked_up_at",
    "known_at": "update_time",
}


def _endpoint(feed: Feed) -> Endpoint:
    path, habit = _PLACES[feed.name]
    names = {column.name: column.name for column in feed.columns} | {"known_at": "modified"}
    names |= {column.name: _VENDOR_IDENTITIES[column.personal] for column in feed.columns if column.personal}
    if feed.source == "pos":
        names |= _POS_FIELDS
    personal = tuple(
        PersonalField(names[column.name], column.name, column.personal) for column in feed.columns if column.personal
    )
    yuan = frozenset({"paid_fen"}) if feed.source == "pos" else frozenset()
    return Endpoint(feed, path, habit, names, personal, yuan)


ENDPOINTS: dict[str, Endpoint] = {feed.name: _endpoint(feed) for feed in FEEDS}


def fetch_window(
    client: VendorClient, endpoint: Endpoint, start: datetime, end: datetime, progress: Progress = lambda rows: None
) -> Iterator[list[Row]]:
    """Pages of the rows whose update time lies in [start, end], both ends included; rows may repeat.

    Splits by the vendor's longest window. ``progress`` is told the rows of each page. TransientError when the vendor
    gave fewer rows than it counted.
    """
    for piece_start, piece_end in _pieces(start, end, endpoint.habit.longest_window):
        yield from _pages(client, endpoint, piece_start, piece_end, progress)


def _pieces(start: datetime, end: datetime, longest: timedelta | None) -> Iterator[tuple[datetime, datetime]]:
    if longest is None:
        yield start, end
        return
    # The vendor sees whole seconds rounded outwards.
    step = longest - timedelta(seconds=2)
    while start + step < end:
        yield start, start + step
        start += step
    yield start, end


def _pages(
    client: VendorClient, endpoint: Endpoint, start: datetime, end: datetime, progress: Progress
) -> Iterator[list[Row]]:
    habit = endpoint.habit
    position, total, read = habit.first, 0, 0
    while True:
        fields = _request(habit, start, end, position)
        answer = client.read(habit.method, endpoint.path, fields, carrier=habit.carrier, check=habit.check)
        rows = _rows(endpoint, answer)
        if position == habit.first:
            total = _at(answer, habit.total_at) or 0
        read += len(rows)
        progress(len(rows))
        yield rows
        following = _next_position(habit, position, answer, len(rows))
        if following is None:
            break
        if following == position:
            raise PermanentError(f"{endpoint.path} points from a page to the same page; its paging has changed.")
        position = following
    if read < total:
        raise TransientError(f"{endpoint.path} counted {total} rows and gave {read}; the list moved while it was read.")


def _request(habit: Habit, start: datetime, end: datetime, position: Position) -> dict[str, Any]:
    opening, closing = habit.window
    fields: dict[str, Any] = {
        opening: _time_text(start, habit.time_format),
        closing: _time_text(_ceiling_second(end), habit.time_format),
        habit.size: habit.page_size,
    }
    if position is not None:
        fields[habit.position] = position
    if habit.total_flag:
        fields[habit.total_flag] = position == habit.first
    return fields


def _time_text(moment: datetime, time_format: TimeFormat) -> str:
    local = moment.astimezone(SHANGHAI)
    return local.strftime("%Y-%m-%d %H:%M:%S") if time_format == "local" else local.isoformat(timespec="seconds")


def _ceiling_second(moment: datetime) -> datetime:
    return moment if moment.microsecond == 0 else moment.replace(microsecond=0) + timedelta(seconds=1)


def _rows(endpoint: Endpoint, answer: Answer) -> list[Row]:
    rows = _at(answer, endpoint.habit.rows_at)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        place = ".".join(endpoint.habit.rows_at)
        raise PermanentError(f"{endpoint.path} answered without a list of rows at {place}; its contract has changed.")
    return rows


def _at(answer: Any, path: tuple[str, ...]) -> Any:
    if not path:
        return None
    for name in path:
        answer = answer.get(name) if isinstance(answer, dict) else None
    return answer


def _next_position(habit: Habit, position: Position, answer: Answer, rows: int) -> Position:
    if habit.more_at and not _at(answer, habit.more_at):
        return None
    if habit.next_at:
        following: Position = _at(answer, habit.next_at)
        return following
    if not habit.more_at and rows < habit.page_size:
        return None
    assert isinstance(position, int)
    return position + 1
