-- Why: who may sign in and how: credentials, sessions, second factors, wallets, one-time tokens, and how often
-- somebody may try. Nothing here is readable by a role of the API; everything goes through functions.
-- Locks: none on anything that holds data. Back: drops the schema with every credential in it.

-- Up Migration

create schema auth;
comment on schema auth is
  'Credentials and sign-in state. No table is granted to any role: the functions of this schema are the only way in.';

grant usage on schema auth to stoa_member, stoa_auth, stoa_worker;

create table auth.accounts (
  user_id uuid not null,
  email extensions.citext,
  email_verified_at timestamptz,
  pending_email extensions.citext,
  password_hash text,
  pending_password_hash text,
  password_changed_at timestamptz,
  wallet_pin_hash text,
  first_name varchar(100),
  last_name varchar(100),
  flags integer not null default 0,
  failed_login_count smallint not null default 0,
  locked_until timestamptz,
  last_login_at timestamptz,
  registration_ip inet,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint accounts_pkey primary key (user_id),
  constraint accounts_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint accounts_email_key unique (email),
  constraint accounts_email_check check (
    email::text ~ '^[^@[:space:]]+@[^@[:space:]]+$' and length(email::text) <= 255
  ),
  constraint accounts_pending_email_check check (
    pending_email::text ~ '^[^@[:space:]]+@[^@[:space:]]+$' and length(pending_email::text) <= 255
  ),
  constraint accounts_password_needs_email check (password_hash is null or email is not null),
  constraint accounts_failed_login_check check (failed_login_count >= 0)
);

create index accounts_registration_ip_idx on auth.accounts (inserted_at)
  where registration_ip is not null;

comment on table auth.accounts is
  'The private half of an account: e-mail, password, wallet PIN, lock-out, legal name.';
comment on column auth.accounts.user_id is 'Whose it is.';
comment on column auth.accounts.email is 'Address to sign in with; null for accounts with a wallet only and for anonymous ones.';
comment on column auth.accounts.email_verified_at is 'When the address was proven; verified = not null.';
comment on column auth.accounts.pending_email is 'Address that was asked for and is not proven yet. It may belong to somebody else: only the mailed token decides.';
comment on column auth.accounts.password_hash is 'PHC string (argon2id); bcrypt strings of an imported database verify once and are replaced. Null without a password.';
comment on column auth.accounts.pending_password_hash is 'Password of an anonymous account that is being completed; takes effect with the pending address.';
comment on column auth.accounts.password_changed_at is 'Sessions older than this are void.';
comment on column auth.accounts.wallet_pin_hash is 'PHC string (argon2id) of the PIN that wallet sign-in asks for; null = none is asked for.';
comment on column auth.accounts.first_name is 'Legal given name.';
comment on column auth.accounts.last_name is 'Legal family name.';
comment on column auth.accounts.flags is 'Private flag bits of the account.';
comment on column auth.accounts.failed_login_count is 'Consecutive failures, by whichever name; set back by a success.';
comment on column auth.accounts.locked_until is 'End of the lock-out that ten failures bring.';
comment on column auth.accounts.last_login_at is 'Last successful sign-in.';
comment on column auth.accounts.registration_ip is 'Where the account was registered from; removed after 90 days.';
comment on column auth.accounts.inserted_at is 'When the row was made.';
comment on column auth.accounts.updated_at is 'When the row was last changed.';
comment on index auth.accounts_pkey is 'The credentials of one account.';
comment on index auth.accounts_email_key is 'Sign-in by address, whatever its case.';
comment on index auth.accounts_registration_ip_idx is 'Addresses that are due to be removed.';
comment on constraint accounts_email_check on auth.accounts is 'A plausible address of at most 255 characters.';
comment on constraint accounts_pending_email_check on auth.accounts is 'A plausible address of at most 255 characters.';
comment on constraint accounts_password_needs_email on auth.accounts is 'A password that is forgotten must be recoverable.';
comment on constraint accounts_failed_login_check on auth.accounts is 'A count.';

alter table auth.accounts enable row level security;

create table auth.sessions (
  id uuid not null default core.uuidv7(),
  user_id uuid not null,
  token_hash bytea not null,
  token_expires_at timestamptz not null default now() + interval '1 hour',
  refresh_token_hash bytea,
  device_info jsonb not null default '{}',
  device_fingerprint varchar(128),
  ip_address inet,
  user_agent text,
  second_factor_at timestamptz,
  expires_at timestamptz not null default now() + interval '30 days',
  last_active_at timestamptz not null default now(),
  revoked_at timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint sessions_pkey primary key (id),
  constraint sessions_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint sessions_token_hash_key unique (token_hash),
  constraint sessions_hash_check check (
    octet_length(token_hash) = 32 and (refresh_token_hash is null or octet_length(refresh_token_hash) = 32)
  ),
  constraint sessions_device_info_check check (jsonb_typeof(device_info) = 'object')
);

