-- The registry speaks through core.fail only.
revoke all on core.error_codes from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
