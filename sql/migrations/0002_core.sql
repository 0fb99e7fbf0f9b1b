-- Typed facts of the vendor feeds, one table a feed (contract: rouxing/model/feeds.py).
-- A row is one version of a document: key + known_at. Versions are appended, never overwritten.
-- event_at  when it happened; known_at  when the vendor knew it; loaded_at  when we wrote it (left out of comparisons).

create table core.stores (
    store_id              text not null,
    store_name            text not null,
    district_id           text not null,
    district_name         text not null,
    dc_id                 text not null,
    lead_time_days        bigint not null,
    opens_slot            bigint not null,
    closes_slot           bigint not null,
    pickup_capacity_day   bigint,
    pickup_capacity_slot  bigint,
    counters              bigint not null,
    handover_seconds      bigint not null,
    ambient_volume_ml     bigint not null,
    cold_volume_ml        bigint not null,
    valid_from            date not null,
    valid_to              date,
    event_at              timestamptz not null,
    known_at              timestamptz not null,
    batch_id              bigint not null references ops.batches,
    loaded_at             timestamptz not null default now(),
    primary key (store_id, valid_from, known_at)
);
comment on table core.stores is '门店主数据';
comment on column core.stores.store_id is 'store';
comment on column core.stores.store_name is 'name shown to people, Chinese';
comment on column core.stores.district_id is 'district; also the zone that can carry a coupon quota';
comment on column core.stores.district_name is 'name of the district, Chinese';
comment on column core.stores.dc_id is 'distribution centre that supplies the store';
comment on column core.stores.lead_time_days is 'days from dispatch (06:00) to arrival before opening; 0 = the same morning';
comment on column core.stores.opens_slot is 'first half hour open, 0-47';
comment on column core.stores.closes_slot is 'first half hour closed, 1-48';
comment on column core.stores.pickup_capacity_day is 'pickups per day the store can hand over';
comment on column core.stores.pickup_capacity_slot is 'pickups per half hour at the counter';
comment on column core.stores.counters is 'most persons who can serve at once';
comment on column core.stores.handover_seconds is 'mean time to hand over one pickup, seconds';
comment on column core.stores.ambient_volume_ml is 'room for ambient goods, millilitres';
comment on column core.stores.cold_volume_ml is 'room for cold goods, millilitres; 0 = no cold storage';
comment on column core.stores.valid_from is 'first business day the row holds';
comment on column core.stores.valid_to is 'last business day the row holds, inclusive; absent = until further notice';

create table core.skus (
    sku_id           text not null,
    sku_name         text not null,
    storage_class    text not null,
    price_fen        bigint not null,
    margin_fen       bigint not null,
    holding_fen      bigint not null,
    pack_units       bigint not null,
    shelf_life_days  bigint not null,
    volume_ml        bigint not null,
    valid_from       date not null,
    valid_to         date,
    event_at         timestamptz not null,
    known_at         timestamptz not null,
    batch_id         bigint not null references ops.batches,
    loaded_at        timestamptz not null default now(),
    primary key (sku_id, valid_from, known_at)
);
comment on table core.skus is '商品主数据';
comment on column core.skus.sku_id is 'stock keeping unit';
comment on column core.skus.sku_name is 'name shown to people, Chinese';
comment on column core.skus.storage_class is 'where it must be kept';
comment on column core.skus.price_fen is 'price of one unit, fen';
comment on column core.skus.margin_fen is 'margin of one unit sold, fen';
comment on column core.skus.holding_fen is 'cost of one unit left over at the end of the covered period, fen';
comment on column core.skus.pack_units is 'units in a case pack';
comment on column core.skus.shelf_life_days is 'days it can be sold after arrival';
comment on column core.skus.volume_ml is 'volume of one unit, millilitres';
comment on column core.skus.valid_from is 'first business day the row holds';
comment on column core.skus.valid_to is 'last business day the row holds, inclusive; absent = until further notice';

create table core.distribution_centres (
    dc_id       text not null,
    dc_name     text not null,
    valid_from  date not null,
    valid_to    date,
    event_at    timestamptz not null,
    known_at    timestamptz not null,
    batch_id    bigint not null references ops.batches,
    loaded_at   timestamptz not null default now(),
    primary key (dc_id, valid_from, known_at)
);
comment on table core.distribution_centres is '配送中心主数据';
comment on column core.distribution_centres.dc_id is 'distribution centre';
comment on column core.distribution_centres.dc_name is 'name, Chinese';
comment on column core.distribution_centres.valid_from is 'first business day the row holds';
comment on column core.distribution_centres.valid_to is 'last business day the row holds, inclusive; absent = until further notice';

