-- Quotas are read by quota day, every five minutes; without this each run reads the quotas of all years.
create index coupon_quotas_by_date on core.coupon_quotas (business_date);
