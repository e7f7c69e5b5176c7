-- No API role reads or writes this table; procedures do.
revoke all on core.ownership_rules from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.ownership_rules to stoa_worker;
