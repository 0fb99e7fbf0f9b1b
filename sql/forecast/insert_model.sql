-- A trained model; forecasts that differ only in scope or judgement train the same one.
insert into mart.models (model_id, forecast_id, origin, inputs_hash, parameters, code_version, scores)
values (%(model_id)s, %(forecast_id)s, %(origin)s, %(inputs_hash)s, %(parameters)s, %(code_version)s, %(scores)s)
on conflict (model_id) do nothing
