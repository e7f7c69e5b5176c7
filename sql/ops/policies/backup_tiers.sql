-- The database's own book-keeping: no API role reads it.
revoke all on ops.backup_tiers from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on ops.backup_tiers to stoa_worker;