create unique index sessions_refresh_token_hash_key on auth.sessions (refresh_token_hash)
  where refresh_token_hash is not null;
create index sessions_user_id_idx on auth.sessions (user_id, id);
create index sessions_expires_at_idx on auth.sessions (expires_at);

comment on table auth.sessions is
  'One signed-in device. Only digests of its tokens are stored; refreshing replaces both in place, so the row is the whole family of tokens that one sign-in gave out.';
comment on column auth.sessions.id is 'Time-ordered key.';
comment on column auth.sessions.user_id is 'Who is signed in.';
comment on column auth.sessions.token_hash is 'SHA-256 of the access token.';
comment on column auth.sessions.token_expires_at is 'End of the access token; a refresh gives a new one until expires_at.';
comment on column auth.sessions.refresh_token_hash is 'SHA-256 of the refresh token in force; the ones before it are in auth.spent_refresh_tokens.';
comment on column auth.sessions.device_info is 'What the client says of the device.';
comment on column auth.sessions.device_fingerprint is 'What the server made of the device.';
comment on column auth.sessions.ip_address is 'Last address.';
comment on column auth.sessions.user_agent is 'Last user agent.';
comment on column auth.sessions.second_factor_at is 'When the second factor was passed in this session; null where none was asked for.';
comment on column auth.sessions.expires_at is 'End of the session, which no refresh moves.';
comment on column auth.sessions.last_active_at is 'Last request, written at most once a minute.';
comment on column auth.sessions.revoked_at is 'When it was signed out, by its owner or by force.';
comment on column auth.sessions.inserted_at is 'When it was signed in.';
comment on column auth.sessions.updated_at is 'When the row was last changed.';
comment on index auth.sessions_pkey is 'One session by its key.';
comment on index auth.sessions_token_hash_key is 'Authentication of every request.';
comment on index auth.sessions_refresh_token_hash_key is 'Refreshing.';
comment on index auth.sessions_user_id_idx is '"My devices", oldest first; support of the foreign key.';
comment on index auth.sessions_expires_at_idx is 'The nightly purge.';
comment on constraint sessions_hash_check on auth.sessions is 'Digests only, never a token.';
comment on constraint sessions_device_info_check on auth.sessions is 'Always an object.';

alter table auth.sessions enable row level security;

create table auth.spent_refresh_tokens (
  token_hash bytea not null,
  session_id uuid not null,
  inserted_at timestamptz not null default now(),
  constraint spent_refresh_tokens_pkey primary key (token_hash),
  constraint spent_refresh_tokens_session_id_fkey foreign key (session_id) references auth.sessions (id) on delete cascade,
  constraint spent_refresh_tokens_hash_check check (octet_length(token_hash) = 32)
);

create index spent_refresh_tokens_session_id_idx on auth.spent_refresh_tokens (session_id);

comment on table auth.spent_refresh_tokens is
  'Refresh tokens that were replaced. Whoever presents one of them again has a copy, or was copied: the session ends.';
comment on column auth.spent_refresh_tokens.token_hash is 'SHA-256 of the spent token.';
comment on column auth.spent_refresh_tokens.session_id is 'The session that it belonged to.';
comment on column auth.spent_refresh_tokens.inserted_at is 'When it was spent.';
comment on index auth.spent_refresh_tokens_pkey is 'Recognising a token that is presented again.';
comment on index auth.spent_refresh_tokens_session_id_idx is 'Removal with the session; support of the foreign key.';
comment on constraint spent_refresh_tokens_hash_check on auth.spent_refresh_tokens is 'Digests only, never a token.';

alter table auth.spent_refresh_tokens enable row level security;

-- A crash empties it, which costs whoever stands between password and code one more sign-in.
create unlogged table auth.pending_sign_ins (
  token_hash bytea not null,
  user_id uuid not null,
  passed_at timestamptz,
  consumed_at timestamptz,
  expires_at timestamptz not null default now() + interval '5 minutes',
  inserted_at timestamptz not null default now(),
  constraint pending_sign_ins_pkey primary key (token_hash),
  constraint pending_sign_ins_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint pending_sign_ins_hash_check check (octet_length(token_hash) = 32)
);

create index pending_sign_ins_user_id_idx on auth.pending_sign_ins (user_id);
create index pending_sign_ins_expires_at_idx on auth.pending_sign_ins (expires_at);

comment on table auth.pending_sign_ins is
  'Sign-ins whose first factor was right and whose second factor is awaited. Such a token is no session: it can only be completed.';