create table core.rosters (
    store_id        text not null,
    business_date   date not null,
    rostered_staff  bigint not null,
    callable_staff  bigint not null,
    event_at        timestamptz not null,
    known_at        timestamptz not null,
    batch_id        bigint not null references ops.batches,
    loaded_at       timestamptz not null default now(),
    primary key (store_id, business_date, known_at)
);
comment on table core.rosters is '排班';
comment on column core.rosters.store_id is 'store';
comment on column core.rosters.business_date is 'business day';
comment on column core.rosters.rostered_staff is 'persons for pickup who are on shift in every open half hour';
comment on column core.rosters.callable_staff is 'persons who can be called in on top, in any half hour';

create table core.campaigns (
    campaign_id           text not null,
    campaign_name         text not null,
    budget_coupons        bigint not null,
    daily_budget_coupons  bigint not null,
    is_protected          boolean not null,
    valid_from            date not null,
    valid_to              date,
    event_at              timestamptz not null,
    known_at              timestamptz not null,
    batch_id              bigint not null references ops.batches,
    loaded_at             timestamptz not null default now(),
    primary key (campaign_id, valid_from, known_at)
);
comment on table core.campaigns is '营销活动与预算';
comment on column core.campaigns.campaign_id is 'campaign';
comment on column core.campaigns.campaign_name is 'name, Chinese';
comment on column core.campaigns.budget_coupons is 'coupons the campaign may issue over its life';
comment on column core.campaigns.daily_budget_coupons is 'coupons the campaign may issue in a business day';
comment on column core.campaigns.is_protected is 'its quotas may not be cut below those in force';
comment on column core.campaigns.valid_from is 'first business day the row holds';
comment on column core.campaigns.valid_to is 'last business day the row holds, inclusive; absent = until further notice';

create table core.consents (
    customer_key  text not null,
    purpose       text not null,
    is_granted    boolean not null,
    decided_at    timestamptz not null,
    event_at      timestamptz not null,
    known_at      timestamptz not null,
    batch_id      bigint not null references ops.batches,
    loaded_at     timestamptz not null default now(),
    primary key (customer_key, purpose, known_at)
);
comment on table core.consents is '用户授权';
comment on column core.consents.customer_key is 'customer, pseudonym of the openid';
comment on column core.consents.purpose is 'what the data may be used for';
comment on column core.consents.is_granted is 'consent given (true) or withdrawn (false)';
comment on column core.consents.decided_at is 'moment of the decision';

create table core.order_lines (
    order_id        text not null,
    line_number     bigint not null,
    store_id        text not null,
    channel         text not null,
    status          text not null,
    cancel_reason   text,
    sku_id          text not null,
    quantity_units  bigint not null,
    paid_fen        bigint not null,
    coupon_code     text,
    customer_key    text,
    phone_key       text,
    placed_at       timestamptz not null,
    collected_at    timestamptz,
    event_at        timestamptz not null,
    known_at        timestamptz not null,
    batch_id        bigint not null references ops.batches,
    loaded_at       timestamptz not null default now(),
    primary key (order_id, line_number, known_at)
);
comment on table core.order_lines is 'POS 订单明细';
comment on column core.order_lines.order_id is 'order';
comment on column core.order_lines.line_number is 'line in the order, from 1';
comment on column core.order_lines.store_id is 'store that hands it over';
comment on column core.order_lines.channel is 'pickup = ordered in the mini-program; walk_in = bought in the store';
comment on column core.order_lines.status is 'state of the order';
comment on column core.order_lines.cancel_reason is 'why it was cancelled';
comment on column core.order_lines.sku_id is 'stock keeping unit';
comment on column core.order_lines.quantity_units is 'units ordered';
comment on column core.order_lines.paid_fen is 'paid for the line, fen';
comment on column core.order_lines.coupon_code is 'coupon used, if any';
comment on column core.order_lines.customer_key is 'customer, pseudonym of the openid';
comment on column core.order_lines.phone_key is 'pseudonym of the phone number';
comment on column core.order_lines.placed_at is 'moment of the order';
comment on column core.order_lines.collected_at is 'moment of the hand-over';

