-- The database's own book-keeping: no API role reads it.
revoke all on ops.retention_policies from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on ops.retention_policies to stoa_worker;
