-- Header of a quota draft; its lines follow in the same transaction.
insert into plan.redistributions (redistribution_id, allocation_id, business_date, as_of, inputs_hash, parameters,
    code_version, value_fen, upper_bound_fen, rule_value_fen, rounds)
values (%(redistribution_id)s, %(allocation_id)s, %(business_date)s, %(as_of)s, %(inputs_hash)s, %(parameters)s,
    %(code_version)s, %(value_fen)s, %(upper_bound_fen)s, %(rule_value_fen)s, %(rounds)s)
