-- Why: who did what to which row, product analytics without names, and people's requests about their data.
-- The guards against changes come with the table, so that no partition is ever without them.
-- Locks: none on anything that holds data. Back: drops the schema with its rows and partitions.

-- Up Migration

create schema audit;
comment on schema audit is 'Append-only history, pseudonymous analytics, privacy requests.';

grant usage on schema audit to stoa_anonymous, stoa_worker;

create table audit.logs (
  id uuid not null default core.uuidv7(),
  actor_id uuid,
  actor_role text not null,
  action varchar(100) not null,
  resource_type varchar(100) not null,
  resource_id uuid,
  resource_key jsonb,
  group_id uuid,
  old_values jsonb,
  new_values jsonb,
  reason text,
  ip_address inet,
  user_agent text,
  request_id uuid,
  inserted_at timestamptz not null default now(),
  constraint logs_pkey primary key (id)
)
partition by range (id);

create index audit_logs_actor_idx on audit.logs (actor_id, id desc)
  where actor_id is not null;
create index audit_logs_resource_idx on audit.logs (resource_type, resource_id, id desc);
create index audit_logs_action_idx on audit.logs (action, id desc);
create index audit_logs_group_idx on audit.logs (group_id, id desc)
  where group_id is not null;

comment on table audit.logs is
  E'@name audit_log\nWho did what to which row. Append-only; no foreign keys so that it outlives its subjects.';
comment on column audit.logs.id is 'Time-ordered key.';
comment on column audit.logs.actor_id is 'Acting user (no FK on purpose); null = system or anonymous.';
comment on column audit.logs.actor_role is 'Database role in force.';
comment on column audit.logs.action is 'Verb, e.g. warn_user, ban_user, gdpr_deletion.';
comment on column audit.logs.resource_type is 'Schema.table.';
comment on column audit.logs.resource_id is 'Single-column key.';
comment on column audit.logs.resource_key is 'Composite keys.';
comment on column audit.logs.group_id is 'Community scope, for the community''s own log.';
comment on column audit.logs.old_values is 'Before image, secrets removed.';
comment on column audit.logs.new_values is 'After image, secrets removed.';
comment on column audit.logs.reason is 'Moderator''s reason.';
comment on column audit.logs.ip_address is 'Caller (visible to moderators/admins only).';
comment on column audit.logs.user_agent is 'Caller.';
comment on column audit.logs.request_id is 'Correlation.';
comment on column audit.logs.inserted_at is 'When the row was made.';
comment on index audit.logs_pkey is 'One row by its key.';
comment on index audit.audit_logs_actor_idx is 'History of one person.';
comment on index audit.audit_logs_resource_idx is 'History of one row.';
comment on index audit.audit_logs_action_idx is 'History of one verb.';
comment on index audit.audit_logs_group_idx is 'A community''s audit log.';

alter table audit.logs enable row level security;

create table audit.analytics_events (
  id uuid not null default core.uuidv7(),
  user_key bytea,
  name varchar(100) not null,
  properties jsonb not null default '{}',
  session_key bytea,
  inserted_at timestamptz not null default now(),
  constraint analytics_events_pkey primary key (id)
)
partition by range (id);

create index analytics_events_name_idx on audit.analytics_events (name, id);

comment on table audit.analytics_events is
  'Product analytics, pseudonymous.';
comment on column audit.analytics_events.id is 'Time-ordered key.';
comment on column audit.analytics_events.user_key is 'Keyed hash of the user id; the key rotates every 90 days.';
comment on column audit.analytics_events.name is 'Event.';
comment on column audit.analytics_events.properties is 'Payload without personal data.';
comment on column audit.analytics_events.session_key is 'Keyed hash of the session.';
comment on column audit.analytics_events.inserted_at is 'When the row was made.';
comment on index audit.analytics_events_pkey is 'One row by its key.';
comment on index audit.analytics_events_name_idx is 'Counting one event over time.';

alter table audit.analytics_events enable row level security;

create table audit.privacy_requests (
  id uuid not null default core.uuidv7(),
  user_id uuid not null,
  kind text not null,
  status text not null default 'pending',
  requested_by uuid,
  not_before timestamptz not null default now() + interval '7 days',
  started_at timestamptz,
  completed_at timestamptz,
  result jsonb,
  error text,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint privacy_requests_pkey primary key (id),
  constraint privacy_requests_user_id_fkey foreign key (user_id) references core.users (id) on delete restrict,
  constraint privacy_requests_requested_by_fkey foreign key (requested_by) references core.users (id) on delete set null,
  constraint privacy_requests_kind_check check (kind in ('export','erase')),
  constraint privacy_requests_status_check check (status in ('pending','running','done','failed','cancelled'))
);

create unique index privacy_requests_open_key on audit.privacy_requests (user_id, kind)
  where status in ('pending','running');
create index privacy_requests_user_idx on audit.privacy_requests (user_id);
create index privacy_requests_requested_by_idx on audit.privacy_requests (requested_by)
  where requested_by is not null;
create index privacy_requests_due_idx on audit.privacy_requests (not_before)
  where status = 'pending';

