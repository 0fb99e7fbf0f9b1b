-- Takes the customer out of incoming rows whose pickup_service consent was not in force, as known when the row was.
with consent as (
    select
        customer_key,
        is_granted,
        known_at as since,
        lead(known_at) over (partition by customer_key order by known_at) as until
    from core.consents
    where purpose = 'pickup_service'
),
withheld as (
    select incoming.row_number
    from incoming
    left join consent
        on consent.customer_key = incoming.customer_key
        and incoming.known_at >= consent.since
        and (consent.until is null or incoming.known_at < consent.until)
    where not coalesce(consent.is_granted, false) and num_nonnulls({personal}) > 0
)
update incoming
set {nothing}
from withheld
where incoming.row_number = withheld.row_number
