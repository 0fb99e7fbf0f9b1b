-- Half hours: what is forecast for three days, and what the day so far makes of the rest of today.
create table mart.forecast_slot_days (
    forecast_id text not null references mart.forecast_runs on delete cascade,
    store_id    text not null,
    date        date not null,
    slot        integer not null check (slot between 0 and 47),
    mean        double precision not null check (mean >= 0),
    dispersion  double precision not null,
    shock       double precision not null,
    p05         double precision not null,
    p10         double precision not null,
    p25         double precision not null,
    p50         double precision not null,
    p75         double precision not null,
    p90         double precision not null,
    p95         double precision not null,
    primary key (forecast_id, store_id, date, slot)
);
comment on table mart.forecast_slot_days is 'Arrivals at the counter per store and open half hour; means add up to the day''s';
comment on column mart.forecast_slot_days.dispersion is 'Variance = mean + dispersion * mean^2';
comment on column mart.forecast_slot_days.shock is 'Part of the dispersion that all half hours of the store-day share';

create table mart.forecast_today (
    forecast_id text not null references mart.forecast_runs on delete cascade,
    as_of       timestamptz not null,
    store_id    text not null,
    slot        integer not null check (slot between 0 and 47),
    mean        double precision not null check (mean >= 0),
    dispersion  double precision not null,
    shock       double precision not null,
    p05         double precision not null,
    p10         double precision not null,
    p25         double precision not null,
    p50         double precision not null,
    p75         double precision not null,
    p90         double precision not null,
    p95         double precision not null,
    primary key (forecast_id, as_of, store_id, slot)
);
comment on table mart.forecast_today is 'Arrivals in the half hours still to come, from the day so far; of a day''s updates the newest stays';

create table mart.booking_flow (
    forecast_id text not null references mart.forecast_runs on delete cascade,
    known_slot  integer not null check (known_slot between -1 and 48),
    slot        integer not null check (slot between 0 and 47),
    bookings    bigint not null,
    arrivals    bigint not null,
    primary key (forecast_id, known_slot, slot)
);
comment on table mart.booking_flow is 'The chain''s last two weeks: bookings for a half hour by when they were made, and who came';
comment on column mart.booking_flow.known_slot is 'Half hour of the due day in which a booking was made or cancelled; -1 = before the day, 48 = never booked';
comment on column mart.booking_flow.bookings is 'Made less cancelled';
