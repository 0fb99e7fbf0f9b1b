-- Identities the vault does not have yet.
insert into vault.identities (pseudonym, kind, raw_value)
select pseudonym, kind, raw_value
from unnest(%(pseudonyms)s::text[], %(kinds)s::text[], %(raw_values)s::text[]) as found (pseudonym, kind, raw_value)
on conflict (pseudonym) do nothing
