-- A booking of a customer without consent keeps no customer.
alter table core.bookings alter column customer_key drop not null;
