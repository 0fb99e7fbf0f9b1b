-- As with a draft's lines: checks and differences are written with the plan's header and go with it, by triggers.
alter table plan.checks drop constraint checks_plan_id_fkey;
alter table plan.differences drop constraint differences_plan_id_fkey;

create function plan.forget_plan_lines() returns trigger language plpgsql as $$
begin
    delete from plan.checks where plan_id = old.plan_id;
    delete from plan.differences where plan_id = old.plan_id;
    return null;
end
$$;
create trigger forget_lines after delete on plan.headers
    for each row execute function plan.forget_plan_lines();

create function plan.forget_all_plan_lines() returns trigger language plpgsql as $$
begin
    truncate plan.checks, plan.differences;
    return null;
end
$$;
create trigger forget_all_lines after truncate on plan.headers
    for each statement execute function plan.forget_all_plan_lines();