comment on column auth.pending_sign_ins.token_hash is 'SHA-256 of the token that stands for the first factor.';
comment on column auth.pending_sign_ins.user_id is 'Who passed the first factor.';
comment on column auth.pending_sign_ins.passed_at is 'When the second factor was passed.';
comment on column auth.pending_sign_ins.consumed_at is 'When it was turned into a session.';
comment on column auth.pending_sign_ins.expires_at is 'End of validity.';
comment on column auth.pending_sign_ins.inserted_at is 'When the first factor was passed.';
comment on index auth.pending_sign_ins_pkey is 'Completing a sign-in.';
comment on index auth.pending_sign_ins_user_id_idx is 'Ending the pending sign-ins of an account; support of the foreign key.';
comment on index auth.pending_sign_ins_expires_at_idx is 'The hourly purge.';
comment on constraint pending_sign_ins_hash_check on auth.pending_sign_ins is 'Digests only, never a token.';

alter table auth.pending_sign_ins enable row level security;

create table auth.two_factor (
  user_id uuid not null,
  secret_ciphertext bytea not null,
  key_id varchar(64) not null,
  confirmed_at timestamptz,
  last_used_step bigint,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint two_factor_pkey primary key (user_id),
  constraint two_factor_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade
);

comment on table auth.two_factor is
  'The TOTP secret of an account (RFC 6238), encrypted by the application with a key that the database does not have.';
comment on column auth.two_factor.user_id is 'Whose it is.';
comment on column auth.two_factor.secret_ciphertext is 'The secret under AES-256-GCM: nonce, tag, ciphertext.';
comment on column auth.two_factor.key_id is 'Which key it is encrypted with, so that keys can be changed.';
comment on column auth.two_factor.confirmed_at is 'When the first code was accepted; null = begun and not in force.';
comment on column auth.two_factor.last_used_step is 'The last 30-second step whose code was accepted: neither it nor an earlier one is accepted again.';
comment on column auth.two_factor.inserted_at is 'When the row was made.';
comment on column auth.two_factor.updated_at is 'When the row was last changed.';
comment on index auth.two_factor_pkey is 'The second factor of one account.';

alter table auth.two_factor enable row level security;

create table auth.recovery_codes (
  id uuid not null default core.uuidv7(),
  user_id uuid not null,
  code_hash text not null,
  used_at timestamptz,
  inserted_at timestamptz not null default now(),
  constraint recovery_codes_pkey primary key (id),
  constraint recovery_codes_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade
);

create index recovery_codes_user_id_idx on auth.recovery_codes (user_id);

comment on table auth.recovery_codes is
  'Codes that stand in for a lost second factor, each once.';
comment on column auth.recovery_codes.id is 'Time-ordered key.';
comment on column auth.recovery_codes.user_id is 'Whose code it is.';
comment on column auth.recovery_codes.code_hash is 'PHC string (argon2id) of the code.';
comment on column auth.recovery_codes.used_at is 'When it was spent.';
comment on column auth.recovery_codes.inserted_at is 'When it was made.';
comment on index auth.recovery_codes_pkey is 'Spending one code.';
comment on index auth.recovery_codes_user_id_idx is 'The at most ten codes of an account; support of the foreign key.';

alter table auth.recovery_codes enable row level security;

create table auth.wallets (
  id uuid not null default core.uuidv7(),
  user_id uuid not null,
  network varchar(32) not null default 'ethereum',
  address varchar(128) not null,
  address_key varchar(128) not null,
  type varchar(32) not null default 'external',
  is_primary boolean not null default false,
  verified_at timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint wallets_pkey primary key (id),
  constraint wallets_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint wallets_network_address_key unique (network, address_key),
  constraint wallets_one_owner_per_address exclude using gist (address_key with =, user_id with <>),
  constraint wallets_type_check check (type in ('external', 'contract', 'custodial', 'hardware')),
  constraint wallets_evm_check check (
    network not in ('ethereum', 'polygon', 'bsc', 'arbitrum', 'optimism', 'base') or address ~ '^0x[0-9A-Fa-f]{40}$'
  )
);

create unique index wallets_primary_key on auth.wallets (user_id)
  where is_primary;
create index wallets_user_id_idx on auth.wallets (user_id);

comment on table auth.wallets is
  'Blockchain addresses of an account. Only an address whose owner has signed for it (verified_at) signs anybody in.';
