-- The database's own book-keeping: no API role reads it.
revoke all on ops.hold_kinds from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
