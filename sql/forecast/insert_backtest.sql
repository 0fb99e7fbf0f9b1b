-- A backtest's header, unless another run was quicker; a row when this run shall write its lines.
insert into mart.backtests (backtest_id, origin, horizon_days, inputs_hash, parameters, code_version)
values (%(backtest_id)s, %(origin)s, %(horizon_days)s, %(inputs_hash)s, %(parameters)s, %(code_version)s)
on conflict (backtest_id) do nothing
returning backtest_id
