-- The database's own book-keeping: no API role reads it.
revoke all on ops.running_jobs from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select, insert, delete on ops.running_jobs to stoa_worker;
