-- Quotas on claims: what customers would claim, what the forecast already contains of it, and the load that it makes.

-- What customers would claim if no quota stood in the way, as the forecast sees it.
create table mart.forecast_claims (
    forecast_id     text not null references mart.forecast_runs on delete cascade,
    stock_id        text not null,
    carrier_id      text not null,
    date            date not null,
    wanted_claims   double precision not null check (wanted_claims >= 0),
    assumed_coupons double precision not null check (assumed_coupons >= 0),
    primary key (forecast_id, stock_id, carrier_id, date)
);
comment on table mart.forecast_claims is 'Claims per coupon stock, carrier and coming day if no quota cut them off';
comment on column mart.forecast_claims.wanted_claims is 'Mean claims of the whole day without a quota';
comment on column mart.forecast_claims.assumed_coupons is 'Quota that the forecast''s to_come assumes, coupons';

alter table plan.redistributions
    add column rule_value_fen double precision,
    add column rounds         integer;
comment on column plan.redistributions.value_fen is 'Expected value of the claims that the quotas allow, less the cost of moving';
comment on column plan.redistributions.upper_bound_fen is 'No quotas under the same limits are worth more';
comment on column plan.redistributions.rule_value_fen is 'What cutting the quotas in force in proportion would be worth, on the same terms; absent = this is that plan';
comment on column plan.redistributions.rounds is 'Times the quotas were solved until customers who go next door were settled';

-- One cell: coupon stock x carrier x day. Claims at a quota q are E[min(D, q)] on the cell's row of plan.quota_curves.
alter table plan.coupon_quotas rename column reference_coupons to reference_claims;
alter table plan.coupon_quotas
    add column assumed_coupons double precision,
    add column wanted_claims   double precision,
    add column in_force_claims double precision,
    add column smoothed_claims double precision,
    add column value_fen       double precision,
    add column move_cost_fen   double precision,
    add column lower_coupons   bigint,
    add column upper_coupons   bigint,
    add column binding_limit   text,
    add column override_kind   text;
comment on column plan.coupon_quotas.quota_coupons is 'Coupons that may be claimed on the day, those already issued included';
comment on column plan.coupon_quotas.previous_coupons is 'Quota in force when this was decided';
comment on column plan.coupon_quotas.expected_claims is 'Claims of the day expected under quota_coupons';
comment on column plan.coupon_quotas.reference_claims is 'Claims of the day that the load forecast already contains: those under assumed_coupons on the same curve';
comment on column plan.coupon_quotas.assumed_coupons is 'Quota that the forecast assumed';
comment on column plan.coupon_quotas.wanted_claims is 'Mean claims of the day without a quota, those already issued included: the mean of the curve';
comment on column plan.coupon_quotas.in_force_claims is 'Claims of the day expected if the quota in force stayed (or what is issued, where that is more)';
comment on column plan.coupon_quotas.smoothed_claims is 'wanted_claims smoothed over the cycles of the same forecast; what was decided with, and what the next cycle remembers';
comment on column plan.coupon_quotas.value_fen is 'Worth of one claim';
comment on column plan.coupon_quotas.move_cost_fen is 'Cost of moving the quota by one coupon; keeps quotas still unless moving pays';
comment on column plan.coupon_quotas.lower_coupons is 'Least that this cycle could set: change limit, issued count, protection, scope';
comment on column plan.coupon_quotas.upper_coupons is 'Most that this cycle could set';
comment on column plan.coupon_quotas.reason is 'Limit that set the number: demand, budget, capacity, exchange_stock, change_limit, issued, protected, override, move_cost, scope';
comment on column plan.coupon_quotas.binding_limit is 'Which limit of the binding store or campaign: counter, staff, stock, default, slot HH:MM, SKU, day, total';
comment on column plan.coupon_quotas.override_kind is 'closed or no_new_quota where a person''s override set the bounds; the change limit does not hold a closed store up';
comment on column plan.coupon_quotas.price_fen is 'Worth of one more unit of the binding limit, fen per pickup or per coupon';

alter table plan.quota_loads rename column pickups_per_coupon to pickups_per_claim;
comment on table plan.quota_loads is 'Pickups that one claim of a cell brings to a store on a day';
comment on column plan.quota_loads.pickups_per_claim is 'Share redeemed at the age that the day is after the claim, times the store''s share of its carrier''s claims';

