-- The database's own book-keeping: no API role reads it. Programs write to it through a function.
revoke all on ops.client_versions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
