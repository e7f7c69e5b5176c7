-- Why: the bell, and the devices that are told about it. Locks: none on anything that holds data.
-- Back: drops the schema with its rows and partitions.

-- Up Migration

create schema notifications;
comment on schema notifications is 'Notification bell and registration of devices.';

grant usage on schema notifications to stoa_anonymous, stoa_worker;

create table notifications.notifications (
  user_id uuid not null,
  id uuid not null default core.uuidv7(),
  actor_id uuid,
  type varchar(50) not null,
  title varchar(255) not null,
  body text,
  data jsonb not null default '{}',
  read_at timestamptz,
  clicked_at timestamptz,
  group_key varchar(100),
  count integer not null default 1,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint notifications_pkey primary key (user_id, id),
  constraint notifications_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint notifications_actor_id_fkey foreign key (actor_id) references core.users (id) on delete set null,
  constraint notifications_count_check check (count >= 1),
  constraint notifications_data_check check (jsonb_typeof(data) = 'object')
)
partition by range (id);

create index notifications_unread_idx on notifications.notifications (user_id, id desc)
  where read_at is null;
create index notifications_actor_idx on notifications.notifications (actor_id)
  where actor_id is not null;

comment on table notifications.notifications is
  E'@name notification\nOne entry of a user''s bell; similar events collapse into one row through group_key.';
comment on column notifications.notifications.user_id is 'Recipient.';
comment on column notifications.notifications.id is 'Time-ordered key.';
comment on column notifications.notifications.actor_id is 'Who caused it (last actor of a group).';
comment on column notifications.notifications.type is 'What it is about, such as mention; the module that sends it names it.';
comment on column notifications.notifications.title is 'Headline.';
comment on column notifications.notifications.body is 'Text.';
comment on column notifications.notifications.data is 'Deep-link context.';
comment on column notifications.notifications.read_at is 'Read marker (is_read = not null).';
comment on column notifications.notifications.clicked_at is 'Analytics.';
comment on column notifications.notifications.group_key is 'Collapse key: events with the same one become one entry.';
comment on column notifications.notifications.count is 'Events collapsed into this row.';
comment on column notifications.notifications.inserted_at is 'When the row was made.';
comment on column notifications.notifications.updated_at is 'When the row last changed (kept by a trigger).';
comment on index notifications.notifications_pkey is 'One row by its key.';
comment on constraint notifications_count_check on notifications.notifications is 'Impossible values are refused.';
comment on constraint notifications_data_check on notifications.notifications is 'Object.';
comment on index notifications.notifications_unread_idx is 'Bell badge and unread list (about a tenth of the rows).';
comment on index notifications.notifications_actor_idx is 'Serves the foreign key and erasure.';

alter table notifications.notifications enable row level security;

create table notifications.open_groups (
  user_id uuid not null,
  group_key varchar(100) not null,
  notification_id uuid not null,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint open_groups_pkey primary key (user_id, group_key),
  constraint open_groups_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade
);

create index open_groups_updated_at_idx on notifications.open_groups (updated_at);

comment on table notifications.open_groups is
  'Which unread notification currently collects events of a group_key. Exists because UNIQUE (user_id, group_key) WHERE read_at IS NULL is illegal on a table partitioned by id.';
comment on column notifications.open_groups.user_id is 'Recipient.';
comment on column notifications.open_groups.group_key is 'Collapse key.';
comment on column notifications.open_groups.notification_id is 'Current row in notifications (soft: partitions are dropped; a stale pointer is replaced).';
comment on column notifications.open_groups.inserted_at is 'When the row was made.';
comment on column notifications.open_groups.updated_at is 'When the row last changed (kept by a trigger).';
comment on index notifications.open_groups_pkey is 'One row by its key.';
comment on index notifications.open_groups_updated_at_idx is 'Sweep of stale pointers.';

alter table notifications.open_groups enable row level security;

