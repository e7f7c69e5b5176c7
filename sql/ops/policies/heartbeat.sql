-- The database's own book-keeping: no API role reads it.
revoke all on ops.heartbeat from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select, insert, update on ops.heartbeat to stoa_worker;
