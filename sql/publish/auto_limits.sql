-- Limits of automatic approval that hold at a moment: the newest version set by then.
select max_changed_share, max_moved_coupons, max_extra_cost_fen, allowed_rungs, allowed_verdicts, valid_hours, set_by, set_at
from plan.auto_approval
where set_at <= %(now)s
order by set_at desc, version desc
limit 1
