-- Why: how many requests an address or an account may send holds over all processes that serve one database, so the
-- count is kept here. A process leases some at a time: most requests do not touch this table.
-- Locks: none on anything that holds data. Back: drops the table; whoever was limited starts anew.

-- Up Migration

create unlogged table auth.request_rates (
  scope text not null,
  key_hash bytea not null,
  tokens double precision not null,
  granted integer not null,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint request_rates_pkey primary key (scope, key_hash),
  constraint request_rates_scope_check check (scope in ('address', 'account')),
  constraint request_rates_hash_check check (octet_length(key_hash) = 32)
)
with (fillfactor = 70);

create index request_rates_inserted_at_idx on auth.request_rates (inserted_at);

comment on table auth.request_rates is
  'A bucket of tokens for each address or account that sent many requests lately; a request costs one. Unlogged: after a crash everybody starts with a full one.';
comment on column auth.request_rates.scope is 'What is limited: address or account.';
comment on column auth.request_rates.key_hash is 'SHA-256 of the network address (of its /64 in IPv6) or of the account.';
comment on column auth.request_rates.tokens is 'Requests that were left at updated_at; they come back evenly over time.';
comment on column auth.request_rates.granted is 'What the last lease got: the answer to the process that asked.';
comment on column auth.request_rates.inserted_at is 'When the first lease was asked for.';
comment on column auth.request_rates.updated_at is 'When the last lease was asked for.';
comment on index auth.request_rates_pkey is 'The bucket of one key.';
comment on index auth.request_rates_inserted_at_idx is 'The hourly purge. On this column and not on updated_at, so that a lease stays a heap-only update.';
comment on constraint request_rates_scope_check on auth.request_rates is 'What can be limited.';
comment on constraint request_rates_hash_check on auth.request_rates is 'Digests only, never an address.';

alter table auth.request_rates enable row level security;

insert into ops.backup_tiers (table_name, tier) values
  ('auth.request_rates', 'D');

insert into ops.retention_policies (name, target, predicate, action, schedule) values
  ('auth.request_rates', 'auth.request_rates', 'target.inserted_at <= :now - interval ''1 hour'' and target.updated_at <= :now - interval ''1 hour''', 'delete', '45 * * * *');

-- Down Migration

delete from ops.retention_policies where name = 'auth.request_rates';
delete from ops.backup_tiers where table_name = 'auth.request_rates';
drop table auth.request_rates;
