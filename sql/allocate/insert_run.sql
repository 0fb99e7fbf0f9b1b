-- Header of an allocation; its lines follow in the same transaction.
insert into plan.allocations (allocation_id, forecast_id, business_date, as_of, inputs_hash, parameters, code_version,
    value_fen, upper_bound_fen)
values (%(allocation_id)s, %(forecast_id)s, %(business_date)s, %(as_of)s, %(inputs_hash)s, %(parameters)s,
    %(code_version)s, %(value_fen)s, %(upper_bound_fen)s)
