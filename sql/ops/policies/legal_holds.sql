-- The database's own book-keeping: no API role reads it.
revoke all on ops.legal_holds from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on ops.legal_holds to stoa_worker;
