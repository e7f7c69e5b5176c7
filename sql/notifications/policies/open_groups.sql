-- No API role reads or writes this table; procedures do.
revoke all on notifications.open_groups from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
