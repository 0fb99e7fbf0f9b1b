-- The marketing calendar: how strong each campaign is planned to be, day by day, and since when that is known.
create table core.promotions (
    campaign_id     text not null,
    business_date   date not null,
    area_id         text not null,
    intensity_tier  bigint not null,
    announced_at    timestamptz not null,
    event_at        timestamptz not null,
    known_at        timestamptz not null,
    batch_id        bigint not null references ops.batches,
    loaded_at       timestamptz not null default now(),
    primary key (campaign_id, business_date, area_id, known_at)
);
comment on table core.promotions is '营销日历';
comment on column core.promotions.campaign_id is 'campaign';
comment on column core.promotions.business_date is 'business day';
comment on column core.promotions.area_id is 'district that takes part; ALL = every store';
comment on column core.promotions.intensity_tier is 'planned traffic grade (活动力度) of the day, 0 = called off; of several on one day the strongest counts';
comment on column core.promotions.announced_at is 'moment marketing announced it';
