-- Stock: minimum presentation, shelf life on the line, and units kept for those who hold a promise.
alter table core.skus add column minimum_units bigint;
comment on column core.skus.minimum_units is 'least units on the shelf of every store that sells it, for presentation; absent = none';

alter table plan.stock_transfers
    add column minimum_units  bigint not null default 0 check (minimum_units >= 0),
    add column life_cap_units double precision check (life_cap_units >= 0);
comment on column plan.stock_transfers.minimum_units is 'Least the store gets for presentation, as far as supply, room and shelf life allow, units';
comment on column plan.stock_transfers.life_cap_units is 'Most units of the transfer that sell within shelf life at the upper quantile of demand';
comment on column plan.stock_transfers.reason is
    'Limit that set the number: demand, pack, minimum, shelf_life, dc_supply, cold_volume, ambient_volume';
comment on column plan.stock_shortages.reason is
    'Limit that is the cause: pack, shelf_life, dc_supply, cold_volume, ambient_volume, override';

create table plan.stock_reservations (
    allocation_id  text not null references plan.allocations on delete cascade,
    store_id       text not null,
    sku_id         text not null,
    business_date  date not null,
    priority_units double precision not null check (priority_units >= 0),
    walk_in_units  double precision not null check (walk_in_units >= 0),
    open_units     double precision not null check (open_units >= 0),
    cover_share    double precision not null check (cover_share between 0 and 1),
    primary key (allocation_id, store_id, sku_id, business_date)
);
comment on table plan.stock_reservations is
    'Units there on a day, by who may take them: the three add up to what is there. Rows where goods are scarce (cover below the tight share) and for every SKU of an exchange coupon; elsewhere nothing is kept back but the walk-in units';
comment on column plan.stock_reservations.priority_units is
    'For holders of exchange coupons (优先购买权), upper quantile of what they will fetch; 0 where the SKU is not scarce';
comment on column plan.stock_reservations.walk_in_units is 'Ring-fence: mean units that walk-in customers buy on the day';
comment on column plan.stock_reservations.open_units is 'What any pickup may draw on';
comment on column plan.stock_reservations.cover_share is 'Chance (0-1) that what is there lasts the day';

alter table plan.store_days drop constraint store_days_binding_check;
alter table plan.store_days
    add constraint store_days_binding_check check (binding in ('counter', 'staff', 'stock', 'default', 'override'));