comment on column auth.wallets.id is 'Time-ordered key.';
comment on column auth.wallets.user_id is 'Whose it is.';
comment on column auth.wallets.network is 'The chain.';
comment on column auth.wallets.address is 'As it is shown (EIP-55 capitals kept).';
comment on column auth.wallets.address_key is 'What is compared: lower case on EVM chains, verbatim elsewhere. Set by trigger.';
comment on column auth.wallets.type is 'external, contract, custodial or hardware.';
comment on column auth.wallets.is_primary is 'Shown as the wallet address of the account.';
comment on column auth.wallets.verified_at is 'When its owner proved control by a signature; verified = not null.';
comment on column auth.wallets.inserted_at is 'When the row was made.';
comment on column auth.wallets.updated_at is 'When the row was last changed.';
comment on index auth.wallets_pkey is 'One wallet by its key.';
comment on index auth.wallets_network_address_key is 'Sign-in by wallet; an address has one owner on a chain.';
comment on index auth.wallets_primary_key is 'At most one primary wallet an account.';
comment on index auth.wallets_one_owner_per_address is 'The same address on several chains belongs to one account.';
comment on index auth.wallets_user_id_idx is '"My wallets"; support of the foreign key.';
comment on constraint wallets_one_owner_per_address on auth.wallets is 'The same address on several chains belongs to one account.';
comment on constraint wallets_type_check on auth.wallets is 'The kinds of wallet that exist.';
comment on constraint wallets_evm_check on auth.wallets is 'The form of an address on EVM chains.';

alter table auth.wallets enable row level security;

-- A crash empties it, which costs a wallet one more challenge.
create unlogged table auth.wallet_challenges (
  nonce varchar(64) not null,
  network varchar(32) not null,
  address_key varchar(128) not null,
  message text not null,
  expires_at timestamptz not null default now() + interval '5 minutes',
  consumed_at timestamptz,
  inserted_at timestamptz not null default now(),
  constraint wallet_challenges_pkey primary key (nonce)
);

create index wallet_challenges_expires_at_idx on auth.wallet_challenges (expires_at);

comment on table auth.wallet_challenges is
  'Messages that were handed out to be signed (EIP-4361), so that each signature is accepted once and only for the text we wrote.';
comment on column auth.wallet_challenges.nonce is 'Random; part of the message.';
comment on column auth.wallet_challenges.network is 'The chain that the message names.';
comment on column auth.wallet_challenges.address_key is 'Who must sign.';
comment on column auth.wallet_challenges.message is 'The exact text to sign.';
comment on column auth.wallet_challenges.expires_at is 'End of validity.';
comment on column auth.wallet_challenges.consumed_at is 'When its signature was accepted.';
comment on column auth.wallet_challenges.inserted_at is 'When it was handed out.';
comment on index auth.wallet_challenges_pkey is 'Accepting a signature.';
comment on index auth.wallet_challenges_expires_at_idx is 'The hourly purge.';

alter table auth.wallet_challenges enable row level security;

create table auth.one_time_tokens (
  token_hash bytea not null,
  user_id uuid not null,
  purpose text not null,
  payload jsonb not null default '{}',
  expires_at timestamptz not null,
  used_at timestamptz,
  inserted_at timestamptz not null default now(),
  constraint one_time_tokens_pkey primary key (token_hash),
  constraint one_time_tokens_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint one_time_tokens_hash_check check (octet_length(token_hash) = 32),
  constraint one_time_tokens_purpose_check check (purpose in ('verify_email', 'reset_password', 'change_email', 'unlock')),
  constraint one_time_tokens_payload_check check (jsonb_typeof(payload) = 'object')
);

create index one_time_tokens_user_id_idx on auth.one_time_tokens (user_id, purpose);
create index one_time_tokens_expires_at_idx on auth.one_time_tokens (expires_at);

comment on table auth.one_time_tokens is
  'Tokens that were mailed, as digests: each authorises one thing, once, for a while.';
comment on column auth.one_time_tokens.token_hash is 'SHA-256 of the mailed token.';
comment on column auth.one_time_tokens.user_id is 'Whose account it acts on.';
comment on column auth.one_time_tokens.purpose is 'What it authorises: verify_email, reset_password, change_email or unlock.';
comment on column auth.one_time_tokens.payload is 'What else it carries, such as the address that it proves.';
comment on column auth.one_time_tokens.expires_at is 'End of validity: 24 hours to verify, 1 hour to reset.';
comment on column auth.one_time_tokens.used_at is 'When it was spent.';
comment on column auth.one_time_tokens.inserted_at is 'When it was made.';
comment on index auth.one_time_tokens_pkey is 'Spending a token.';
comment on index auth.one_time_tokens_user_id_idx is 'Replacing older tokens of the same purpose; support of the foreign key.';
comment on index auth.one_time_tokens_expires_at_idx is 'The nightly purge.';
comment on constraint one_time_tokens_hash_check on auth.one_time_tokens is 'Digests only, never a token.';
comment on constraint one_time_tokens_purpose_check on auth.one_time_tokens is 'The purposes that exist.';
comment on constraint one_time_tokens_payload_check on auth.one_time_tokens is 'Always an object.';

