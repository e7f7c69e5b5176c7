-- The database's own book-keeping: no API role reads it.
revoke all on ops.partition_policies from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on ops.partition_policies to stoa_worker;
