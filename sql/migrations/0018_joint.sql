-- What plans are judged by: values that operations may set, the joint loop's rounds, and how decisions answer to values.
create table ops.planning_values (
    name       text not null,
    scope      text not null default 'chain' check (scope = 'chain'),
    value      double precision not null,
    unit       text not null,
    source     text not null check (source <> ''),
    set_by     text not null check (set_by <> ''),
    valid_from date not null,
    known_at   timestamptz not null,
    primary key (name, scope, known_at)
);
comment on table ops.planning_values is 'Values of money and weight that stand in place of the documented defaults';
comment on column ops.planning_values.source is 'Where the value comes from, e.g. a wage list of HR';
comment on column ops.planning_values.valid_from is 'First business date it counts for';

create table plan.rounds (
    redistribution_id    text not null references plan.redistributions on delete cascade,
    round                integer not null check (round >= 0),
    is_chosen            boolean not null,
    quota_coupons        bigint not null,
    redemptions          double precision not null,
    claim_worth_fen      double precision not null,
    served_margin_fen    double precision not null,
    lost_sales_fen       double precision not null,
    holding_fen          double precision not null,
    wait_minutes         double precision not null,
    wait_fen             double precision not null,
    overload_probability double precision not null,
    overload_pickups     double precision not null,
    overload_fen         double precision not null,
    staff_hours          double precision not null,
    staff_fen            double precision not null,
    moved_coupons        double precision not null,
    move_fen             double precision not null,
    objective_fen        double precision not null,
    primary key (redistribution_id, round)
);
comment on table plan.rounds is 'Plans that the joint loop met on its way, judged alike; round 0 decides stock and people first, quotas after';
comment on column plan.rounds.claim_worth_fen is 'Expected margin less face value of the coupons that the quotas let customers claim';
comment on column plan.rounds.lost_sales_fen is 'Margin of units asked for and not there, pickups and walk-in, planned days';
comment on column plan.rounds.overload_probability is 'Mean over the planned store-days of the chance that pickups exceed the capacity';
comment on column plan.rounds.objective_fen is 'Weighted sum that the loop raises';

create table plan.round_prices (
    redistribution_id text not null references plan.redistributions on delete cascade,
    round             integer not null,
    store_id          text not null,
    business_date     date not null,
    price_fen         double precision not null,
    mean_shift        double precision not null,
    primary key (redistribution_id, round, store_id, business_date)
);
comment on table plan.round_prices is 'What the round tells the next one about each store-day';
comment on column plan.round_prices.price_fen is 'Worth of room for one pickup more, fen';
comment on column plan.round_prices.mean_shift is 'Expected pickups by the round''s quotas beyond those the forecast contains';

create table plan.trade_offs (
    redistribution_id    text not null references plan.redistributions on delete cascade,
    experience_weight    double precision not null check (experience_weight between 0 and 1),
    is_chosen            boolean not null,
    is_efficient         boolean not null,
    redemptions          double precision not null,
    overload_probability double precision not null,
    lost_sales_fen       double precision not null,
    wait_minutes         double precision not null,
    staff_fen            double precision not null,
    objective_fen        double precision not null,
    primary key (redistribution_id, experience_weight)
);
comment on table plan.trade_offs is 'Plans over the weight of customers'' experience against efficiency';
comment on column plan.trade_offs.is_efficient is 'No other of these plans is better in one measure and as good in the rest';

create table plan.sensitivities (
    redistribution_id text not null references plan.redistributions on delete cascade,
    name              text not null,
    factor            double precision not null,
    value             double precision,
    unit              text not null,
    quota_moved       double precision not null,
    transfers_moved   double precision not null,
    staff_hours       double precision not null,
    redemptions       double precision not null,
    primary key (redistribution_id, name, factor)
);
comment on table plan.sensitivities is 'How decisions differ from the plan''s when one value is half as large or half as large again';
comment on column plan.sensitivities.value is 'The value at this factor; absent for master data of each SKU';
comment on column plan.sensitivities.quota_moved is 'Coupons that lie elsewhere than in the plan';
comment on column plan.sensitivities.transfers_moved is 'Units that lie elsewhere than in the plan';
comment on column plan.sensitivities.staff_hours is 'Staff-hours more (+) or less (-)';
comment on column plan.sensitivities.redemptions is 'Expected redemptions more (+) or less (-)';