alter table auth.one_time_tokens enable row level security;

create table auth.throttle_rules (
  scope text not null,
  attempts integer not null,
  counted_for interval not null,
  blocked_for interval not null,
  longest_block interval not null,
  description text not null,
  constraint throttle_rules_pkey primary key (scope),
  constraint throttle_rules_scope_check check (scope ~ '^[a-z][a-z_]*$'),
  constraint throttle_rules_attempts_check check (attempts > 0),
  constraint throttle_rules_interval_check check (
    counted_for > interval '0' and blocked_for > interval '0' and longest_block >= blocked_for
  )
);

comment on table auth.throttle_rules is
  'How often something may be tried. An operator may change the figures; they are read at each attempt.';
comment on column auth.throttle_rules.scope is 'What is limited.';
comment on column auth.throttle_rules.attempts is 'So many attempts, then a block.';
comment on column auth.throttle_rules.counted_for is 'Attempts are forgotten after this time without a block.';
comment on column auth.throttle_rules.blocked_for is 'Length of the first block; each further one is twice as long.';
comment on column auth.throttle_rules.longest_block is 'Doubling stops here. Equal to blocked_for: no doubling.';
comment on column auth.throttle_rules.description is 'What counts as an attempt, and by what it is counted.';
comment on index auth.throttle_rules_pkey is 'The rule of a scope.';
comment on constraint throttle_rules_scope_check on auth.throttle_rules is 'The form of a name.';
comment on constraint throttle_rules_attempts_check on auth.throttle_rules is 'A limit of none would block everybody.';
comment on constraint throttle_rules_interval_check on auth.throttle_rules is 'Times are positive and the longest block is no shorter than the first.';

alter table auth.throttle_rules enable row level security;

insert into auth.throttle_rules (scope, attempts, counted_for, blocked_for, longest_block, description) values
  ('sign_in_name', 10, '1 day', '15 minutes', '1 day', 'Failed sign-ins by the name that was typed, whether or not it belongs to an account.'),
  ('sign_in_address', 100, '15 minutes', '15 minutes', '1 day', 'Failed sign-ins by network address.'),
  ('password', 10, '1 day', '15 minutes', '1 day', 'Wrong passwords of somebody who is signed in, by account.'),
  ('second_factor', 10, '1 day', '15 minutes', '1 day', 'Wrong codes of somebody who knows the password, by account.'),
  ('wallet_pin', 10, '1 day', '15 minutes', '1 day', 'Wrong PINs of somebody who holds the wallet, by account.'),
  ('wallet_challenge', 10, '1 hour', '1 hour', '1 hour', 'Challenges handed out, by wallet address.'),
  ('wallet_challenge_address', 100, '1 hour', '1 hour', '1 hour', 'Challenges handed out, by network address.'),
  ('registration_address', 20, '1 hour', '1 hour', '1 hour', 'Registrations by network address.'),
  ('mail', 5, '1 hour', '1 hour', '1 hour', 'Mails that were asked for, by e-mail address, whether or not it belongs to an account.'),
  ('mail_address', 50, '1 hour', '1 hour', '1 hour', 'Mails that were asked for, by network address.');

-- Logged on purpose: a limit that a restart lifts is no limit.
create table auth.throttles (
  scope text not null,
  key_hash bytea not null,
  attempts integer not null default 0,
  blocks integer not null default 0,
  window_started_at timestamptz not null default now(),
  blocked_until timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint throttles_pkey primary key (scope, key_hash),
  constraint throttles_scope_fkey foreign key (scope) references auth.throttle_rules (scope) on update cascade on delete cascade,
  constraint throttles_hash_check check (octet_length(key_hash) = 32),
  constraint throttles_count_check check (attempts >= 0 and blocks >= 0)
)
with (fillfactor = 70);

create index throttles_inserted_at_idx on auth.throttles (inserted_at);

comment on table auth.throttles is
  'How often something was tried lately. Keyed by digests: what people type into a field for names (at times a password) is not kept.';
comment on column auth.throttles.scope is 'What is limited.';
comment on column auth.throttles.key_hash is 'SHA-256 of the name, account or network address that is counted.';
comment on column auth.throttles.attempts is 'Attempts since window_started_at.';
comment on column auth.throttles.blocks is 'Blocks in a row; each doubles the next.';
comment on column auth.throttles.window_started_at is 'When counting began.';
comment on column auth.throttles.blocked_until is 'Refused until then; null = not blocked.';
comment on column auth.throttles.inserted_at is 'When the first attempt was made.';
comment on column auth.throttles.updated_at is 'When the last attempt was counted.';
comment on index auth.throttles_pkey is 'The count of one key.';
comment on index auth.throttles_inserted_at_idx is 'The nightly purge. On this column and not on updated_at, so that counting stays a heap-only update.';
comment on constraint throttles_hash_check on auth.throttles is 'Digests only, never a name.';
comment on constraint throttles_count_check on auth.throttles is 'Counts.';

