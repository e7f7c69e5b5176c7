-- The database's own book-keeping: no API role reads it.
revoke all on ops.impersonal_tables from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on ops.impersonal_tables to stoa_worker;
