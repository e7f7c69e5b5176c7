-- The database's own book-keeping: no API role reads it.
revoke all on ops.counter_repairs from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select, insert on ops.counter_repairs to stoa_worker;