alter table auth.throttles enable row level security;

create type auth.account_overview as (
  user_id uuid,
  email text,
  email_verified_at timestamptz,
  pending_email text,
  has_password boolean,
  has_wallet_pin boolean,
  first_name text,
  last_name text,
  last_login_at timestamptz,
  two_factor_enabled_at timestamptz,
  recovery_codes_left integer,
  inserted_at timestamptz
);

comment on type auth.account_overview is
  E'@name account\nWhat an account may know of its own credentials: no digests, no secrets.';
comment on column auth.account_overview.user_id is 'Whose it is.';
comment on column auth.account_overview.email is 'Address to sign in with.';
comment on column auth.account_overview.email_verified_at is 'When the address was proven; verified = not null.';
comment on column auth.account_overview.pending_email is 'Address that was asked for and is not proven yet.';
comment on column auth.account_overview.has_password is 'Whether a password is set.';
comment on column auth.account_overview.has_wallet_pin is 'Whether wallet sign-in asks for a PIN.';
comment on column auth.account_overview.first_name is 'Legal given name.';
comment on column auth.account_overview.last_name is 'Legal family name.';
comment on column auth.account_overview.last_login_at is 'Last successful sign-in.';
comment on column auth.account_overview.two_factor_enabled_at is 'When the second factor was switched on; null = off.';
comment on column auth.account_overview.recovery_codes_left is 'Recovery codes that are not spent.';
comment on column auth.account_overview.inserted_at is 'When the account was made.';

create type auth.session_overview as (
  id uuid,
  is_current boolean,
  device_info jsonb,
  ip_address inet,
  user_agent text,
  second_factor_at timestamptz,
  last_active_at timestamptz,
  expires_at timestamptz,
  inserted_at timestamptz
);

comment on type auth.session_overview is
  E'@name session\nOne device on which the caller is signed in: no digests, no tokens.';
comment on column auth.session_overview.id is 'What revokeSession takes.';
comment on column auth.session_overview.is_current is 'Whether this request came by it.';
comment on column auth.session_overview.device_info is 'What the client said of the device.';
comment on column auth.session_overview.ip_address is 'Last address.';
comment on column auth.session_overview.user_agent is 'Last user agent.';
comment on column auth.session_overview.second_factor_at is 'When the second factor was passed.';
comment on column auth.session_overview.last_active_at is 'Last request, to the minute.';
comment on column auth.session_overview.expires_at is 'When it ends by itself.';
comment on column auth.session_overview.inserted_at is 'When it was signed in.';

create type auth.wallet_overview as (
  id uuid,
  network text,
  address text,
  type text,
  is_primary boolean,
  verified_at timestamptz,
  inserted_at timestamptz
);

comment on type auth.wallet_overview is
  E'@name wallet\nOne blockchain address of the caller.';
