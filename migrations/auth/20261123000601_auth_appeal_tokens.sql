-- Why: who is banned cannot sign in, and yet must be able to appeal. The refusal carries a one-time token, given to whoever
-- has shown all factors of the account, which authorises one thing: to read the ban and answer to it.
-- Locks: ACCESS EXCLUSIVE on auth.one_time_tokens for a moment to exchange the check, then SHARE UPDATE EXCLUSIVE while its
-- few rows are read; on a busy site milliseconds. Back: deletes appeal tokens, which live for an hour, and restores the check.

-- Up Migration

alter table auth.one_time_tokens drop constraint one_time_tokens_purpose_check;
alter table auth.one_time_tokens
  add constraint one_time_tokens_purpose_check
  check (purpose in ('verify_email', 'reset_password', 'change_email', 'unlock', 'appeal')) not valid;
-- stoa:allow validated-in-the-same-file: tokens live for a day at most and are purged, so there are few rows to read
alter table auth.one_time_tokens validate constraint one_time_tokens_purpose_check;

comment on table auth.one_time_tokens is
  'Tokens that were mailed or handed out, as digests: each authorises one thing, once, for a while.';
comment on column auth.one_time_tokens.token_hash is 'SHA-256 of the token.';
comment on column auth.one_time_tokens.purpose is 'What it authorises: verify_email, reset_password, change_email, unlock or appeal.';
comment on column auth.one_time_tokens.expires_at is 'End of validity: 24 hours to verify, 1 hour to reset or to appeal.';
comment on constraint one_time_tokens_purpose_check on auth.one_time_tokens is 'The purposes that exist.';

-- Down Migration

delete from auth.one_time_tokens where purpose = 'appeal';
alter table auth.one_time_tokens drop constraint one_time_tokens_purpose_check;
alter table auth.one_time_tokens
  add constraint one_time_tokens_purpose_check
  check (purpose in ('verify_email', 'reset_password', 'change_email', 'unlock')) not valid;
alter table auth.one_time_tokens validate constraint one_time_tokens_purpose_check;

comment on table auth.one_time_tokens is
  'Tokens that were mailed, as digests: each authorises one thing, once, for a while.';
comment on column auth.one_time_tokens.token_hash is 'SHA-256 of the mailed token.';
comment on column auth.one_time_tokens.purpose is 'What it authorises: verify_email, reset_password, change_email or unlock.';
comment on column auth.one_time_tokens.expires_at is 'End of validity: 24 hours to verify, 1 hour to reset.';
comment on constraint one_time_tokens_purpose_check on auth.one_time_tokens is 'The purposes that exist.';