create table plan.quota_curves (
    redistribution_id text not null references plan.redistributions on delete cascade,
    stock_id          text not null,
    carrier_id        text not null,
    business_date     date not null,
    shares            double precision[] not null,
    units             double precision[] not null,
    primary key (redistribution_id, stock_id, carrier_id, business_date)
);
comment on table plan.quota_curves is 'Claims D of a cell without a quota, as a quantile curve: units[k] is its quantile at shares[k], straight lines between';
comment on column plan.quota_curves.shares is 'Rising from 0 to 1. E[min(D, q)] is the integral over u in 0..1 of least(units(u), q)';
comment on column plan.quota_curves.units is 'Claims of the whole day, those already issued included; never falling';

-- With U(m) = m + (forecast_upper - forecast_mean) * sqrt((m + a m^2) / (forecast_mean + a forecast_mean^2)), a = dispersion
-- (forecast_mean = 0: m + z sqrt(m + a m^2), z the normal quantile of load_quantile), the limit is U(load_mean) <= capacity.
create table plan.store_loads (
    redistribution_id text not null references plan.redistributions on delete cascade,
    store_id          text not null,
    business_date     date not null,
    forecast_mean     double precision not null,
    forecast_upper    double precision not null,
    dispersion        double precision not null,
    arrived_pickups   double precision not null,
    rest_mean         double precision not null,
    spill_mean        double precision not null,
    quota_mean        double precision not null,
    load_mean         double precision not null,
    load_upper        double precision not null,
    in_force_mean     double precision not null,
    in_force_upper    double precision not null,
    capacity_pickups  double precision not null,
    mean_limit        double precision not null,
    binding           text not null,
    price_fen         double precision not null,
    spill_share       double precision not null,
    district_share    double precision not null,
    spill_limit       double precision not null,
    turned_away       double precision not null,
    is_missing        boolean not null,
    is_inherited      boolean not null,
    smoothed_mean     double precision not null,
    smoothed_limit    double precision not null,
    primary key (redistribution_id, store_id, business_date)
);
comment on table plan.store_loads is 'Pickups of each planned store-day under the quotas of a redistribution, and the limit on them';
comment on column plan.store_loads.forecast_mean is 'Mean of the day''s pickups under the quotas that the forecast assumed; today: arrived so far + rest of the day as updated';
comment on column plan.store_loads.forecast_upper is 'Its upper quantile at the allocation''s load_quantile';
comment on column plan.store_loads.dispersion is 'Variance of the day''s pickups = mean + dispersion x mean^2';
comment on column plan.store_loads.arrived_pickups is 'Of forecast_mean: who has come already; 0 except today';
comment on column plan.store_loads.rest_mean is 'Of forecast_mean: half hours still to come; extra claims fall into these';
comment on column plan.store_loads.spill_mean is 'Pickups by customers who found no coupon at a neighbour: least(spill_limit, spill_share x district_share x sum over the other stores s of the district of turned_away_s / (1 - district_share_s))';
comment on column plan.store_loads.quota_mean is 'Sum over cells of pickups_per_claim x (expected_claims - reference_claims)';
comment on column plan.store_loads.load_mean is 'forecast_mean + spill_mean + quota_mean, at least 0';
comment on column plan.store_loads.load_upper is 'U(load_mean): upper quantile of the store''s total';
comment on column plan.store_loads.in_force_mean is 'The same with in_force_claims in place of expected_claims and nobody sent next door: what would be without this plan';
comment on column plan.store_loads.in_force_upper is 'U(in_force_mean); a broken limit that is not above this is inherited';
comment on column plan.store_loads.capacity_pickups is 'Pickups a day that the store can keep; what load_upper must not pass';
comment on column plan.store_loads.mean_limit is 'Largest load_mean that keeps the day''s capacity and every open half hour''s';
comment on column plan.store_loads.binding is 'Which of them is the least: counter, staff, stock, default, override, slot HH:MM';
comment on column plan.store_loads.price_fen is 'Worth of room for one more pickup (mean), fen';
comment on column plan.store_loads.spill_share is 'Share of turned away customers that try another store of the district';
comment on column plan.store_loads.district_share is 'The store''s share of its district''s coupon claims';
comment on column plan.store_loads.spill_limit is 'Most spill that the store takes: its room at the least quotas; who comes beyond that finds it full too';
comment on column plan.store_loads.turned_away is 'Pickups lost to the store by claims below the reference: sum over store-carried cells of pickups_per_claim x greatest(reference_claims - expected_claims, 0)';
comment on column plan.store_loads.is_missing is 'Nobody gave a capacity: no more than the quotas in force bring';
comment on column plan.store_loads.is_inherited is 'Broken by the least quotas alone: the least bad was done';
comment on column plan.store_loads.smoothed_mean is 'forecast_mean smoothed over the cycles of the same forecast';
comment on column plan.store_loads.smoothed_limit is 'mean_limit smoothed likewise; the plan keeps the true mean_limit all the same';