comment on column auth.wallet_overview.id is 'What setPrimaryWallet and unlinkWallet take.';
comment on column auth.wallet_overview.network is 'The chain.';
comment on column auth.wallet_overview.address is 'As it is shown.';
comment on column auth.wallet_overview.type is 'external, contract, custodial or hardware.';
comment on column auth.wallet_overview.is_primary is 'Whether it is shown as the address of the account.';
comment on column auth.wallet_overview.verified_at is 'When control of it was proven; null = it cannot sign in.';
comment on column auth.wallet_overview.inserted_at is 'When it was linked.';

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('sign_in.failed', 'ST401', 'The name or the password is not right.', 'Check both, or ask for a link to set a new password.'),
  ('sign_in.too_many', 'ST429', 'There were too many attempts.', 'Wait as long as retryAfter says, in seconds; setting a new password lifts the wait.'),
  ('sign_in.busy', 'ST429', 'Too many people are signing in at this moment.', 'Try again in a few seconds.'),
  ('account.locked', 'ST403', 'This account is locked after too many wrong passwords.', 'Wait as long as retryAfter says, in seconds, or set a new password by e-mail.'),
  ('account.disabled', 'ST403', 'This account is disabled.', 'Ask an administrator.'),
  ('account.banned', 'ST403', 'This account is banned.', 'A ban with an end says in retryAfter how many seconds are left.'),
  ('account.complete', 'ST409', 'This account is complete already.', 'Change its e-mail or password instead.'),
  ('session.ended', 'ST401', 'This session has ended.', 'Sign in again.'),
  ('session.token_reused', 'ST401', 'This refresh token was used before, so the session was ended.', 'Sign in again; if you did not use it twice, somebody else has it.'),
  ('session.unknown', 'ST404', 'You have no such session.', 'Read mySessions for those that there are.'),
  ('second_factor.required', 'ST401', 'This account asks for a second factor.', 'Complete the sign-in with a code.'),
  ('second_factor.wrong', 'ST401', 'The code is not right.', 'Take the code that the authenticator shows now.'),
  ('second_factor.replayed', 'ST409', 'This code was used already.', 'Wait for the next code.'),
  ('second_factor.too_many', 'ST429', 'There were too many wrong codes.', 'Wait as long as retryAfter says, in seconds.'),
  ('second_factor.expired', 'ST410', 'The sign-in took too long.', 'Begin again with name and password.'),
  ('second_factor.already_on', 'ST409', 'The second factor is on already.', 'Switch it off first to enrol another device.'),
  ('second_factor.not_on', 'ST409', 'The second factor is not on.', 'Begin and confirm it first.'),
  ('second_factor.not_begun', 'ST409', 'Nothing is waiting to be confirmed.', 'Begin the enrolment first.'),
  ('recovery_code.used', 'ST410', 'This recovery code was used already.', 'Take another one.'),
  ('token.spent', 'ST410', 'This link was used, was replaced by a newer one, or is too old.', 'Ask for a new one.'),
  ('password.wrong', 'ST403', 'The password is not right.', 'Type the password that is in force now.'),
  ('password.too_many', 'ST429', 'There were too many wrong passwords.', 'Wait as long as retryAfter says, in seconds.'),
  ('password.too_short', 'ST422', 'A password has at least 8 characters.', 'Choose a longer one.'),
  ('password.too_long', 'ST422', 'A password has at most 128 characters.', 'Choose a shorter one.'),
  ('password.not_hashed', 'ST422', 'A password reached the database that is not an argon2id hash.', 'Send the PHC string; the plain password never leaves the API.'),
  ('email.malformed', 'ST422', 'This is not an e-mail address.', 'Send an address of the form name@domain, at most 255 characters.'),
  ('email.missing', 'ST409', 'This account has no e-mail address.', 'Complete the account first.'),
  ('email.already_verified', 'ST409', 'The address is verified already.', 'Nothing is left to do.'),
  ('email.taken', 'ST409', 'The address belongs to another account by now.', 'Sign in to that account, or choose another address.'),
  ('registration.too_many', 'ST429', 'Too many accounts were registered from this address.', 'Wait as long as retryAfter says, in seconds.'),
  ('mail.too_many', 'ST429', 'Too many mails were asked for.', 'Wait as long as retryAfter says, in seconds, and look into the spam folder.'),
  ('wallet.network_unknown', 'ST422', 'This chain is not supported.', 'Use ethereum, polygon, bsc, arbitrum, optimism or base.'),
  ('wallet.address_malformed', 'ST422', 'This is not an address of that chain.', 'Send 0x and 40 hexadecimal digits.'),
  ('wallet.message_invalid', 'ST422', 'The message is not the one that was handed out for this site, wallet and time.', 'Ask for a new challenge and sign it unchanged.'),
  ('wallet.signature_wrong', 'ST401', 'The signature was not made by this wallet.', 'Sign with the wallet that the message names.'),
  ('wallet.challenge_gone', 'ST410', 'This challenge was used or is too old.', 'Ask for a new one.'),
  ('wallet.taken', 'ST409', 'This wallet belongs to another account.', 'Sign in with the wallet, and unlink it there.'),
  ('wallet.unknown', 'ST404', 'You have no such wallet.', 'Read myWallets for those that there are.'),
  ('wallet.not_verified', 'ST409', 'Control of this wallet is not proven.', 'Link it again by signing a challenge.'),
  ('wallet.last_method', 'ST422', 'This is the only way to sign in to the account.', 'Set a password or link another wallet first.'),
  ('wallet.too_many', 'ST429', 'Too many challenges were asked for.', 'Wait as long as retryAfter says, in seconds.'),
  ('wallet.pin_required', 'ST401', 'This account asks for a PIN after the wallet.', 'Send the same message and signature with the PIN.'),
  ('wallet.pin_wrong', 'ST401', 'The PIN is not right.', 'Check it, or sign in with the password to set a new one.'),
  ('wallet.pin_too_many', 'ST429', 'There were too many wrong PINs.', 'Wait as long as retryAfter says, in seconds.'),
  ('wallet.pin_malformed', 'ST422', 'A PIN has 4 to 12 digits.', 'Choose another one.');

