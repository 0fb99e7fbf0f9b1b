-- Consent as known at a moment: one row per customer and purpose.
select distinct on (customer_key, purpose)
    customer_key,
    purpose,
    is_granted,
    decided_at
from core.consents
where known_at <= %(known_by)s
order by customer_key, purpose, known_at desc