create table notifications.push_tokens (
  id uuid not null default core.uuidv7(),
  user_id uuid not null,
  session_id uuid,
  token text not null,
  platform varchar(20) not null,
  device_name varchar(100),
  last_used_at timestamptz,
  inserted_at timestamptz not null default now(),
  constraint push_tokens_pkey primary key (id),
  constraint push_tokens_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint push_tokens_session_id_fkey foreign key (session_id) references auth.sessions (id) on delete cascade,
  constraint push_tokens_token_key unique (token),
  constraint push_tokens_platform_check check (platform in ('ios','android','web','desktop'))
);

create index push_tokens_user_id_idx on notifications.push_tokens (user_id);
create index push_tokens_session_id_idx on notifications.push_tokens (session_id)
  where session_id is not null;

comment on table notifications.push_tokens is
  E'@name push_token\nDevice registrations for push delivery.';
comment on column notifications.push_tokens.id is 'Time-ordered key.';
comment on column notifications.push_tokens.user_id is 'Owner.';
comment on column notifications.push_tokens.session_id is 'Signing out removes the device.';
comment on column notifications.push_tokens.token is 'Provider token.';
comment on column notifications.push_tokens.platform is 'Target service.';
comment on column notifications.push_tokens.device_name is 'Label.';
comment on column notifications.push_tokens.last_used_at is 'Last successful delivery.';
comment on column notifications.push_tokens.inserted_at is 'When the row was made.';
comment on index notifications.push_tokens_pkey is 'One row by its key.';
comment on index notifications.push_tokens_token_key is 'A device moves to whoever registered last (upsert).';
comment on constraint push_tokens_platform_check on notifications.push_tokens is 'The values that exist.';
comment on index notifications.push_tokens_user_id_idx is 'Fan-out; serves the foreign key.';
comment on index notifications.push_tokens_session_id_idx is 'Serves the foreign key: what a person leaves behind is found without a scan.';

alter table notifications.push_tokens enable row level security;

insert into ops.partition_policies (parent, key_kind, retain) values
  ('notifications.notifications', 'uuidv7', '366 days');

select ops.ensure_partitions('notifications.notifications');

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('notification.unknown', 'ST404', 'There is no such notification.', 'Check the id: it may have been deleted for its age.'),
  ('push.unknown_platform', 'ST422', 'There is no such platform.', 'Send ios, android, web or desktop.'),
  ('push.unknown', 'ST404', 'This device is not registered.', 'There is nothing to remove.');

insert into ops.retention_policies (name, target, predicate) values
  ('notifications_read', 'notifications.notifications', 'read_at < :now - interval ''90 days'''),
  ('open_groups_stale', 'notifications.open_groups', 'updated_at < :now - interval ''90 days'' and not exists (select from notifications.notifications as entry where entry.user_id = target.user_id and entry.id = target.notification_id and entry.read_at is null)'),
  ('push_tokens_unused', 'notifications.push_tokens', 'coalesce(last_used_at, inserted_at) < :now - interval ''180 days''');

insert into ops.personal_data_rules (table_name, column_name, action, reason) values
  ('notifications.notifications', 'user_id', 'delete', 'A bell serves nobody without its owner.'),
  ('notifications.notifications', 'actor_id', 'scrub', 'Other people''s bells no longer name who caused an entry.'),
  ('notifications.open_groups', 'user_id', 'delete', 'A bell serves nobody without its owner.'),
  ('notifications.push_tokens', 'user_id', 'delete', 'Addresses a person''s device.');

insert into ops.backup_tiers (table_name, tier) values
  ('notifications.notifications', 'B'),
  ('notifications.open_groups', 'D'),
  ('notifications.push_tokens', 'D');

-- Down Migration

delete from ops.backup_tiers where table_name like 'notifications.%';
delete from ops.personal_data_rules where table_name like 'notifications.%';
delete from ops.retention_policies where target like 'notifications.%';
delete from ops.partition_policies where parent like 'notifications.%';
delete from core.error_codes where reason like 'notification.%' or reason like 'push.%';
drop table notifications.push_tokens;
drop table notifications.open_groups;
drop table notifications.notifications;
drop schema notifications;
