revoke all on groups.imported_channels from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
