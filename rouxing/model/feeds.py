"""Contracts of the vendor feeds: the only place that lists their columns.

The tables of schema ``core``, the typed rows of ingest, the Great Expectations suites of validate and the city's
answers are derived from these contracts or tested against them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "integer", "number", "boolean", "timestamp", "date"]
Personal = Literal["openid", "phone"]

CHANNELS = ("pickup", "walk_in")
ORDER_STATUSES = ("placed", "ready", "collected", "cancelled", "no_show")
CANCEL_REASONS = ("stock_out", "customer", "gave_up_waiting")
STORAGE_CLASSES = ("ambient", "cold")
COUPON_KINDS = ("NORMAL", "DISCOUNT", "EXCHANGE")
COUPON_CARRIERS = ("store", "zone")
COUPON_EVENTS = ("claim", "redeem", "expire")
BOOKING_STATUSES = ("booked", "cancelled", "arrived", "collected", "no_show")
TRANSFER_STATUSES = ("ordered", "dispatched", "received", "cancelled")
MILESTONES = ("picked", "departed", "arrived")
LAST_SLOT = 47
STRONGEST_TIER = 5
WHOLE_CHAIN = "ALL"


@dataclass(frozen=True, slots=True)
class Column:
    """One typed column of a feed.

    ``required`` means never null. ``personal`` marks an identity that is replaced by its pseudonym before landing.
    ``meaning`` says what it is, with the unit.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = True
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] = ()
    personal: Personal | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed of one source, and the table ``core.<name>`` that its admitted rows fill.

    ``key`` names the document; a row's version is ``(key, known_at)``. ``event_time`` is when it happened.
    ``not_before`` are pairs (later, earlier) of timestamp columns. ``max_bad_share`` (0-1): above it the batch fails.
    """

    name: str
    source: str
    title: str
    key: tuple[str, ...]
    event_time: str
    columns: tuple[Column, ...]
    not_before: tuple[tuple[str, str], ...] = ()
    max_bad_share: float = 0.2

    @property
    def table(self) -> str:
        return f"core.{self.name}"

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def personal_columns(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.personal)


def _text(name: str, meaning: str, *, required: bool = True, allowed: tuple[str, ...] = ()) -> Column:
    return Column(name, "text", meaning, required=required, allowed=allowed)


def _count(name: str, meaning: str, *, maximum: float = 1e9, minimum: float = 0, required: bool = True) -> Column:
    return Column(name, "integer", meaning, required=required, minimum=minimum, maximum=maximum)


def _time(name: str, meaning: str, *, required: bool = True) -> Column:
    return Column(name, "timestamp", meaning, required=required)


def _date(name: str, meaning: str, *, required: bool = True) -> Column:
    return Column(name, "date", meaning, required=required)


_VALIDITY = (
    _date("valid_from", "first business day the row holds"),
    _date("valid_to", "last business day the row holds, inclusive; absent = until further notice", required=False),
)

STORES = Feed(
    name="stores",
    source="master",
    title="门店主数据",
    key=("store_id", "valid_from"),
    event_time="valid_from",
    columns=(
        _text("store_id", "store"),
        _text("store_name", "name shown to people, Chinese"),
        _text("district_id", "district; also the zone that can carry a coupon quota"),
        _text("district_name", "name of the district, Chinese"),
        _text("dc_id", "distribution centre that supplies the store"),
        _count(
            "lead_time_days", "days from dispatch (06:00) to arrival before opening; 0 = the same morning", maximum=7
        ),
        _count("opens_slot", "first half hour open, 0-47", maximum=LAST_SLOT),
        _count("closes_slot", "first half hour closed, 1-48", minimum=1, maximum=48),
        _count("pickup_capacity_day", "pickups per day the store can hand over", required=False, maximum=100_000),
        _count("pickup_capacity_slot", "pickups per half hour at the counter", required=False, maximum=10_000),
        _count("counters", "most persons who can serve at once", minimum=1, maximum=100),
        _count("handover_seconds", "mean time to hand over one pickup, seconds", minimum=5, maximum=3600),
        _count("ambient_volume_ml", "room for ambient goods, millilitres", maximum=1e12),
        _count("cold_volume_ml", "room for cold goods, millilitres; 0 = no cold storage", maximum=1e12),
        *_VALIDITY,
    ),
)

SKUS = Feed(
    name="skus",
    source="master",
    title="商品主数据",
    key=("sku_id", "valid_from"),
    event_time="valid_from",
    columns=(
        _text("sku_id", "stock keeping unit"),
        _text("sku_name", "name shown to people, Chinese"),
        _text("storage_class", "where it must be kept", allowed=STORAGE_CLASSES),
        _count("price_fen", "price of one unit, fen", minimum=1),
        _count("margin_fen", "margin of one unit sold, fen"),
        _count("holding_fen", "cost of one unit left over at the end of the covered period, fen"),
        _count("pack_units", "units in a case pack", minimum=1, maximum=1000),
        _count("shelf_life_days", "days it can be sold after arrival", minimum=1, maximum=2000),
        _count("volume_ml", "volume of one unit, millilitres", minimum=1),
        *_VALIDITY,
        _count(
            "minimum_units",
            "least units on the shelf of every store that sells it, for presentation; absent = none",
            required=False,
            maximum=10_000,
        ),
    ),
)

DISTRIBUTION_CENTRES = Feed(
    name="distribution_centres",
    source="master",
    title="配送中心主数据",
    key=("dc_id", "valid_from"),
    event_time="valid_from",
    columns=(_text("dc_id", "distribution centre"), _text("dc_name", "name, Chinese"), *_VALIDITY),
)

ROSTERS = Feed(
    name="rosters",
    source="master",
    title="排班",
    key=("store_id", "business_date"),
    event_time="business_date",
    columns=(
        _text("store_id", "store"),
        _date("business_date", "business day"),
        _count("rostered_staff", "persons for pickup who are on shift in every open half hour", maximum=100),
        _count("callable_staff", "persons who can be called in on top, in any half hour", maximum=100),
    ),
)

CAMPAIGNS = Feed(
    name="campaigns",
    source="master",
    title="营销活动与预算",
    key=("campaign_id", "valid_from"),
    event_time="valid_from",
    columns=(
        _text("campaign_id", "campaign"),
        _text("campaign_name", "name, Chinese"),
        _count("budget_coupons", "coupons the campaign may issue over its life"),
        _count("daily_budget_coupons", "coupons the campaign may issue in a business day"),
        Column("is_protected", "boolean", "its quotas may not be cut below those in force"),
        *_VALIDITY,
    ),
)

PROMOTIONS = Feed(
    name="promotions",
    source="master",
    title="营销日历",
    key=("campaign_id", "business_date", "area_id"),
    event_time="announced_at",
    columns=(
        _text("campaign_id", "campaign"),
        _date("business_date", "business day"),
        _text("area_id", f"district that takes part; {WHOLE_CHAIN} = every store"),
        _count(
            "intensity_tier",
            "planned traffic grade (活动力度) of the day, 0 = called off; of several on one day the strongest counts",
            maximum=STRONGEST_TIER,
        ),
        _time("announced_at", "moment marketing announced it"),
    ),
)

CONSENTS = Feed(
    name="consents",
    source="master",
    title="用户授权",
    key=("customer_key", "purpose"),
    event_time="decided_at",
    columns=(
        Column("customer_key", "text", "customer, pseudonym of the openid", personal="openid"),
        _text("purpose", "what the data may be used for", allowed=("pickup_service", "preference_analysis")),
        Column("is_granted", "boolean", "consent given (true) or withdrawn (false)"),
        _time("decided_at", "moment of the decision"),
    ),
)

ORDER_LINES = Feed(
    name="order_lines",
    source="pos",
    title="POS 订单明细",
    key=("order_id", "line_number"),
    event_time="placed_at",
    columns=(
        _text("order_id", "order"),
        _count("line_number", "line in the order, from 1", minimum=1, maximum=100),
        _text("store_id", "store that hands it over"),
        _text("channel", "pickup = ordered in the mini-program; walk_in = bought in the store", allowed=CHANNELS),
        _text("status", "state of the order", allowed=ORDER_STATUSES),
        _text("cancel_reason", "why it was cancelled", required=False, allowed=CANCEL_REASONS),
        _text("sku_id", "stock keeping unit"),
        _count("quantity_units", "units ordered", minimum=1, maximum=1000),
        _count("paid_fen", "paid for the line, fen"),
        _text("coupon_code", "coupon used, if any", required=False),
        Column("customer_key", "text", "customer, pseudonym of the openid", required=False, personal="openid"),
        Column("phone_key", "text", "pseudonym of the phone number", required=False, personal="phone"),
        _time("placed_at", "moment of the order"),
        _time("collected_at", "moment of the hand-over", required=False),
    ),
    not_before=(("collected_at", "placed_at"),),
)

STOCK_LEVELS = Feed(
    name="stock_levels",
    source="wms",
    title="WMS 库存",
    key=("location_id", "sku_id", "counted_at"),
    event_time="counted_at",
    columns=(
        _text("location_id", "store or distribution centre"),
        _text("sku_id", "stock keeping unit"),
        _time("counted_at", "moment of the snapshot"),
        _count("on_hand_units", "units on hand"),
        _count("locked_units", "units of these already promised"),
    ),
)

TRANSFERS = Feed(
    name="transfers",
    source="wms",
    title="WMS 调拨单",
    key=("transfer_id",),
    event_time="ordered_at",
    columns=(
        _text("transfer_id", "transfer of one SKU"),
        _text("shipment_id", "shipment that carries it"),
        _text("dc_id", "distribution centre it leaves"),
        _text("store_id", "store it goes to"),
        _text("sku_id", "stock keeping unit"),
        _count("quantity_units", "units", minimum=1),
        _text("status", "state of the transfer", allowed=TRANSFER_STATUSES),
        _time("ordered_at", "moment it was ordered"),
        _time("dispatched_at", "moment it left the distribution centre", required=False),
        _time("received_at", "moment the store booked it in", required=False),
    ),
    not_before=(("received_at", "dispatched_at"),),
)

MILESTONES_FEED = Feed(
    name="milestones",
    source="logistics",
    title="物流节点",
    key=("shipment_id", "milestone"),
    event_time="occurred_at",
    columns=(
        _text("shipment_id", "shipment"),
        _text("store_id", "store it goes to"),
        _text("milestone", "what happened", allowed=MILESTONES),
        _time("occurred_at", "moment it happened"),
        _time("eta_at", "expected arrival, as told at this milestone", required=False),
    ),
)

COUPON_STOCKS = Feed(
    name="coupon_stocks",
    source="wechat",
    title="微信卡券批次",
    key=("stock_id",),
    event_time="created_at",
    columns=(
        _text("stock_id", "coupon stock (批次)"),
        _text("stock_name", "name shown to customers, Chinese"),
        _text("campaign_id", "campaign that pays"),
        _text("kind", "NORMAL = 满减, DISCOUNT = 折扣, EXCHANGE = 兑换", allowed=COUPON_KINDS),
        _text(
            "carrier",
            "store = one quota per store; zone = one quota for the stores of a district",
            allowed=COUPON_CARRIERS,
        ),
        _text("exchange_sku_id", "SKU an EXCHANGE coupon is for", required=False),
        _count("face_value_fen", "value of one coupon to the customer, fen"),
        _count(
            "valid_days",
            "days after the claim on which it can be redeemed, the day of the claim included",
            minimum=1,
            maximum=365,
        ),
        _count("issued_total", "coupons issued since the start"),
        _text("status", "state of the stock", allowed=("SENDING", "PAUSED", "STOPPED")),
        _time("created_at", "moment it was created"),
    ),
)

COUPON_QUOTAS = Feed(
    name="coupon_quotas",
    source="wechat",
    title="微信卡券额度",
    key=("stock_id", "carrier_id", "business_date"),
    event_time="set_at",
    columns=(
        _text("stock_id", "coupon stock (批次)"),
        _text("carrier_id", "store, or district for a stock carried by zones"),
        _date("business_date", "business day the quota is for"),
        _count("quota_coupons", "coupons that may be claimed on the day"),
        _count("issued_coupons", "coupons already claimed on the day"),
        _time("set_at", "moment the quota was last set"),
    ),
)

COUPON_EVENTS_FEED = Feed(
    name="coupon_events",
    source="wechat",
    title="微信卡券事件",
    key=("event_id",),
    event_time="occurred_at",
    columns=(
        _text("event_id", "event"),
        _text("event_type", "what happened", allowed=COUPON_EVENTS),
        _text("coupon_code", "coupon of one customer"),
        _text("stock_id", "coupon stock (批次)"),
        _text("store_id", "store where the coupon can be redeemed"),
        Column("customer_key", "text", "customer, pseudonym of the openid", personal="openid"),
        _time("occurred_at", "moment of the event"),
        _time("expires_at", "moment the coupon expires"),
    ),
)

BOOKINGS = Feed(
    name="bookings",
    source="booking",
    title="自提预约",
    key=("booking_id",),
    event_time="made_at",
    columns=(
        _text("booking_id", "booking"),
        _text("order_id", "order to be collected"),
        _text("store_id", "store"),
        Column("customer_key", "text", "customer, pseudonym of the openid", required=False, personal="openid"),
        _text("coupon_code", "coupon used, if any", required=False),
        _time("slot_starts_at", "start of the booked half hour"),
        _text("status", "state of the booking", allowed=BOOKING_STATUSES),
        _time("made_at", "moment the booking was made"),
    ),
)

ARRIVALS = Feed(
    name="arrivals",
    source="booking",
    title="到店与交付",
    key=("arrival_id",),
    event_time="arrived_at",
    columns=(
        _text("arrival_id", "arrival of a customer at the pickup counter"),
        _text("store_id", "store"),
        _text("order_id", "order collected"),
        _text("booking_id", "booking, if there was one", required=False),
        _time("arrived_at", "moment of the arrival"),
        _time("served_at", "moment the hand-over began; absent = left unserved", required=False),
        _time("handed_over_at", "moment the hand-over ended", required=False),
    ),
    not_before=(("served_at", "arrived_at"), ("handed_over_at", "served_at")),
)

FEEDS: tuple[Feed, ...] = (
    STORES,
    SKUS,
    DISTRIBUTION_CENTRES,
    ROSTERS,
    CAMPAIGNS,
    PROMOTIONS,
    CONSENTS,
    ORDER_LINES,
    STOCK_LEVELS,
    TRANSFERS,
    MILESTONES_FEED,
    COUPON_STOCKS,
    COUPON_QUOTAS,
    COUPON_EVENTS_FEED,
    BOOKINGS,
    ARRIVALS,
)

SOURCES: tuple[str, ...] = tuple(dict.fromkeys(feed.source for feed in FEEDS))


def feed_named(name: str) -> Feed:
    """The contract of feed ``name``; KeyError names the feeds there are."""
    for feed in FEEDS:
        if feed.name == name:
            return feed
    raise KeyError(f"no feed named {name!r}; there are {', '.join(feed.name for feed in FEEDS)}")
