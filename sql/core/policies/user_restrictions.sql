-- No API role reads or writes this table; procedures do.
revoke all on core.user_restrictions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.user_restrictions to stoa_worker;
