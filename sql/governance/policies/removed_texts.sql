-- No API role reads or writes this table; procedures do.
revoke all on governance.removed_texts from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
