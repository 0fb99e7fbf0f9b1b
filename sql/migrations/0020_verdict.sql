-- What a check says of a limit; one definition for every query of the certificate.
-- value_before: the value without the plan; null = nothing to inherit.
create function plan.verdict(value double precision, limit_value double precision, value_before double precision)
returns text
language sql immutable
as $$
    select case
        when limit_value is null or value is null then 'fail'
        when value <= limit_value + 1e-6 then 'pass'
        when value_before is not null and value <= value_before + 1e-6 then 'inherited_breach'
        else 'fail'
    end
$$;
