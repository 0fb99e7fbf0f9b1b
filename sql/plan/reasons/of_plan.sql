-- Reasons of a plan's numbers at a store and at the district that carries its zone quotas; null = any. Grain: subject, item, day.
with stores as (
    select distinct on (store_id) store_id, district_id
    from core.stores
    order by store_id, valid_from desc, known_at desc
)
select
    subject, item, business_date, place_id, article_id, before_value, after_value, limit_name, limit_subject, price_fen,
    forecast_mean, committed, limit_value, slack, one_more, sentence_zh, sentence_en
from plan.reasons
where plan_id = %(plan_id)s
  and (%(store_id)s::text is null or place_id = %(store_id)s
      or place_id = (select district_id from stores where store_id = %(store_id)s))
  and (%(article_id)s::text is null or article_id = %(article_id)s)
  and (%(date)s::date is null or business_date = %(date)s)
order by business_date, subject, item