insert into ops.backup_tiers (table_name, tier) values
  ('auth.accounts', 'A'),
  ('auth.sessions', 'D'),
  ('auth.spent_refresh_tokens', 'D'),
  ('auth.pending_sign_ins', 'D'),
  ('auth.two_factor', 'A'),
  ('auth.recovery_codes', 'A'),
  ('auth.wallets', 'A'),
  ('auth.wallet_challenges', 'D'),
  ('auth.one_time_tokens', 'D'),
  ('auth.throttle_rules', 'A'),
  ('auth.throttles', 'D');

insert into ops.personal_data_rules (table_name, column_name, action, reason) values
  ('auth.accounts', 'user_id', 'keep', 'The row stays, blank, beside the tombstone; it tells nothing about the person any more.'),
  ('auth.accounts', 'email', 'scrub', 'Identifies the person.'),
  ('auth.accounts', 'email_verified_at', 'scrub', 'Says when the person acted.'),
  ('auth.accounts', 'pending_email', 'scrub', 'Identifies the person.'),
  ('auth.accounts', 'password_hash', 'scrub', 'A secret of the person.'),
  ('auth.accounts', 'pending_password_hash', 'scrub', 'A secret of the person.'),
  ('auth.accounts', 'password_changed_at', 'scrub', 'Says when the person acted.'),
  ('auth.accounts', 'wallet_pin_hash', 'scrub', 'A secret of the person.'),
  ('auth.accounts', 'first_name', 'scrub', 'Identifies the person.'),
  ('auth.accounts', 'last_name', 'scrub', 'Identifies the person.'),
  ('auth.accounts', 'locked_until', 'scrub', 'Says when the person acted.'),
  ('auth.accounts', 'last_login_at', 'scrub', 'Says when the person acted.'),
  ('auth.accounts', 'registration_ip', 'scrub', 'Locates the person.'),
  ('auth.sessions', 'user_id', 'delete', 'Nobody is left to be signed in; address, user agent and device go with the row.'),
  ('auth.pending_sign_ins', 'user_id', 'delete', 'Nobody is left to sign in.'),
  ('auth.two_factor', 'user_id', 'delete', 'A secret of the person.'),
  ('auth.recovery_codes', 'user_id', 'delete', 'Secrets of the person.'),
  ('auth.wallets', 'user_id', 'delete', 'The address identifies the person on a public chain.'),
  ('auth.one_time_tokens', 'user_id', 'delete', 'They may carry an address, and act on an account that is gone.');

insert into ops.retention_policies (name, target, predicate, action, scrub_columns, schedule) values
  ('auth.sessions', 'auth.sessions', 'target.expires_at <= :now or target.revoked_at <= :now - interval ''30 days''', 'delete', null, '0 3 * * *'),
  ('auth.one_time_tokens', 'auth.one_time_tokens', 'target.expires_at <= :now', 'delete', null, '0 3 * * *'),
  ('auth.pending_sign_ins', 'auth.pending_sign_ins', 'target.expires_at <= :now', 'delete', null, '15 * * * *'),
  ('auth.wallet_challenges', 'auth.wallet_challenges', 'target.expires_at <= :now', 'delete', null, '15 * * * *'),
  ('auth.throttles', 'auth.throttles', 'target.inserted_at <= :now - interval ''2 days'' and target.updated_at <= :now - interval ''2 days'' and (target.blocked_until is null or target.blocked_until <= :now - interval ''1 day'')', 'delete', null, '0 3 * * *'),
  ('auth.accounts.registration_ip', 'auth.accounts', 'target.registration_ip is not null and target.inserted_at <= :now - interval ''90 days''', 'scrub', '{registration_ip}', '0 3 * * *');

-- Down Migration

delete from ops.retention_policies where target like 'auth.%';
delete from ops.personal_data_rules where table_name like 'auth.%';
delete from ops.backup_tiers where table_name like 'auth.%';
delete from core.error_codes
where split_part(reason, '.', 1) in (
    'sign_in', 'second_factor', 'recovery_code', 'token', 'password', 'email', 'registration', 'mail', 'wallet'
  )
  or reason in (
    'account.locked', 'account.disabled', 'account.banned', 'account.complete',
    'session.ended', 'session.token_reused', 'session.unknown'
  );
drop type auth.wallet_overview;
drop type auth.session_overview;
drop type auth.account_overview;
drop table auth.throttles;
drop table auth.throttle_rules;
drop table auth.one_time_tokens;
drop table auth.wallet_challenges;
drop table auth.wallets;
drop table auth.recovery_codes;
drop table auth.two_factor;
drop table auth.pending_sign_ins;
drop table auth.spent_refresh_tokens;
drop table auth.sessions;
drop table auth.accounts;
drop schema auth;
