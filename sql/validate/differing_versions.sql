-- Incoming rows whose version is there with other content. A withheld customer is no other content.
select incoming.row_number, incoming.known_at
from incoming
join {table} as kept using ({key})
where ({incoming_content}) is distinct from ({core_content})
    or {personal_differs}
order by incoming.row_number
