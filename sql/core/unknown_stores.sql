-- Store numbers that master data does not know. Grain: store.
select store_id
from unnest(%(stores)s::text[]) as asked (store_id)
where store_id not in (select store_id from core.stores)