create table core.stock_levels (
    location_id    text not null,
    sku_id         text not null,
    counted_at     timestamptz not null,
    on_hand_units  bigint not null,
    locked_units   bigint not null,
    event_at       timestamptz not null,
    known_at       timestamptz not null,
    batch_id       bigint not null references ops.batches,
    loaded_at      timestamptz not null default now(),
    primary key (location_id, sku_id, counted_at, known_at)
);
comment on table core.stock_levels is 'WMS 库存';
comment on column core.stock_levels.location_id is 'store or distribution centre';
comment on column core.stock_levels.sku_id is 'stock keeping unit';
comment on column core.stock_levels.counted_at is 'moment of the snapshot';
comment on column core.stock_levels.on_hand_units is 'units on hand';
comment on column core.stock_levels.locked_units is 'units of these already promised';

create table core.transfers (
    transfer_id     text not null,
    shipment_id     text not null,
    dc_id           text not null,
    store_id        text not null,
    sku_id          text not null,
    quantity_units  bigint not null,
    status          text not null,
    ordered_at      timestamptz not null,
    dispatched_at   timestamptz,
    received_at     timestamptz,
    event_at        timestamptz not null,
    known_at        timestamptz not null,
    batch_id        bigint not null references ops.batches,
    loaded_at       timestamptz not null default now(),
    primary key (transfer_id, known_at)
);
comment on table core.transfers is 'WMS 调拨单';
comment on column core.transfers.transfer_id is 'transfer of one SKU';
comment on column core.transfers.shipment_id is 'shipment that carries it';
comment on column core.transfers.dc_id is 'distribution centre it leaves';
comment on column core.transfers.store_id is 'store it goes to';
comment on column core.transfers.sku_id is 'stock keeping unit';
comment on column core.transfers.quantity_units is 'units';
comment on column core.transfers.status is 'state of the transfer';
comment on column core.transfers.ordered_at is 'moment it was ordered';
comment on column core.transfers.dispatched_at is 'moment it left the distribution centre';
comment on column core.transfers.received_at is 'moment the store booked it in';

create table core.milestones (
    shipment_id  text not null,
    store_id     text not null,
    milestone    text not null,
    occurred_at  timestamptz not null,
    eta_at       timestamptz,
    event_at     timestamptz not null,
    known_at     timestamptz not null,
    batch_id     bigint not null references ops.batches,
    loaded_at    timestamptz not null default now(),
    primary key (shipment_id, milestone, known_at)
);
comment on table core.milestones is '物流节点';
comment on column core.milestones.shipment_id is 'shipment';
comment on column core.milestones.store_id is 'store it goes to';
comment on column core.milestones.milestone is 'what happened';
comment on column core.milestones.occurred_at is 'moment it happened';
comment on column core.milestones.eta_at is 'expected arrival, as told at this milestone';

create table core.coupon_stocks (
    stock_id         text not null,
    stock_name       text not null,
    campaign_id      text not null,
    kind             text not null,
    carrier          text not null,
    exchange_sku_id  text,
    face_value_fen   bigint not null,
    valid_days       bigint not null,
    issued_total     bigint not null,
    status           text not null,
    created_at       timestamptz not null,
    event_at         timestamptz not null,
    known_at         timestamptz not null,
    batch_id         bigint not null references ops.batches,
    loaded_at        timestamptz not null default now(),
    primary key (stock_id, known_at)
);
comment on table core.coupon_stocks is '微信卡券批次';
comment on column core.coupon_stocks.stock_id is 'coupon stock (批次)';
comment on column core.coupon_stocks.stock_name is 'name shown to customers, Chinese';
comment on column core.coupon_stocks.campaign_id is 'campaign that pays';
comment on column core.coupon_stocks.kind is 'NORMAL = 满减, DISCOUNT = 折扣, EXCHANGE = 兑换';
comment on column core.coupon_stocks.carrier is 'store = one quota per store; zone = one quota for the stores of a district';
comment on column core.coupon_stocks.exchange_sku_id is 'SKU an EXCHANGE coupon is for';
comment on column core.coupon_stocks.face_value_fen is 'value of one coupon to the customer, fen';
comment on column core.coupon_stocks.valid_days is 'days after the claim on which it can be redeemed, the day of the claim included';
comment on column core.coupon_stocks.issued_total is 'coupons issued since the start';
comment on column core.coupon_stocks.status is 'state of the stock';
comment on column core.coupon_stocks.created_at is 'moment it was created';