comment on table audit.privacy_requests is
  E'@name privacy_request\nGDPR export / erasure requests and their proof of completion.';
comment on column audit.privacy_requests.id is 'Time-ordered key.';
comment on column audit.privacy_requests.user_id is 'Data subject (tombstone later).';
comment on column audit.privacy_requests.kind is 'Export or erase.';
comment on column audit.privacy_requests.status is 'Life-cycle.';
comment on column audit.privacy_requests.requested_by is 'Subject or administrator.';
comment on column audit.privacy_requests.not_before is 'Cooling-off for erasure; now() for export.';
comment on column audit.privacy_requests.started_at is 'Worker start.';
comment on column audit.privacy_requests.completed_at is 'Done.';
comment on column audit.privacy_requests.result is 'Per-table counts of rows deleted/scrubbed, or export object key.';
comment on column audit.privacy_requests.error is 'Last failure.';
comment on column audit.privacy_requests.inserted_at is 'When the row was made.';
comment on column audit.privacy_requests.updated_at is 'When the row last changed (kept by a trigger).';
comment on index audit.privacy_requests_pkey is 'One row by its key.';
comment on index audit.privacy_requests_open_key is 'One open request per kind.';
comment on constraint privacy_requests_kind_check on audit.privacy_requests is 'The values that exist.';
comment on constraint privacy_requests_status_check on audit.privacy_requests is 'The values that exist.';
comment on index audit.privacy_requests_user_idx is 'Serves the foreign key: what a person leaves behind is found without a scan.';
comment on index audit.privacy_requests_requested_by_idx is 'Serves the foreign key: what a person leaves behind is found without a scan.';
comment on index audit.privacy_requests_due_idx is 'Worker pick-up.';

alter table audit.privacy_requests enable row level security;

-- Object: audit/functions/refuse_change.sql
create or replace function audit.refuse_change()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'the audit log only grows: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
    using errcode = 'restrict_violation';
end
$$;

comment on function audit.refuse_change() is
  'Trigger of the audit log: refuses every UPDATE, DELETE and TRUNCATE, of the owner too. Old entries leave by dropping a whole partition after it was exported.';

revoke all on function audit.refuse_change() from public;

-- Object: audit/triggers/logs.refuse_change.sql
create or replace trigger refuse_change
before update or delete on audit.logs
for each row execute function audit.refuse_change();

comment on trigger refuse_change on audit.logs is 'The log only grows.';

-- Object: audit/triggers/logs.refuse_truncate.sql
-- Does not follow to partitions by itself: ops.ensure_partitions gives each new one its copy.
create or replace trigger refuse_truncate
before truncate on audit.logs
for each statement execute function audit.refuse_change();

comment on trigger refuse_truncate on audit.logs is 'The log only grows.';

-- End of objects

insert into ops.partition_policies (parent, key_kind, retain, export_before_drop) values
  ('audit.logs', 'uuidv7', '1 year', true),
  ('audit.analytics_events', 'uuidv7', '90 days', false);

select ops.ensure_partitions('audit.logs');
select ops.ensure_partitions('audit.analytics_events');

insert into core.settings (key, value, type, is_public, description) values
  ('privacy.erasure_cooling_days', '7', 'integer', true, 'Days between a request for erasure and the erasure, in which it can be taken back.');

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('privacy.already_requested', 'ST409', 'Such a request is open already.', 'Wait until it is done, or cancel it first.'),
  ('privacy.unknown', 'ST404', 'There is no such request.', 'Check the id: only your own requests can be changed.'),
  ('privacy.not_pending', 'ST409', 'This request is no longer waiting.', 'Only a pending request can be cancelled.');

insert into ops.personal_data_rules (table_name, column_name, action, reason) values
  ('audit.logs', 'actor_id', 'keep', 'Proof of what was done; the id then belongs to a tombstone.'),
  ('audit.logs', 'ip_address', 'keep', 'Proof of what was done; leaves with its partition after a year.'),
  ('audit.logs', 'user_agent', 'keep', 'Proof of what was done; leaves with its partition after a year.'),
  ('audit.analytics_events', 'user_key', 'keep', 'A keyed hash whose key is thrown away every 90 days.'),
  ('audit.privacy_requests', 'user_id', 'keep', 'Proof that the request was fulfilled; points at the tombstone.'),
  ('audit.privacy_requests', 'requested_by', 'keep', 'Proof of who asked; points at the tombstone.');

insert into ops.backup_tiers (table_name, tier) values
  ('audit.logs', 'C'),
  ('audit.analytics_events', 'D'),
  ('audit.privacy_requests', 'A');

-- Down Migration

delete from ops.backup_tiers where table_name like 'audit.%';
delete from ops.personal_data_rules where table_name like 'audit.%';
delete from ops.partition_policies where parent like 'audit.%';
delete from core.error_codes where reason like 'privacy.%';
delete from core.settings where key like 'privacy.%';
drop table audit.privacy_requests;
drop table audit.analytics_events;
drop table audit.logs;
drop function audit.refuse_change();
drop schema audit;