-- What the next cycle of the same forecast remembers.
create view plan.quota_states as
select redistribution_id, 'wanted_claims' as measure, stock_id, carrier_id, business_date, smoothed_claims as value
from plan.coupon_quotas
where smoothed_claims is not null
union all
select redistribution_id, 'forecast_mean', '', store_id, business_date, smoothed_mean from plan.store_loads
union all
select redistribution_id, 'mean_limit', '', store_id, business_date, smoothed_limit from plan.store_loads;
comment on view plan.quota_states is 'Exponentially smoothed state of the quota decision: cells by coupon stock and carrier, stores as carrier_id with an empty stock_id';

create table plan.exchange_loads (
    redistribution_id text not null references plan.redistributions on delete cascade,
    store_id          text not null,
    sku_id            text not null,
    business_date     date not null,
    forecast_units    double precision not null,
    quota_units       double precision not null,
    in_force_units    double precision not null,
    open_units        double precision not null,
    price_fen         double precision not null,
    is_inherited      boolean not null,
    primary key (redistribution_id, store_id, sku_id, business_date)
);
comment on table plan.exchange_loads is 'Units that exchange coupons take, against what is open for their holders: forecast_units + quota_units <= open_units';
comment on column plan.exchange_loads.forecast_units is 'Expected by the forecast under the quotas it assumed';
comment on column plan.exchange_loads.quota_units is 'Sum over cells of exchange coupons for the SKU of pickups_per_claim x (expected_claims - reference_claims)';
comment on column plan.exchange_loads.in_force_units is 'The same under the quotas in force';

create table plan.broken_limits (
    redistribution_id text not null references plan.redistributions on delete cascade,
    limit_name        text not null,
    subject           text not null,
    business_date     date,
    excess            double precision not null,
    unit              text not null,
    remedy            text not null,
    remedy_amount     double precision not null
);
create unique index broken_limits_by_subject
    on plan.broken_limits (redistribution_id, limit_name, subject, business_date) nulls not distinct;
comment on table plan.broken_limits is 'Limits that no quota of this cycle can keep, by how much, and what a person could do';
comment on column plan.broken_limits.limit_name is 'counter, staff, stock, default, override, slot HH:MM, exchange_stock, day_budget, total_budget';
comment on column plan.broken_limits.excess is 'By how much the least bad plan is over the limit, in unit';
comment on column plan.broken_limits.unit is 'pickups, units or coupons';
comment on column plan.broken_limits.remedy is 'add_capacity (remedy_amount pickups a day), add_staff (persons for a shift of eight hours), add_stock (units), raise_budget (coupons), confirm_capacity (pickups a day that the store can truly keep)';

create table plan.benefits (
    redistribution_id text not null references plan.redistributions on delete cascade,
    store_id          text not null,
    sku_class         text not null,
    coupon_kind       text not null,
    business_date     date not null,
    stock_class       text not null check (stock_class in ('ample', 'middle', 'tight')),
    cover             double precision not null,
    benefit           text not null,
    primary key (redistribution_id, store_id, sku_class, coupon_kind, business_date)
);
comment on table plan.benefits is 'Which benefit a coupon should lead with in a store, by how well its goods are covered';
comment on column plan.benefits.sku_class is 'Storage class of the SKUs; an exchange coupon''s SKU for EXCHANGE';
comment on column plan.benefits.stock_class is 'ample 充足, middle, tight 紧张; between the thresholds a class stays what it was';
comment on column plan.benefits.cover is 'Chance that the open stock lasts until the next arrival, weighted by demand, 0-1';
comment on column plan.benefits.benefit is 'discount 折扣, standard, priority 优先购买权, delivery 专属配送';
