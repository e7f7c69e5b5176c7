-- Why: conversations that took place elsewhere can be imported into channels. Two tables say what came from where, so that an
-- import that runs again finds the channel and the people that it made the first time, and adds nothing twice.
-- Names of people are kept as a digest only: an account that was erased is recognised, and stays erased.
-- Locks: none on anything that holds data; two new, empty tables. Back: drops both; what was imported stays, and an import
-- that runs again makes a second channel.

-- Up Migration

create table groups.imported_channels (
  channel_id uuid not null,
  group_id uuid not null,
  source varchar(40) not null,
  external_id varchar(200) not null,
  imported_at timestamptz not null default now(),
  constraint imported_channels_pkey primary key (channel_id),
  constraint imported_channels_channel_fkey foreign key (group_id, channel_id) references groups.channels (group_id, id) on delete cascade,
  constraint imported_channels_source_key unique (source, external_id, group_id)
);

comment on table groups.imported_channels is 'Where an imported channel came from.';
comment on column groups.imported_channels.channel_id is 'The channel.';
comment on column groups.imported_channels.group_id is 'Its group.';
comment on column groups.imported_channels.source is 'The system it came from, for example irc.';
comment on column groups.imported_channels.external_id is 'Its name there, in lower case.';
comment on column groups.imported_channels.imported_at is 'When the first import ran.';
comment on index groups.imported_channels_pkey is 'The origin of one channel.';
comment on index groups.imported_channels_source_key is 'Has this channel been imported before, and into which groups?';
comment on constraint imported_channels_channel_fkey on groups.imported_channels is 'The channel is one of the group.';

create index imported_channels_channel_idx on groups.imported_channels (group_id, channel_id);
comment on index groups.imported_channels_channel_idx is 'The imported channels of a group; supports the foreign key.';

alter table groups.imported_channels enable row level security;

create table groups.imported_members (
  group_id uuid not null,
  name_digest bytea not null,
  user_id uuid not null,
  imported_at timestamptz not null default now(),
  constraint imported_members_pkey primary key (group_id, name_digest),
  constraint imported_members_group_id_fkey foreign key (group_id) references groups.groups (id) on delete cascade,
  constraint imported_members_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint imported_members_digest_check check (octet_length(name_digest) = 32)
);

comment on table groups.imported_members is 'Which account stands for somebody who wrote in an imported channel.';
comment on column groups.imported_members.group_id is 'The group: the same name elsewhere may be somebody else.';
comment on column groups.imported_members.name_digest is 'SHA-256 of the group''s identifier and the name, so that an erased name is not kept.';
comment on column groups.imported_members.user_id is 'The account, made by the import; nobody can sign in to it.';
comment on column groups.imported_members.imported_at is 'When the name was first met.';
comment on index groups.imported_members_pkey is 'The account of a name in a group.';
comment on constraint imported_members_digest_check on groups.imported_members is 'The length of the digest.';

create index imported_members_user_idx on groups.imported_members (user_id);
comment on index groups.imported_members_user_idx is 'Supports the foreign key to the account.';

alter table groups.imported_members enable row level security;

insert into ops.backup_tiers (table_name, tier) values
  ('groups.imported_channels', 'B'),
  ('groups.imported_members', 'B');

insert into ops.personal_data_rules (table_name, column_name, action, reason) values
  ('groups.imported_members', 'user_id', 'keep', 'Points at the tombstone, so that an import that runs again does not bring an erased person back.');

-- Down Migration

delete from ops.personal_data_rules where table_name in ('groups.imported_channels', 'groups.imported_members');
delete from ops.backup_tiers where table_name in ('groups.imported_channels', 'groups.imported_members');
drop table groups.imported_members;
drop table groups.imported_channels;
