-- A forecast's header; its lines follow in the same transaction.
insert into mart.forecast_runs (forecast_id, business_date, as_of, inputs_hash, parameters, code_version, model, accuracy, warnings)
values (%(forecast_id)s, %(business_date)s, %(as_of)s, %(inputs_hash)s, %(parameters)s, %(code_version)s, %(model)s,
    %(accuracy)s, %(warnings)s)
