-- Why: erasure needs a place for its progress and for the words that it looks for at the end; the log needs digests of
-- its entries and seals over them, so that a change by somebody who may do anything is found.
-- Locks: none on anything that holds data. Back: drops the three tables; seals and certificates outside the database
-- stay, and so do the certificates in the log.

-- Up Migration

create table audit.erasures (
  request_id uuid not null,
  user_id uuid not null,
  identifiers jsonb,
  counts jsonb not null default '{}',
  step text,
  ledger_key text,
  ledger_digest bytea,
  findings jsonb,
  certificate jsonb,
  is_replay boolean not null default false,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint erasures_pkey primary key (request_id),
  constraint erasures_request_id_fkey foreign key (request_id) references audit.privacy_requests (id) on delete restrict,
  constraint erasures_user_id_fkey foreign key (user_id) references core.users (id) on delete restrict,
  constraint erasures_finished_check check (
    (finished_at is null) = (certificate is null) and (finished_at is null or identifiers is null)
  ),
  constraint erasures_digest_check check (octet_length(ledger_digest) = 32)
);

create index erasures_user_id_idx on audit.erasures (user_id);

comment on table audit.erasures is
  'How far each erasure is, and the certificate of those that are done. While one is under way the row holds the words that the person is looked for by; they go with its end.';
comment on column audit.erasures.request_id is 'The request that is carried out.';
comment on column audit.erasures.user_id is 'Whose data; a tombstone from the first step on.';
comment on column audit.erasures.identifiers is 'What the person is recognised by, as a list of kind, value and is_common; null once it is done.';
comment on column audit.erasures.counts is 'Rows by step, so far.';
comment on column audit.erasures.step is 'The step that was worked on last.';
comment on column audit.erasures.ledger_key is 'The object in the storage that brings the erasure back after a restore.';
comment on column audit.erasures.ledger_digest is 'SHA-256 of that object.';
comment on column audit.erasures.findings is 'Where the last look found the person still: columns, keys of rows and kinds, never what stands there.';
comment on column audit.erasures.certificate is 'What was done and what the last look found.';
comment on column audit.erasures.is_replay is 'Whether it repeats one after a restore.';
comment on column audit.erasures.started_at is 'When it began.';
comment on column audit.erasures.finished_at is 'When it was proved.';
comment on index audit.erasures_pkey is 'One row by its request.';
comment on index audit.erasures_user_id_idx is 'Certificates of a person; serves the foreign key.';
comment on constraint erasures_finished_check on audit.erasures is 'What is finished has a certificate and knows the person no more.';
comment on constraint erasures_digest_check on audit.erasures is 'A SHA-256.';

alter table audit.erasures enable row level security;

create table audit.seals (
  sequence bigint not null,
  first_id uuid not null,
  last_id uuid not null,
  entries integer not null,
  digest bytea not null,
  previous bytea not null,
  sealed_at timestamptz not null default now(),
  constraint seals_pkey primary key (sequence),
  constraint seals_sequence_check check (sequence > 0 and entries > 0),
  constraint seals_digest_check check (octet_length(digest) = 32 and octet_length(previous) = 32)
);

comment on table audit.seals is
  'Chain over the log: each seal is a digest of the digests of some entries and of the seal before it. Outlives the entries.';
comment on column audit.seals.sequence is 'Place in the chain, without gaps.';
comment on column audit.seals.first_id is 'Lowest id of an entry under it.';
comment on column audit.seals.last_id is 'Highest id of an entry under it.';
comment on column audit.seals.entries is 'How many.';
comment on column audit.seals.digest is 'SHA-256 over the previous digest, the other columns but sealed_at, and the digests of the entries in the order of their ids.';
comment on column audit.seals.previous is 'Digest of the seal before; zeros for the first.';
comment on column audit.seals.sealed_at is 'When it was made.';
comment on index audit.seals_pkey is 'The chain in its order.';
comment on constraint seals_sequence_check on audit.seals is 'A seal covers something.';
comment on constraint seals_digest_check on audit.seals is 'Each is a SHA-256.';

alter table audit.seals enable row level security;

create table audit.digests (
  log_id uuid not null,
  digest bytea not null,
  personal_digest bytea not null,
  salt bytea,
  seal bigint,
  scrubbed_for uuid,
  scrubbed_digest bytea,
  constraint digests_pkey primary key (log_id),
  constraint digests_seal_fkey foreign key (seal) references audit.seals (sequence) on delete restrict,
  constraint digests_digest_check check (
    octet_length(digest) = 32 and octet_length(personal_digest) = 32 and octet_length(scrubbed_digest) = 32
  ),
  constraint digests_scrubbed_check check (
    (scrubbed_for is null) = (scrubbed_digest is null) and (scrubbed_for is null) = (salt is not null)
  )
);

create index digests_seal_idx on audit.digests (seal, log_id)
  where seal is not null;
create index digests_unsealed_idx on audit.digests (log_id)
  where seal is null;

