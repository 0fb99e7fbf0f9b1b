-- People and half hours: what is offered for booking, how long ahead, who is short, and the shifts that cover it.
alter table plan.staff_slots
    add column offered_pickups integer not null default 0 check (offered_pickups >= 0),
    add column status          text not null default 'open' check (status in ('open', 'extended', 'closed')),
    add column lead_minutes    integer not null default 0 check (lead_minutes >= 0),
    add column shortage_staff  integer not null default 0 check (shortage_staff >= 0);
update plan.staff_slots
set offered_pickups = capacity_pickups, shortage_staff = greatest(staff_needed - staff_planned, 0);
comment on column plan.staff_slots.offered_pickups is 'Bookings offered in all: more than can be served, by the share that does not come; unbooked customers taken off';
comment on column plan.staff_slots.status is 'open = at once; extended = booked longer ahead, see lead_minutes; closed = no booking';
comment on column plan.staff_slots.lead_minutes is 'How long before the half hour a booking must be made';
comment on column plan.staff_slots.shortage_staff is 'Persons lacking for the wait target';
comment on column plan.staff_slots.expected_wait_seconds is 'Mean wait of those who come in the half hour, from the transient queue with the planned staff; absent = nobody is there to serve them, or the queue outgrows the store';
comment on column plan.staff_slots.capacity_pickups is 'Arrivals of the half hour that keep the wait target with the planned staff when the half hours around it are as full';

create table plan.shifts (
    allocation_id text not null references plan.allocations on delete cascade,
    store_id      text not null,
    business_date date not null,
    kind          text not null check (kind in ('rostered', 'called')),
    starts_slot   integer not null check (starts_slot between 0 and 47),
    ends_slot     integer not null check (ends_slot between 1 and 48),
    staff         integer not null check (staff > 0),
    primary key (allocation_id, store_id, business_date, kind, starts_slot, ends_slot),
    check (ends_slot > starts_slot)
);
comment on table plan.shifts is 'Who is at the pickup counter from when to when; called = beyond the roster, at least cost';
comment on column plan.shifts.ends_slot is 'First half hour without them';
comment on column plan.shifts.staff is 'Persons with this shift';
