revoke all on tracker.passkeys from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
