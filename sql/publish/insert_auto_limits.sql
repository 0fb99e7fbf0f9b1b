-- A new version of the limits of automatic approval, from a moment on.
insert into plan.auto_approval (set_by, set_at, max_changed_share, max_moved_coupons, max_extra_cost_fen, allowed_rungs,
    allowed_verdicts, valid_hours)
values (%(set_by)s, %(set_at)s, %(max_changed_share)s, %(max_moved_coupons)s, %(max_extra_cost_fen)s, %(allowed_rungs)s,
    %(allowed_verdicts)s, %(valid_hours)s)