comment on table audit.digests is
  'One row for each entry of the log, written with it: what the entry must be, without saying what it is.';
comment on column audit.digests.log_id is 'The entry. No foreign key: partitions of the log are dropped after a year.';
comment on column audit.digests.digest is 'SHA-256 over what never changes in the entry, and over personal_digest.';
comment on column audit.digests.personal_digest is 'SHA-256 over the salt and what an erasure may take out: images, reason, address, user agent.';
comment on column audit.digests.salt is 'Random; thrown away when the entry is scrubbed, so that nobody can guess what stood there.';
comment on column audit.digests.seal is 'The seal that covers it; null until the next one.';
comment on column audit.digests.scrubbed_for is 'The request for erasure that scrubbed the entry last.';
comment on column audit.digests.scrubbed_digest is 'SHA-256 over what the scrub left. The same stands in an entry of the log, which is sealed.';
comment on index audit.digests_pkey is 'The digest of one entry.';
comment on index audit.digests_seal_idx is 'The entries under a seal, in their order; serves the foreign key.';
comment on index audit.digests_unsealed_idx is 'What the next seal covers.';
comment on constraint digests_digest_check on audit.digests is 'Each is a SHA-256.';
comment on constraint digests_scrubbed_check on audit.digests is 'What is scrubbed has no salt any more.';

alter table audit.digests enable row level security;

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('privacy.not_due', 'ST409', 'This request is not due.', 'Wait until its time has come, or have an operator run "stoa privacy erase --now".'),
  ('privacy.last_administrator', 'ST409', 'The last administrator cannot be erased.', 'Make somebody else an administrator first.'),
  ('privacy.system_account', 'ST409', 'The account of the platform itself cannot be erased.', 'Choose another account.'),
  ('privacy.held', 'ST409', 'The data of this person must be kept for now.', 'Release the legal hold first, or wait for its end.');

insert into core.settings (key, value, type, is_public, description) values
  ('privacy.export_hours', '24', 'integer', true, 'Hours for which an export can be fetched at least; the nightly sweep of uploads removes it after that.');

update ops.personal_data_rules as rule
set action = 'scrub',
    reason = 'Proof of what was done stands without it: blanked where the person acted or is named. Otherwise leaves with its partition after a year.',
    subject = 'target.actor_id = :user'
where rule.table_name = 'audit.logs'
  and rule.column_name in ('ip_address', 'user_agent');

update ops.personal_data_rules as rule
set is_exported = false
where (rule.table_name, rule.column_name) in (('audit.privacy_requests', 'requested_by'), ('audit.analytics_events', 'user_key'));

insert into ops.personal_data_rules (table_name, column_name, action, reason, subject, is_exported) values
  ('audit.logs', 'resource_id', 'keep', 'Which row it is about; the id then belongs to a tombstone.', null, false),
  ('audit.logs', 'old_values', 'scrub', 'What identifies the person is taken out of the images, the rest is proof.', 'target.actor_id = :user', false),
  ('audit.logs', 'new_values', 'scrub', 'What identifies the person is taken out of the images, the rest is proof.', 'target.actor_id = :user', false),
  ('audit.logs', 'reason', 'scrub', 'Written by the person, or naming them.', 'target.actor_id = :user', false),
  ('audit.erasures', 'user_id', 'keep', 'Proof that the request was fulfilled; points at the tombstone.', null, false),
  ('audit.erasures', 'identifiers', 'keep', 'Held while the erasure runs, gone with its end.', 'target.user_id = :user', false);

insert into ops.personal_identifiers (name, kind, query) values
  ('audit.logs.ip_address', 'address', $query$
    select distinct host(mine.ip_address) as value,
      exists (
        select from audit.logs as other where other.ip_address = mine.ip_address and other.actor_id <> :user
      ) as is_shared
    from audit.logs as mine
    where mine.actor_id = :user and mine.ip_address is not null
  $query$);

insert into ops.backup_tiers (table_name, tier) values
  ('audit.erasures', 'A'),
  ('audit.seals', 'A'),
  ('audit.digests', 'A');

-- Down Migration

delete from ops.backup_tiers where table_name in ('audit.erasures', 'audit.seals', 'audit.digests');
delete from ops.personal_identifiers where name like 'audit.%';
delete from ops.personal_data_rules
where table_name = 'audit.erasures'
  or (table_name = 'audit.logs' and column_name in ('resource_id', 'old_values', 'new_values', 'reason'));
update ops.personal_data_rules as rule
set action = 'keep',
    reason = 'Proof of what was done; leaves with its partition after a year.',
    subject = null
where rule.table_name = 'audit.logs'
  and rule.column_name in ('ip_address', 'user_agent');
delete from core.settings where key = 'privacy.export_hours';
delete from core.error_codes
where reason in ('privacy.not_due', 'privacy.last_administrator', 'privacy.system_account', 'privacy.held');
drop table audit.digests;
drop table audit.seals;
drop table audit.erasures;
