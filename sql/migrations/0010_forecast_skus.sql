-- SKU demand beyond a constant share, and orders apart from pickups.
alter table mart.forecast_days
    add column orders_mean   double precision,
    add column show_up_share double precision check (show_up_share > 0 and show_up_share <= 1);
comment on column mart.forecast_days.mean is 'Pickups: customers who come to the counter and collect, and those refused for want of stock';
comment on column mart.forecast_days.orders_mean is 'Orders that take stock: the pickups and those not fetched or withdrawn';
comment on column mart.forecast_days.show_up_share is 'Pickups over orders; what is not fetched is back on the shelf the next morning';

alter table mart.forecast_skus
    add column exchange_units_per_pickup double precision,
    add column units_dispersion          double precision,
    add column rate_error                double precision;
comment on column mart.forecast_skus.units_per_pickup is 'Units on an average day of the week, those by exchange coupon included';
comment on column mart.forecast_skus.exchange_units_per_pickup is 'Of these, units by exchange coupon';
comment on column mart.forecast_skus.units_dispersion is 'Variance over mean of a day''s units, day shock left out';
comment on column mart.forecast_skus.rate_error is 'Relative standard deviation of the rate itself, the same for all days of a forecast';

create table mart.forecast_sku_weekdays (
    forecast_id text not null references mart.forecast_runs on delete cascade,
    sku_id      text not null,
    weekday     integer not null check (weekday between 0 and 6),
    factor      double precision not null check (factor >= 0),
    primary key (forecast_id, sku_id, weekday)
);
comment on table mart.forecast_sku_weekdays is 'Factor of a weekday on the part a SKU has in a store-day''s units; 0 = Monday, holidays as Sundays';

create table mart.forecast_walk_ins (
    forecast_id text not null references mart.forecast_runs on delete cascade,
    store_id    text not null,
    weekday     integer not null check (weekday between 0 and 6),
    factor      double precision not null check (factor >= 0),
    primary key (forecast_id, store_id, weekday)
);
comment on table mart.forecast_walk_ins is 'Factor of a weekday on the units a store sells to walk-in customers';

create table mart.forecast_exchanges (
    forecast_id text not null references mart.forecast_runs on delete cascade,
    store_id    text not null,
    sku_id      text not null,
    date        date not null,
    units       double precision not null check (units >= 0),
    primary key (forecast_id, store_id, sku_id, date)
);
comment on table mart.forecast_exchanges is 'Units that exchange coupons will take: of coupons out and of those still to be claimed';
