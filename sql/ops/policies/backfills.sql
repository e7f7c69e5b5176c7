-- The database's own book-keeping: no API role reads it. The job reads it and moves it on through functions only.
revoke all on ops.backfills from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on ops.backfills to stoa_worker;
