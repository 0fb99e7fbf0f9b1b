-- Why each number of a plan is what it is, and what a check has to say beside its figures.
alter table plan.checks add column note text not null default '';
comment on column plan.checks.note is 'What stands behind the figures: the line that is worst, a default that stands in for an unknown limit';

create table plan.reasons (
    plan_id       text not null references plan.headers on delete cascade,
    subject       text not null check (subject in ('coupon_quota', 'stock_transfer', 'staff')),
    item          text not null,
    business_date date not null,
    place_id      text not null,
    article_id    text not null default '',
    before_value  double precision,
    after_value   double precision not null,
    limit_name    text not null,
    limit_subject text not null default '',
    price_fen     double precision not null default 0,
    forecast_mean double precision,
    committed     double precision,
    limit_value   double precision,
    slack         double precision,
    one_more      text not null default '',
    sentence_zh   text not null,
    sentence_en   text not null,
    primary key (plan_id, subject, item, business_date)
);
comment on table plan.reasons is 'For each changed number of a plan the limit that set it, and a sentence a shop manager can read';
comment on column plan.reasons.item is 'As in plan.differences';
comment on column plan.reasons.place_id is 'Store, or district for a quota carried by a zone';
comment on column plan.reasons.article_id is 'Coupon stock of a quota, SKU of a transfer; empty for staff';
comment on column plan.reasons.limit_name is 'Limit that set the number, e.g. capacity, budget, change_limit, demand';
comment on column plan.reasons.limit_subject is 'Store, campaign or distribution centre whose limit it is';
comment on column plan.reasons.price_fen is 'Worth of one more unit of the limit, fen';
comment on column plan.reasons.forecast_mean is 'Expected pickups (quota, staff) or units (transfer) of the day';
comment on column plan.reasons.committed is 'Of these already promised: coupons out, slots booked';
comment on column plan.reasons.slack is 'Room left under the limit; 0 = used up';
comment on column plan.reasons.one_more is 'What would have to change for one more unit, in Chinese';
create index reasons_by_place on plan.reasons (plan_id, place_id);