create table core.coupon_quotas (
    stock_id        text not null,
    carrier_id      text not null,
    business_date   date not null,
    quota_coupons   bigint not null,
    issued_coupons  bigint not null,
    set_at          timestamptz not null,
    event_at        timestamptz not null,
    known_at        timestamptz not null,
    batch_id        bigint not null references ops.batches,
    loaded_at       timestamptz not null default now(),
    primary key (stock_id, carrier_id, business_date, known_at)
);
comment on table core.coupon_quotas is '微信卡券额度';
comment on column core.coupon_quotas.stock_id is 'coupon stock (批次)';
comment on column core.coupon_quotas.carrier_id is 'store, or district for a stock carried by zones';
comment on column core.coupon_quotas.business_date is 'business day the quota is for';
comment on column core.coupon_quotas.quota_coupons is 'coupons that may be claimed on the day';
comment on column core.coupon_quotas.issued_coupons is 'coupons already claimed on the day';
comment on column core.coupon_quotas.set_at is 'moment the quota was last set';

create table core.coupon_events (
    event_id      text not null,
    event_type    text not null,
    coupon_code   text not null,
    stock_id      text not null,
    store_id      text not null,
    customer_key  text not null,
    occurred_at   timestamptz not null,
    expires_at    timestamptz not null,
    event_at      timestamptz not null,
    known_at      timestamptz not null,
    batch_id      bigint not null references ops.batches,
    loaded_at     timestamptz not null default now(),
    primary key (event_id, known_at)
);
comment on table core.coupon_events is '微信卡券事件';
comment on column core.coupon_events.event_id is 'event';
comment on column core.coupon_events.event_type is 'what happened';
comment on column core.coupon_events.coupon_code is 'coupon of one customer';
comment on column core.coupon_events.stock_id is 'coupon stock (批次)';
comment on column core.coupon_events.store_id is 'store where the coupon can be redeemed';
comment on column core.coupon_events.customer_key is 'customer, pseudonym of the openid';
comment on column core.coupon_events.occurred_at is 'moment of the event';
comment on column core.coupon_events.expires_at is 'moment the coupon expires';

create table core.bookings (
    booking_id      text not null,
    order_id        text not null,
    store_id        text not null,
    customer_key    text not null,
    coupon_code     text,
    slot_starts_at  timestamptz not null,
    status          text not null,
    made_at         timestamptz not null,
    event_at        timestamptz not null,
    known_at        timestamptz not null,
    batch_id        bigint not null references ops.batches,
    loaded_at       timestamptz not null default now(),
    primary key (booking_id, known_at)
);
comment on table core.bookings is '自提预约';
comment on column core.bookings.booking_id is 'booking';
comment on column core.bookings.order_id is 'order to be collected';
comment on column core.bookings.store_id is 'store';
comment on column core.bookings.customer_key is 'customer, pseudonym of the openid';
comment on column core.bookings.coupon_code is 'coupon used, if any';
comment on column core.bookings.slot_starts_at is 'start of the booked half hour';
comment on column core.bookings.status is 'state of the booking';
comment on column core.bookings.made_at is 'moment the booking was made';

create table core.arrivals (
    arrival_id      text not null,
    store_id        text not null,
    order_id        text not null,
    booking_id      text,
    arrived_at      timestamptz not null,
    served_at       timestamptz,
    handed_over_at  timestamptz,
    event_at        timestamptz not null,
    known_at        timestamptz not null,
    batch_id        bigint not null references ops.batches,
    loaded_at       timestamptz not null default now(),
    primary key (arrival_id, known_at)
);
comment on table core.arrivals is '到店与交付';
comment on column core.arrivals.arrival_id is 'arrival of a customer at the pickup counter';
comment on column core.arrivals.store_id is 'store';
comment on column core.arrivals.order_id is 'order collected';
comment on column core.arrivals.booking_id is 'booking, if there was one';
comment on column core.arrivals.arrived_at is 'moment of the arrival';
comment on column core.arrivals.served_at is 'moment the hand-over began; absent = left unserved';
comment on column core.arrivals.handed_over_at is 'moment the hand-over ended';

create index order_lines_by_placed on core.order_lines (store_id, placed_at);
create index coupon_events_by_time on core.coupon_events (occurred_at);
create index bookings_by_slot on core.bookings (slot_starts_at);
create index arrivals_by_time on core.arrivals (arrived_at);
create index stock_levels_by_time on core.stock_levels (counted_at);
