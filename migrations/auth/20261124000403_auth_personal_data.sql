-- Why: how the rows of a person are found here, what stands in place of what an erasure takes out, and by which
-- words a person is recognised.
-- Locks: none but on rows of the registries. Back: empties what was filled in and deletes what was added.

-- Up Migration

update ops.personal_data_rules as rule
set subject = given.subject,
    replacement = given.replacement,
    turn = given.turn
from (
  values
    ('auth.accounts', 'email', 'target.user_id = :user', null, 10),
    ('auth.accounts', 'email_verified_at', 'target.user_id = :user', null, 10),
    ('auth.accounts', 'pending_email', 'target.user_id = :user', null, 10),
    ('auth.accounts', 'password_hash', 'target.user_id = :user', null, 10),
    ('auth.accounts', 'pending_password_hash', 'target.user_id = :user', null, 10),
    ('auth.accounts', 'password_changed_at', 'target.user_id = :user', null, 10),
    ('auth.accounts', 'wallet_pin_hash', 'target.user_id = :user', null, 10),
    ('auth.accounts', 'first_name', 'target.user_id = :user', null, 10),
    ('auth.accounts', 'last_name', 'target.user_id = :user', null, 10),
    ('auth.accounts', 'locked_until', 'target.user_id = :user', null, 10),
    ('auth.accounts', 'last_login_at', 'target.user_id = :user', null, 10),
    ('auth.accounts', 'registration_ip', 'target.user_id = :user', null, 10),
    ('auth.sessions', 'user_id', null, null, 10),
    ('auth.pending_sign_ins', 'user_id', null, null, 10),
    ('auth.one_time_tokens', 'user_id', null, null, 10),
    ('auth.recovery_codes', 'user_id', null, null, 11),
    ('auth.two_factor', 'user_id', null, null, 12),
    ('auth.wallets', 'user_id', null, null, 12)
) as given (table_name, column_name, subject, replacement, turn)
where rule.table_name = given.table_name
  and rule.column_name = given.column_name;

insert into ops.personal_data_rules (table_name, column_name, action, reason, subject, replacement, turn, is_exported) values
  ('auth.sessions', 'ip_address', 'delete', 'Locates the person; goes with the session.', 'target.user_id = :user', null, 10, true),
  ('auth.sessions', 'user_agent', 'delete', 'Describes a device of the person; goes with the session.', 'target.user_id = :user', null, 10, true),
  ('auth.sessions', 'device_info', 'delete', 'Describes a device of the person; goes with the session.', 'target.user_id = :user', null, 10, true),
  ('auth.sessions', 'device_fingerprint', 'delete', 'Describes a device of the person; goes with the session.', 'target.user_id = :user', null, 10, true),
  ('auth.one_time_tokens', 'payload', 'delete', 'May carry an address; goes with the token.', 'target.user_id = :user', null, 10, false),
  ('auth.wallets', 'address', 'delete', 'Identifies the person on a public chain; goes with the wallet.', 'target.user_id = :user', null, 12, true),
  ('auth.sessions', 'token_hash', 'delete', 'Signs the person in; goes with the session.', 'target.user_id = :user', null, 10, false),
  ('auth.sessions', 'refresh_token_hash', 'delete', 'Signs the person in; goes with the session.', 'target.user_id = :user', null, 10, false),
  ('auth.spent_refresh_tokens', 'token_hash', 'delete', 'Goes with the session.', 'target.session_id in (select session.id from auth.sessions as session where session.user_id = :user)', null, 9, false),
  ('auth.pending_sign_ins', 'token_hash', 'delete', 'Signs the person in; goes with the row.', 'target.user_id = :user', null, 10, false),
  ('auth.one_time_tokens', 'token_hash', 'delete', 'Acts for the person; goes with the row.', 'target.user_id = :user', null, 10, false),
  ('auth.wallets', 'address_key', 'delete', 'Identifies the person on a public chain; goes with the wallet.', 'target.user_id = :user', null, 12, false),
  ('auth.wallet_challenges', 'address_key', 'delete', 'Identifies the person on a public chain.', 'target.address_key in (select wallet.address_key from auth.wallets as wallet where wallet.user_id = :user)', null, 11, false);

insert into ops.personal_identifiers (name, kind, query) values
  ('auth.accounts.email', 'email', $query$
    select address::text as value, false as is_shared
    from auth.accounts as mine cross join lateral (values (mine.email), (mine.pending_email)) as mail (address)
    where mine.user_id = :user
  $query$),
  ('auth.accounts.names', 'name', $query$
    select part.name::text as value, true as is_shared
    from auth.accounts as mine cross join lateral (values (mine.first_name), (mine.last_name)) as part (name)
    where mine.user_id = :user
  $query$),
  ('auth.accounts.secrets', 'secret', $query$
    select digest.value, false as is_shared
    from auth.accounts as mine
    cross join lateral (values (mine.password_hash), (mine.pending_password_hash), (mine.wallet_pin_hash)) as digest (value)
    where mine.user_id = :user
  $query$),
  ('auth.addresses', 'address', $query$
    select distinct host(used.ip) as value,
      exists (select from auth.sessions as other where other.ip_address = used.ip and other.user_id <> :user)
      or exists (select from auth.accounts as other where other.registration_ip = used.ip and other.user_id <> :user) as is_shared
    from (
      select registration_ip as ip from auth.accounts where user_id = :user
      union
      select ip_address from auth.sessions where user_id = :user
    ) as used
    where used.ip is not null
  $query$),
  ('auth.sessions.digests', 'secret', $query$
    select encode(digest.value, 'hex') as value, false as is_shared
    from auth.sessions as mine
    cross join lateral (values (mine.token_hash), (mine.refresh_token_hash)) as digest (value)
    where mine.user_id = :user
  $query$),
  ('auth.one_time_tokens.digests', 'secret', $query$
    select encode(token_hash, 'hex') as value, false as is_shared from auth.one_time_tokens where user_id = :user
  $query$),
  ('auth.two_factor.secret', 'secret', $query$
    select encode(secret_ciphertext, 'hex') as value, false as is_shared from auth.two_factor where user_id = :user
  $query$),
  ('auth.wallets.addresses', 'wallet', $query$
    select distinct lower(form.value) as value, false as is_shared
    from auth.wallets as mine cross join lateral (values (mine.address), (mine.address_key)) as form (value)
    where mine.user_id = :user
  $query$);

insert into ops.impersonal_tables (table_name, reason) values
  ('auth.request_rates', 'Keyed digests, for minutes.'),
  ('auth.throttle_rules', 'Written by migrations.'),
  ('auth.throttles', 'Keyed digests, for hours.');

-- Down Migration

delete from ops.impersonal_tables where table_name like 'auth.%';
delete from ops.personal_identifiers where name like 'auth.%';
delete from ops.personal_data_rules where (table_name, column_name) in (
  ('auth.sessions', 'ip_address'),
  ('auth.sessions', 'user_agent'),
  ('auth.sessions', 'device_info'),
  ('auth.sessions', 'device_fingerprint'),
  ('auth.one_time_tokens', 'payload'),
  ('auth.wallets', 'address'),
  ('auth.sessions', 'token_hash'),
  ('auth.sessions', 'refresh_token_hash'),
  ('auth.spent_refresh_tokens', 'token_hash'),
  ('auth.pending_sign_ins', 'token_hash'),
  ('auth.one_time_tokens', 'token_hash'),
  ('auth.wallets', 'address_key'),
  ('auth.wallet_challenges', 'address_key')
);
update ops.personal_data_rules set subject = null, replacement = null, turn = 100 where table_name like 'auth.%';
