-- No API role reads or writes this table; procedures do.
revoke all on core.search_sources from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.search_sources to stoa_worker;
