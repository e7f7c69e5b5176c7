-- The database's own book-keeping: no API role reads it.
revoke all on ops.job_runs from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select, insert, update, delete on ops.job_runs to stoa_worker;
