-- Statistics of the lines just written, for the reason that allocate/analyse_lines gives.
set local default_statistics_target = 10;
analyze plan.coupon_quotas, plan.quota_loads, plan.quota_curves, plan.store_loads, plan.exchange_loads;
set local default_statistics_target to default
