-- Campaigns and budgets that hold on a business day, as known by a moment. Grain: campaign.
with campaign_versions as (
    select distinct on (campaign_id, valid_from) *
    from core.campaigns
    where known_at <= %(known_by)s
    order by campaign_id, valid_from, known_at desc
)
select distinct on (campaign_id)
    campaign_id, campaign_name, budget_coupons, daily_budget_coupons, is_protected
from campaign_versions
where valid_from <= %(business_date)s
  and (valid_to is null or valid_to >= %(business_date)s)
order by campaign_id, valid_from desc
