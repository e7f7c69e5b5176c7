-- No API role reads or writes this table; procedures do.
revoke all on social.friend_edges from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
