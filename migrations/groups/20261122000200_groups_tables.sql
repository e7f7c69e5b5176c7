-- Why: groups as communities know them: channels under headings, members with roles, permissions that channels override,
-- invitations and bans. What is written and said in the channels comes with the next migration of this module.
-- Lock order of everything in this module, in functions and in triggers alike: group, then membership, then channel,
-- then messages by key, then what hangs on them; rows of one kind are always locked in the order of their keys.
-- Locks: none on anything that holds data. Back: drops the schema with all groups in it.

-- Up Migration

create schema groups;
comment on schema groups is 'Groups: channels, members, roles and permissions, invitations, bans, messages, threads and voice.';

grant usage on schema groups to stoa_anonymous, stoa_worker;

create table groups.permission_bits (
  bit smallint not null,
  key text not null,
  label text not null,
  scope text not null default 'both',
  in_default_role boolean not null default false,
  constraint permission_bits_pkey primary key (bit),
  constraint permission_bits_key_key unique (key),
  constraint permission_bits_bit_check check (bit between 0 and 62),
  constraint permission_bits_scope_check check (scope in ('group', 'channel', 'both'))
);

comment on table groups.permission_bits is
  E'@name permission_bit\nWhat each bit of a permission bitfield means.';
comment on column groups.permission_bits.bit is 'Number of the bit, 0 to 62.';
comment on column groups.permission_bits.key is 'Symbolic name.';
comment on column groups.permission_bits.label is 'What it allows, for people.';
comment on column groups.permission_bits.scope is 'group: for the whole group only; channel: for one channel only; both: for the group, and overridable for a channel.';
comment on column groups.permission_bits.in_default_role is 'Granted to the default role of a new group.';
comment on index groups.permission_bits_pkey is 'The bits in order.';
comment on index groups.permission_bits_key_key is 'One bit by its name.';
comment on constraint permission_bits_bit_check on groups.permission_bits is 'The sign bit is left out.';
comment on constraint permission_bits_scope_check on groups.permission_bits is 'The scopes that exist.';

alter table groups.permission_bits enable row level security;

create table groups.groups (
  id uuid not null default core.uuidv7(),
  name varchar(100) not null,
  description text,
  icon_url text,
  banner_url text,
  splash_url text,
  owner_id uuid not null,
  is_public boolean not null default false,
  nsfw boolean not null default false,
  auto_join boolean not null default false,
  vanity_code text,
  features text[] not null default '{}',
  preferred_locale varchar(10) not null default 'en-US',
  premium_tier smallint not null default 0,
  premium_subscription_count integer not null default 0,
  member_count integer not null default 0,
  max_members integer not null default 500000,
  deleted_at timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint groups_pkey primary key (id),
  constraint groups_owner_id_fkey foreign key (owner_id) references core.users (id) on delete restrict,
  constraint groups_vanity_check check (vanity_code ~ '^[a-z0-9-]{2,50}$'),
  constraint groups_counts_check check (member_count >= 0 and premium_subscription_count >= 0 and max_members > 0),
  constraint groups_premium_tier_check check (premium_tier between 0 and 3)
);

comment on table groups.groups is
  E'@name group\nA community with channels, roles and members.';
comment on column groups.groups.id is 'Time-ordered identifier.';
comment on column groups.groups.name is 'The name people see.';
comment on column groups.groups.description is 'What the group is about.';
comment on column groups.groups.icon_url is 'Picture shown beside the name.';
comment on column groups.groups.banner_url is 'Picture shown above the group.';
comment on column groups.groups.splash_url is 'Picture behind its invitations.';
comment on column groups.groups.owner_id is 'Who owns the group.';
comment on column groups.groups.is_public is 'Listed; open to be joined; its channels can be read from outside where the default role may view them.';
comment on column groups.groups.nsfw is 'For adults.';
comment on column groups.groups.auto_join is 'Every new account becomes a member: the lobby of the site.';
comment on column groups.groups.vanity_code is 'An invitation code of its own choice, in lower case.';
comment on column groups.groups.features is 'Switched-on features; "screening" keeps a new member pending until they accept the rules.';
comment on column groups.groups.preferred_locale is 'Language.';
comment on column groups.groups.premium_tier is 'Level that its supporters have reached.';
comment on column groups.groups.premium_subscription_count is 'How many members support it. Kept by a trigger on members.';
comment on column groups.groups.member_count is 'How many members it has. Kept by a trigger on members.';
comment on column groups.groups.max_members is 'How many members it may have.';
comment on column groups.groups.deleted_at is 'When the group was deleted; its owner can restore it for 30 days, then it is purged.';
comment on column groups.groups.inserted_at is 'When the row was made.';
comment on column groups.groups.updated_at is 'When the row was last changed.';
comment on index groups.groups_pkey is 'One group by its identifier.';
comment on constraint groups_vanity_check on groups.groups is 'Lower-case letters, digits and hyphens.';
comment on constraint groups_counts_check on groups.groups is 'A count is never negative.';
comment on constraint groups_premium_tier_check on groups.groups is 'The tiers that exist.';

create unique index groups_vanity_code_key on groups.groups (vanity_code) where vanity_code is not null;
comment on index groups.groups_vanity_code_key is 'Joining by the group''s own code; no code twice.';
create index groups_owner_idx on groups.groups (owner_id);
comment on index groups.groups_owner_idx is 'The groups that one person owns; supports the foreign key.';
create index groups_public_idx on groups.groups (member_count desc, id desc) where is_public and deleted_at is null;
comment on index groups.groups_public_idx is E'@order POPULAR\nThe directory of public groups, the largest first.';
create index groups_name_trgm_idx on groups.groups using gin (name extensions.gin_trgm_ops) where is_public and deleted_at is null;
comment on index groups.groups_name_trgm_idx is 'Search in the directory, through groups.discover.';
create index groups_purge_idx on groups.groups (deleted_at) where deleted_at is not null;
comment on index groups.groups_purge_idx is 'Deleted groups that are due for purging.';

alter table groups.groups enable row level security;

create table groups.channel_categories (
  id uuid not null default core.uuidv7(),
  group_id uuid not null,
  name varchar(100) not null,
  position integer not null default 0,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint channel_categories_pkey primary key (id),
  constraint channel_categories_group_id_fkey foreign key (group_id) references groups.groups (id) on delete cascade,
  constraint channel_categories_group_id_key unique (group_id, id)
);

comment on table groups.channel_categories is
  E'@name channel_category\nA heading that orders the channels of a group and carries overrides of permissions for them.';
comment on column groups.channel_categories.id is 'Time-ordered identifier.';
comment on column groups.channel_categories.group_id is 'The group.';
comment on column groups.channel_categories.name is 'The heading.';
comment on column groups.channel_categories.position is 'Place among the headings; ties by id.';
comment on column groups.channel_categories.inserted_at is 'When the row was made.';
comment on column groups.channel_categories.updated_at is 'When the row was last changed.';
comment on index groups.channel_categories_pkey is 'One heading by its identifier.';
comment on index groups.channel_categories_group_id_key is 'The headings of a group; target of composite foreign keys.';

alter table groups.channel_categories enable row level security;

create table groups.channels (
  id uuid not null default core.uuidv7(),
  group_id uuid not null,
  category_id uuid,
  parent_channel_id uuid,
  type text not null default 'text',
  name varchar(100) not null,
  topic varchar(500),
  position integer not null default 0,
  is_private boolean not null default false,
  nsfw boolean not null default false,
  slowmode_seconds integer not null default 0,
  bitrate integer,
  user_limit smallint,
  rtc_region varchar(20),
  video_quality_mode smallint not null default 1,
  default_auto_archive_minutes integer,
  retention_days integer,
  last_seq bigint not null default 0,
  last_message_id uuid,
  last_message_at timestamptz,
  last_pin_at timestamptz,
  deleted_at timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint channels_pkey primary key (id),
  constraint channels_group_id_fkey foreign key (group_id) references groups.groups (id) on delete cascade,
  constraint channels_group_id_key unique (group_id, id),
  constraint channels_id_parent_key unique (id, parent_channel_id),
  constraint channels_category_fkey foreign key (group_id, category_id) references groups.channel_categories (group_id, id) on delete set null (category_id),
  constraint channels_parent_fkey foreign key (group_id, parent_channel_id) references groups.channels (group_id, id) on delete cascade,
  constraint channels_type_check check (type in ('text', 'voice', 'announcement', 'thread')),
  constraint channels_thread_check check ((type = 'thread') = (parent_channel_id is not null)),
  constraint channels_slowmode_check check (slowmode_seconds between 0 and 21600),
  constraint channels_voice_check check (type = 'voice' or (bitrate is null and user_limit is null)),
  constraint channels_bitrate_check check (bitrate between 8000 and 384000 and user_limit between 1 and 99),
  constraint channels_video_check check (video_quality_mode between 1 and 2),
  constraint channels_auto_archive_check check (default_auto_archive_minutes in (60, 1440, 4320, 10080)),
  constraint channels_retention_check check (retention_days > 0),
  constraint channels_seq_check check (last_seq >= 0)
) with (fillfactor = 80);

comment on table groups.channels is
  E'@name channel\nA place in a group where people write or speak. A thread is a channel under another one.';
comment on column groups.channels.id is 'Time-ordered identifier.';
comment on column groups.channels.group_id is 'The group.';
comment on column groups.channels.category_id is 'The heading it stands under, of the same group.';
comment on column groups.channels.parent_channel_id is 'Of a thread: the channel that it hangs from.';
comment on column groups.channels.type is 'text, voice, announcement or thread.';
comment on column groups.channels.name is 'The name people see.';
comment on column groups.channels.topic is 'What it is about.';
comment on column groups.channels.position is 'Place under its heading; ties by id.';
comment on column groups.channels.is_private is 'The default role is denied VIEW_CHANNEL unless an override of this channel allows it.';
comment on column groups.channels.nsfw is 'For adults.';
comment on column groups.channels.slowmode_seconds is 'How long a person waits between two messages.';
comment on column groups.channels.bitrate is 'Of a voice channel: bits a second.';
comment on column groups.channels.user_limit is 'Of a voice channel: how many may be in it; null = no limit.';
comment on column groups.channels.rtc_region is 'Of a voice channel: where it is served from.';
comment on column groups.channels.video_quality_mode is '1 automatic, 2 full.';
comment on column groups.channels.default_auto_archive_minutes is 'What a new thread starts with.';
comment on column groups.channels.retention_days is 'Messages older than this are exported and deleted; null = kept.';
comment on column groups.channels.last_seq is 'Sequence number of the newest message. A reader''s unread count is the distance to it.';
comment on column groups.channels.last_message_id is 'The newest message. A position, not a reference.';
comment on column groups.channels.last_message_at is 'When the newest message was written.';
comment on column groups.channels.last_pin_at is 'When a message was last pinned.';
comment on column groups.channels.deleted_at is 'When the channel was deleted; purged 30 days later.';
comment on column groups.channels.inserted_at is 'When the row was made.';
comment on column groups.channels.updated_at is 'When the row was last changed, messages aside.';
comment on index groups.channels_pkey is 'One channel by its identifier.';
comment on index groups.channels_group_id_key is 'Target of composite foreign keys; the channels of a group, deleted ones too.';
comment on index groups.channels_id_parent_key is 'Target of the composite foreign key of threads.';
comment on constraint channels_category_fkey on groups.channels is 'A channel stands under a heading of its own group.';
comment on constraint channels_parent_fkey on groups.channels is 'A thread hangs from a channel of its own group.';
comment on constraint channels_type_check on groups.channels is 'The kinds that exist.';
comment on constraint channels_thread_check on groups.channels is 'Threads have a parent, nothing else does.';
comment on constraint channels_slowmode_check on groups.channels is 'At most six hours.';
comment on constraint channels_voice_check on groups.channels is 'Only voice channels have these.';
comment on constraint channels_bitrate_check on groups.channels is 'Sensible values.';
comment on constraint channels_video_check on groups.channels is 'The modes that exist.';
comment on constraint channels_auto_archive_check on groups.channels is 'The spans that exist.';
comment on constraint channels_retention_check on groups.channels is 'Null keeps for ever.';
comment on constraint channels_seq_check on groups.channels is 'A count is never negative.';

create index channels_group_list_idx on groups.channels (group_id, position, id) where deleted_at is null and type <> 'thread';
comment on index groups.channels_group_list_idx is 'The channels of a group, in order.';
create index channels_category_idx on groups.channels (group_id, category_id) where category_id is not null;
comment on index groups.channels_category_idx is 'The channels under a heading; supports the foreign key.';
create index channels_parent_idx on groups.channels (group_id, parent_channel_id) where parent_channel_id is not null;
comment on index groups.channels_parent_idx is 'Supports the foreign key to the parent.';
create index channels_threads_idx on groups.channels (parent_channel_id, id) where parent_channel_id is not null;
comment on index groups.channels_threads_idx is 'The threads of a channel.';
create index channels_retention_idx on groups.channels (retention_days) where retention_days is not null;
comment on index groups.channels_retention_idx is 'Channels with messages to archive.';
create index channels_purge_idx on groups.channels (deleted_at) where deleted_at is not null;
comment on index groups.channels_purge_idx is 'Deleted channels that are due for purging.';

alter table groups.channels enable row level security;

create table groups.group_settings (
  group_id uuid not null,
  region varchar(20) not null default 'us-east',
  afk_channel_id uuid,
  afk_timeout_seconds integer not null default 300,
  verification_level smallint not null default 0,
  default_message_notifications smallint not null default 0,
  explicit_content_filter smallint not null default 0,
  mfa_level smallint not null default 0,
  system_channel_id uuid,
  system_channel_flags integer not null default 0,
  rules_channel_id uuid,
  public_updates_channel_id uuid,
  max_presences integer,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint group_settings_pkey primary key (group_id),
  constraint group_settings_group_id_fkey foreign key (group_id) references groups.groups (id) on delete cascade,
  constraint group_settings_afk_fkey foreign key (group_id, afk_channel_id) references groups.channels (group_id, id) on delete set null (afk_channel_id),
  constraint group_settings_system_fkey foreign key (group_id, system_channel_id) references groups.channels (group_id, id) on delete set null (system_channel_id),
  constraint group_settings_rules_fkey foreign key (group_id, rules_channel_id) references groups.channels (group_id, id) on delete set null (rules_channel_id),
  constraint group_settings_updates_fkey foreign key (group_id, public_updates_channel_id) references groups.channels (group_id, id) on delete set null (public_updates_channel_id),
  constraint group_settings_levels_check check (verification_level between 0 and 4 and default_message_notifications between 0 and 1 and explicit_content_filter between 0 and 2 and mfa_level between 0 and 1),
  constraint group_settings_afk_check check (afk_timeout_seconds in (60, 300, 900, 1800, 3600)),
  constraint group_settings_presences_check check (max_presences > 0)
);

comment on table groups.group_settings is
  E'@name group_settings\nHow a group behaves; one row a group, apart from the row that changes with every member.';
comment on column groups.group_settings.group_id is 'The group.';
comment on column groups.group_settings.region is 'Where its voice channels are served from.';
comment on column groups.group_settings.afk_channel_id is 'The voice channel for idle people.';
comment on column groups.group_settings.afk_timeout_seconds is 'How long until somebody is idle.';
comment on column groups.group_settings.verification_level is 'What a member without a role needs to write: 0 nothing, 1 a verified e-mail address, 2 an account of 5 minutes too, 3 a membership of 10 minutes too, 4 a second factor too.';
comment on column groups.group_settings.default_message_notifications is '0 all messages, 1 mentions only.';
comment on column groups.group_settings.explicit_content_filter is 'Who is filtered: 0 nobody, 1 members without a role, 2 everybody.';
comment on column groups.group_settings.mfa_level is '1: moderation needs a second factor.';
comment on column groups.group_settings.system_channel_id is 'Where joins are announced.';
comment on column groups.group_settings.system_channel_flags is 'What is not announced: bit 0 joins, bit 1 pins.';
comment on column groups.group_settings.rules_channel_id is 'The rules.';
comment on column groups.group_settings.public_updates_channel_id is 'News for the staff of the group.';
comment on column groups.group_settings.max_presences is 'How many presences are shown; null = all.';
comment on column groups.group_settings.inserted_at is 'When the row was made.';
comment on column groups.group_settings.updated_at is 'When the row was last changed.';
comment on index groups.group_settings_pkey is 'The settings of a group.';
comment on constraint group_settings_afk_fkey on groups.group_settings is 'A channel of the same group.';
comment on constraint group_settings_system_fkey on groups.group_settings is 'A channel of the same group.';
comment on constraint group_settings_rules_fkey on groups.group_settings is 'A channel of the same group.';
comment on constraint group_settings_updates_fkey on groups.group_settings is 'A channel of the same group.';
comment on constraint group_settings_levels_check on groups.group_settings is 'The levels that exist.';
comment on constraint group_settings_afk_check on groups.group_settings is 'The spans that exist.';
comment on constraint group_settings_presences_check on groups.group_settings is 'Null shows all.';

create index group_settings_afk_idx on groups.group_settings (group_id, afk_channel_id) where afk_channel_id is not null;
comment on index groups.group_settings_afk_idx is 'Supports the foreign key to the channel.';
create index group_settings_system_idx on groups.group_settings (group_id, system_channel_id) where system_channel_id is not null;
comment on index groups.group_settings_system_idx is 'Supports the foreign key to the channel.';
create index group_settings_rules_idx on groups.group_settings (group_id, rules_channel_id) where rules_channel_id is not null;
comment on index groups.group_settings_rules_idx is 'Supports the foreign key to the channel.';
create index group_settings_updates_idx on groups.group_settings (group_id, public_updates_channel_id) where public_updates_channel_id is not null;
comment on index groups.group_settings_updates_idx is 'Supports the foreign key to the channel.';

alter table groups.group_settings enable row level security;

create table groups.roles (
  id uuid not null default core.uuidv7(),
  group_id uuid not null,
  name varchar(100) not null,
  color integer not null default 0,
  hoist boolean not null default false,
  icon_url text,
  unicode_emoji varchar(100),
  position integer not null default 0,
  permissions bigint not null default 0,
  managed boolean not null default false,
  mentionable boolean not null default false,
  is_default boolean not null default false,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint roles_pkey primary key (id),
  constraint roles_group_id_fkey foreign key (group_id) references groups.groups (id) on delete cascade,
  constraint roles_group_id_key unique (group_id, id),
  constraint roles_position_key unique (group_id, position) deferrable initially immediate,
  constraint roles_color_check check (color between 0 and 16777215),
  constraint roles_permissions_check check (permissions >= 0),
  constraint roles_default_position_check check (not is_default or position = 0)
);

comment on table groups.roles is
  E'@name group_role\nA bundle of permissions in a group. Everybody holds the default role; of the others the higher outranks the lower.';
comment on column groups.roles.id is 'Time-ordered identifier.';
comment on column groups.roles.group_id is 'The group.';
comment on column groups.roles.name is 'The name people see.';
comment on column groups.roles.color is '24-bit RGB.';
comment on column groups.roles.hoist is 'Its holders are listed apart.';
comment on column groups.roles.icon_url is 'Picture beside the name.';
comment on column groups.roles.unicode_emoji is 'An emoji as its picture.';
comment on column groups.roles.position is 'Rank: a higher one outranks a lower one; 0 is the default role.';
comment on column groups.roles.permissions is 'Bitfield; the bits are those of permission_bits.';
comment on column groups.roles.managed is 'Belongs to an integration; people cannot assign it.';
comment on column groups.roles.mentionable is 'Everybody may mention it.';
comment on column groups.roles.is_default is 'Held by every member without being assigned.';
comment on column groups.roles.inserted_at is 'When the row was made.';
comment on column groups.roles.updated_at is 'When the row was last changed.';
comment on index groups.roles_pkey is 'One role by its identifier.';
comment on index groups.roles_group_id_key is 'Target of composite foreign keys.';
comment on index groups.roles_position_key is 'The roles of a group by rank; no rank twice. Checked at the end of a statement, so that reordering is one update.';
comment on constraint roles_color_check on groups.roles is '24 bits.';
comment on constraint roles_permissions_check on groups.roles is 'The sign bit is not used.';
comment on constraint roles_default_position_check on groups.roles is 'The default role is the lowest.';

create unique index roles_default_key on groups.roles (group_id) where is_default;
comment on index groups.roles_default_key is 'The default role of a group; exactly one.';

alter table groups.roles enable row level security;

create table groups.invites (
  id uuid not null default core.uuidv7(),
  group_id uuid not null,
  channel_id uuid,
  code varchar(32) not null,
  created_by uuid,
  max_uses integer,
  use_count integer not null default 0,
  expires_at timestamptz,
  revoked_at timestamptz,
  inserted_at timestamptz not null default now(),
  constraint invites_pkey primary key (id),
  constraint invites_group_fkey foreign key (group_id) references groups.groups (id) on delete cascade,
  constraint invites_channel_fkey foreign key (group_id, channel_id) references groups.channels (group_id, id) on delete set null (channel_id),
  constraint invites_created_by_fkey foreign key (created_by) references core.users (id) on delete set null,
  constraint invites_code_key unique (code),
  constraint invites_uses_check check (use_count >= 0 and (max_uses is null or (max_uses > 0 and use_count <= max_uses)))
);

comment on table groups.invites is
  E'@name group_invite\nAn invitation code, with an end and a number of uses.';
comment on column groups.invites.id is 'Time-ordered identifier.';
comment on column groups.invites.group_id is 'The group.';
comment on column groups.invites.channel_id is 'Where the newcomer lands, in the same group.';
comment on column groups.invites.code is 'The code, case-sensitive.';
comment on column groups.invites.created_by is 'Who invites.';
comment on column groups.invites.max_uses is 'How often it can be used; null = without limit.';
comment on column groups.invites.use_count is 'How often it was used. Kept by groups.join_by_code.';
comment on column groups.invites.expires_at is 'When it ends; null = never.';
comment on column groups.invites.revoked_at is 'When it was withdrawn.';
comment on column groups.invites.inserted_at is 'When the row was made.';
comment on index groups.invites_pkey is 'One invitation by its identifier.';
comment on index groups.invites_code_key is 'Joining by code; no code twice.';
comment on constraint invites_channel_fkey on groups.invites is 'A newcomer lands in a channel of the same group.';
comment on constraint invites_uses_check on groups.invites is 'Nobody comes in after the last use.';

create index invites_group_idx on groups.invites (group_id, id);
comment on index groups.invites_group_idx is 'The invitations of a group; supports the foreign key.';
create index invites_channel_idx on groups.invites (group_id, channel_id) where channel_id is not null;
comment on index groups.invites_channel_idx is 'Supports the foreign key to the channel.';
create index invites_created_by_idx on groups.invites (created_by) where created_by is not null;
comment on index groups.invites_created_by_idx is 'The invitations of one person; supports the foreign key.';
create index invites_expires_idx on groups.invites (expires_at) where expires_at is not null;
comment on index groups.invites_expires_idx is 'Ended invitations that are due for purging.';

alter table groups.invites enable row level security;

create table groups.group_members (
  group_id uuid not null,
  user_id uuid not null,
  nickname varchar(32),
  joined_at timestamptz not null default now(),
  invite_id uuid,
  pending boolean not null default false,
  premium_since timestamptz,
  deaf boolean not null default false,
  mute boolean not null default false,
  muted_until timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint group_members_pkey primary key (group_id, user_id),
  constraint group_members_group_id_fkey foreign key (group_id) references groups.groups (id) on delete cascade,
  constraint group_members_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint group_members_invite_id_fkey foreign key (invite_id) references groups.invites (id) on delete set null
);

comment on table groups.group_members is
  E'@name group_member\nThat a person belongs to a group.';
comment on column groups.group_members.group_id is 'The group.';
comment on column groups.group_members.user_id is 'The member.';
comment on column groups.group_members.nickname is 'The name they go by in this group.';
comment on column groups.group_members.joined_at is 'Since when.';
comment on column groups.group_members.invite_id is 'The invitation they came with.';
comment on column groups.group_members.pending is 'Has not accepted the rules yet and can only look.';
comment on column groups.group_members.premium_since is 'Since when they support the group.';
comment on column groups.group_members.deaf is 'Hears nothing in voice channels.';
comment on column groups.group_members.mute is 'May not speak in voice channels.';
comment on column groups.group_members.muted_until is 'End of a time-out; in force while it lies in the future.';
comment on column groups.group_members.inserted_at is 'When the row was made.';
comment on column groups.group_members.updated_at is 'When the row was last changed.';
comment on index groups.group_members_pkey is 'Whether somebody belongs to a group.';

create index group_members_user_idx on groups.group_members (user_id, group_id);
comment on index groups.group_members_user_idx is 'The groups of one person; supports the foreign key.';
create index group_members_roster_idx on groups.group_members (group_id, joined_at, user_id);
comment on index groups.group_members_roster_idx is E'@order SENIORITY\nThe members of a group, the longest-standing first.';
create index group_members_invite_idx on groups.group_members (invite_id) where invite_id is not null;
comment on index groups.group_members_invite_idx is 'Who came with an invitation; supports the foreign key.';

alter table groups.group_members enable row level security;

create table groups.group_member_roles (
  group_id uuid not null,
  user_id uuid not null,
  role_id uuid not null,
  assigned_at timestamptz not null default now(),
  assigned_by uuid,
  constraint group_member_roles_pkey primary key (group_id, user_id, role_id),
  constraint group_member_roles_member_fkey foreign key (group_id, user_id) references groups.group_members (group_id, user_id) on delete cascade,
  constraint group_member_roles_role_fkey foreign key (group_id, role_id) references groups.roles (group_id, id) on delete cascade,
  constraint group_member_roles_assigned_by_fkey foreign key (assigned_by) references core.users (id) on delete set null
);

comment on table groups.group_member_roles is
  E'@name group_member_role\nThat a member holds a role of the same group. The default role is never stored.';
comment on column groups.group_member_roles.group_id is 'The group.';
comment on column groups.group_member_roles.user_id is 'The member.';
comment on column groups.group_member_roles.role_id is 'The role.';
comment on column groups.group_member_roles.assigned_at is 'When it was given.';
comment on column groups.group_member_roles.assigned_by is 'Who gave it.';
comment on index groups.group_member_roles_pkey is 'The roles of one member.';
comment on constraint group_member_roles_member_fkey on groups.group_member_roles is 'Only members of the group hold its roles.';
comment on constraint group_member_roles_role_fkey on groups.group_member_roles is 'Members hold roles of their own group.';

create index group_member_roles_role_idx on groups.group_member_roles (group_id, role_id);
comment on index groups.group_member_roles_role_idx is 'Who holds a role; supports the foreign key.';
create index group_member_roles_assigned_by_idx on groups.group_member_roles (assigned_by) where assigned_by is not null;
comment on index groups.group_member_roles_assigned_by_idx is 'Supports the foreign key to whoever gave it.';

alter table groups.group_member_roles enable row level security;

create table groups.channel_permission_overrides (
  id uuid not null default core.uuidv7(),
  group_id uuid not null,
  channel_id uuid,
  category_id uuid,
  role_id uuid,
  user_id uuid,
  allow bigint not null default 0,
  deny bigint not null default 0,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint channel_permission_overrides_pkey primary key (id),
  constraint channel_permission_overrides_group_id_fkey foreign key (group_id) references groups.groups (id) on delete cascade,
  constraint channel_permission_overrides_channel_fkey foreign key (group_id, channel_id) references groups.channels (group_id, id) on delete cascade,
  constraint channel_permission_overrides_category_fkey foreign key (group_id, category_id) references groups.channel_categories (group_id, id) on delete cascade,
  constraint channel_permission_overrides_role_fkey foreign key (group_id, role_id) references groups.roles (group_id, id) on delete cascade,
  constraint channel_permission_overrides_member_fkey foreign key (group_id, user_id) references groups.group_members (group_id, user_id) on delete cascade,
  constraint channel_permission_overrides_target_key unique nulls not distinct (channel_id, category_id, role_id, user_id),
  constraint channel_permission_overrides_subject_check check (num_nonnulls(channel_id, category_id) = 1),
  constraint channel_permission_overrides_target_check check (num_nonnulls(role_id, user_id) = 1),
  constraint channel_permission_overrides_bits_check check (allow & deny = 0 and allow >= 0 and deny >= 0)
);

comment on table groups.channel_permission_overrides is
  E'@name permission_override\nBits that are allowed or denied to one role or one member in one channel, or in all channels under one heading.';
comment on column groups.channel_permission_overrides.id is 'Time-ordered identifier.';
comment on column groups.channel_permission_overrides.group_id is 'The group.';
comment on column groups.channel_permission_overrides.channel_id is 'For this channel,';
comment on column groups.channel_permission_overrides.category_id is 'or for the channels under this heading.';
comment on column groups.channel_permission_overrides.role_id is 'To this role,';
comment on column groups.channel_permission_overrides.user_id is 'or to this member.';
comment on column groups.channel_permission_overrides.allow is 'Bits that are added.';
comment on column groups.channel_permission_overrides.deny is 'Bits that are taken away.';
comment on column groups.channel_permission_overrides.inserted_at is 'When the row was made.';
comment on column groups.channel_permission_overrides.updated_at is 'When the row was last changed.';
comment on index groups.channel_permission_overrides_pkey is 'One override by its identifier.';
comment on index groups.channel_permission_overrides_target_key is 'One override for each place and target.';
comment on constraint channel_permission_overrides_channel_fkey on groups.channel_permission_overrides is 'For a channel of the same group.';
comment on constraint channel_permission_overrides_category_fkey on groups.channel_permission_overrides is 'For a heading of the same group.';
comment on constraint channel_permission_overrides_role_fkey on groups.channel_permission_overrides is 'To a role of the same group.';
comment on constraint channel_permission_overrides_member_fkey on groups.channel_permission_overrides is 'To a member of the same group; leaving takes it away.';
comment on constraint channel_permission_overrides_subject_check on groups.channel_permission_overrides is 'For a channel or a heading.';
comment on constraint channel_permission_overrides_target_check on groups.channel_permission_overrides is 'To a role or a member.';
comment on constraint channel_permission_overrides_bits_check on groups.channel_permission_overrides is 'A bit is allowed or denied, not both.';
comment on constraint channel_permission_overrides_target_key on groups.channel_permission_overrides is E'@behavior -*\nOne override for each place and target.';

create index channel_permission_overrides_group_channel_idx on groups.channel_permission_overrides (group_id, channel_id);
comment on index groups.channel_permission_overrides_group_channel_idx is 'The overrides of a channel: working out permissions; supports the foreign keys to the channel and to the group.';
create index channel_permission_overrides_group_category_idx on groups.channel_permission_overrides (group_id, category_id) where category_id is not null;
comment on index groups.channel_permission_overrides_group_category_idx is 'The overrides of a heading: working out permissions; supports the foreign key.';
create index channel_permission_overrides_role_idx on groups.channel_permission_overrides (group_id, role_id) where role_id is not null;
comment on index groups.channel_permission_overrides_role_idx is 'The overrides of a role; supports the foreign key.';
create index channel_permission_overrides_member_idx on groups.channel_permission_overrides (group_id, user_id) where user_id is not null;
comment on index groups.channel_permission_overrides_member_idx is 'The overrides of a member; supports the foreign key.';

alter table groups.channel_permission_overrides enable row level security;

create table groups.bans (
  group_id uuid not null,
  user_id uuid not null,
  banned_by uuid,
  reason varchar(512),
  expires_at timestamptz,
  inserted_at timestamptz not null default now(),
  constraint bans_pkey primary key (group_id, user_id),
  constraint bans_group_id_fkey foreign key (group_id) references groups.groups (id) on delete cascade,
  constraint bans_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint bans_banned_by_fkey foreign key (banned_by) references core.users (id) on delete set null
);

comment on table groups.bans is
  E'@name group_ban\nThat a person is barred from a group.';
comment on column groups.bans.group_id is 'The group.';
comment on column groups.bans.user_id is 'Who is barred.';
comment on column groups.bans.banned_by is 'Who barred them.';
comment on column groups.bans.reason is 'Why.';
comment on column groups.bans.expires_at is 'When it ends; null = for good. In force while null or in the future.';
comment on column groups.bans.inserted_at is 'When the row was made.';
comment on index groups.bans_pkey is 'Whether somebody is barred from a group.';

create index group_bans_user_idx on groups.bans (user_id);
comment on index groups.group_bans_user_idx is 'The groups that one person is barred from; supports the foreign key.';
create index group_bans_banned_by_idx on groups.bans (banned_by) where banned_by is not null;
comment on index groups.group_bans_banned_by_idx is 'Supports the foreign key to whoever barred.';
create index group_bans_expires_idx on groups.bans (expires_at) where expires_at is not null;
comment on index groups.group_bans_expires_idx is 'Ended bans that are due for purging.';

alter table groups.bans enable row level security;

insert into groups.permission_bits (bit, key, label, scope, in_default_role) values
  (0, 'CREATE_INVITE', 'Make invitations', 'both', true),
  (1, 'KICK_MEMBERS', 'Remove members', 'group', false),
  (2, 'BAN_MEMBERS', 'Ban people', 'group', false),
  (3, 'ADMINISTRATOR', 'Everything, whatever overrides say', 'group', false),
  (4, 'MANAGE_CHANNELS', 'Make, change and delete channels', 'both', false),
  (5, 'MANAGE_GROUP', 'Change the group and its settings', 'group', false),
  (6, 'ADD_REACTIONS', 'React to messages', 'both', true),
  (7, 'VIEW_AUDIT_LOG', 'Read what was done in the group', 'group', false),
  (8, 'MANAGE_ROLES', 'Make and give roles below one''s own, and override permissions', 'both', false),
  (9, 'MODERATE_MEMBERS', 'Give members a time-out', 'group', false),
  (10, 'VIEW_CHANNEL', 'See channels', 'both', true),
  (11, 'SEND_MESSAGES', 'Write messages', 'both', true),
  (12, 'SEND_TTS', 'Have messages read aloud', 'both', false),
  (13, 'MANAGE_MESSAGES', 'Delete and pin messages of others', 'both', false),
  (14, 'EMBED_LINKS', 'Have links previewed', 'both', true),
  (15, 'ATTACH_FILES', 'Attach files', 'both', true),
  (16, 'READ_HISTORY', 'Read messages', 'both', true),
  (17, 'MENTION_EVERYONE', 'Call everybody and every role', 'both', false),
  (18, 'USE_EXTERNAL_EMOJI', 'Use emojis of other groups', 'both', true),
  (19, 'VIEW_INSIGHTS', 'See figures about the group', 'group', false),
  (20, 'CONNECT', 'Enter voice channels', 'both', true),
  (21, 'SPEAK', 'Speak in voice channels', 'both', true),
  (22, 'MUTE_MEMBERS', 'Mute others in voice channels', 'group', false),
  (23, 'DEAFEN_MEMBERS', 'Deafen others in voice channels', 'group', false),
  (24, 'MOVE_MEMBERS', 'Put others out of voice channels, and enter full ones', 'both', false),
  (25, 'STREAM', 'Show camera and screen', 'both', true),
  (26, 'CHANGE_NICKNAME', 'Change one''s own nickname', 'group', true),
  (27, 'MANAGE_NICKNAMES', 'Change nicknames of others', 'group', false),
  (28, 'MANAGE_WEBHOOKS', 'Make and delete webhooks', 'both', false),
  (29, 'MANAGE_EMOJIS', 'Add and delete emojis', 'group', false),
  (30, 'CREATE_THREADS', 'Start threads', 'both', true),
  (31, 'MANAGE_THREADS', 'Rename, archive and lock threads', 'both', false),
  (32, 'BYPASS_SLOWMODE', 'Write without waiting in slow mode', 'both', false);

insert into ops.backup_tiers (table_name, tier) values
  ('groups.permission_bits', 'A'),
  ('groups.groups', 'B'),
  ('groups.channel_categories', 'B'),
  ('groups.channels', 'B'),
  ('groups.group_settings', 'B'),
  ('groups.roles', 'B'),
  ('groups.invites', 'B'),
  ('groups.group_members', 'B'),
  ('groups.group_member_roles', 'B'),
  ('groups.channel_permission_overrides', 'B'),
  ('groups.bans', 'B');

insert into ops.personal_data_rules (table_name, column_name, action, reason) values
  ('groups.groups', 'owner_id', 'keep', 'An account that owns a group cannot be closed before it hands the group over; the column then names somebody else.'),
  ('groups.invites', 'created_by', 'scrub', 'Who invited matters to nobody once they are gone.'),
  ('groups.group_members', 'user_id', 'delete', 'Where a person belongs tells about them; nickname, roles and overrides go along.'),
  ('groups.group_members', 'nickname', 'delete', 'Names a person; goes with the membership.'),
  ('groups.group_member_roles', 'assigned_by', 'keep', 'Who moderated: points at the tombstone.'),
  ('groups.bans', 'user_id', 'keep', 'Safety of the community: kept as long as the account''s tombstone.'),
  ('groups.bans', 'banned_by', 'keep', 'Who moderated: points at the tombstone.');

insert into core.settings (key, value, type, description, is_public) values
  ('groups.owned_limit', '100', 'integer', 'How many groups one person may own.', true),
  ('groups.public_reading', 'true', 'boolean', 'Visitors without an account may look into public groups.', true);

insert into core.ownership_rules (table_name, owner_column, condition, label) values
  ('groups.groups', 'owner_id', 'deleted_at is null', 'groups');

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('group.unknown', 'ST404', 'There is no such group, or you may not see it.', 'Check the identifier; a group that is not public needs an invitation.'),
  ('group.not_allowed', 'ST403', 'You may not do this in this group.', 'Ask somebody in the group who holds the permission, or its owner.'),
  ('group.hierarchy', 'ST403', 'This ranks as high as you, or higher.', 'Ask somebody with a higher role, or the owner of the group.'),
  ('group.second_factor_required', 'ST401', 'This group demands a second factor for this.', 'Switch on the second factor of your account.'),
  ('group.banned', 'ST403', 'You are banned from this group.', 'The ban and its end are listed under your bans; write to somebody in charge of the group.'),
  ('group.full', 'ST409', 'The group has as many members as it may have.', 'Ask its owner to raise the limit.'),
  ('group.owner_stays', 'ST409', 'The owner cannot leave.', 'Hand the group over to another member, or delete it.'),
  ('group.limit_reached', 'ST429', 'One person may own only so many groups.', 'Hand over or delete one first.'),
  ('group.vanity_invalid', 'ST422', 'A code of a groups own is of 2 to 50 lower-case letters, digits and hyphens.', 'Choose another code.'),
  ('group.vanity_taken', 'ST409', 'Another group has this code.', 'Choose another code.'),
  ('group.url_invalid', 'ST422', 'A picture must be an http or https address of at most 2,000 characters.', 'Send the whole address, with its scheme.'),
  ('group.query_invalid', 'ST422', 'A search for groups takes 3 to 100 characters.', 'Send a longer or shorter text.'),
  ('group.order_incomplete', 'ST422', 'A new order must name everything there is, each once.', 'Read the list again and send all of it.'),
  ('group.restore_too_late', 'ST410', 'A deleted group can be restored for 30 days.', 'Create a new group.'),
  ('group.verification_required', 'ST403', 'Your account does not yet meet what this group asks of those who write.', 'Verify your e-mail address; the settings of the group say what else it asks, and how long to wait.'),
  ('group_member.unknown', 'ST404', 'This person does not belong to the group.', 'Check the identifier of the account.'),
  ('group_member.timed_out', 'ST403', 'You have a time-out in this group.', 'Your membership says until when.'),
  ('group_member.administrator', 'ST422', 'A time-out has no effect on administrators.', 'Take the role away first.'),
  ('group_member.until_invalid', 'ST422', 'A time-out ends within 28 days from now.', 'Send another end.'),
  ('group_member.second_factor_missing', 'ST422', 'The group demands a second factor, and this person has none.', 'Ask them to switch it on first.'),
  ('group_ban.protected', 'ST422', 'The owner and you yourself cannot be banned.', 'Name somebody else.'),
  ('group_ban.until_past', 'ST422', 'The end of a ban must lie in the future.', 'Leave the end out for a ban for good.'),
  ('group_ban.unknown', 'ST404', 'This person is not banned from the group.', 'Check the identifiers.'),
  ('group_role.unknown', 'ST404', 'There is no such role in this group.', 'Check the identifier.'),
  ('group_role.bits_not_held', 'ST403', 'You can only give or take permissions that you hold yourself.', 'Leave the others out, or ask the owner.'),
  ('group_role.bits_invalid', 'ST422', 'This bitfield holds bits that do not exist or mean nothing here.', 'Use the bits of permission_bits; those of scope group cannot be overridden.'),
  ('group_role.limit_reached', 'ST422', 'A group has at most 250 roles.', 'Delete one first.'),
  ('group_role.not_assignable', 'ST422', 'This role cannot be given or taken.', 'The default role is held by everybody; roles of integrations are theirs.'),
  ('group_role.not_deletable', 'ST422', 'This role cannot be deleted.', 'The default role stays; roles of integrations go with them.'),
  ('group_role.not_held', 'ST404', 'The member does not hold this role.', 'Check the identifiers.'),
  ('override.malformed', 'ST422', 'An override is about one channel or heading, and one role or member.', 'Send one of each pair.'),
  ('override.bits_overlap', 'ST422', 'A bit cannot be both allowed and denied.', 'Leave it out of one of the two.'),
  ('override.unknown', 'ST404', 'There is no such override.', 'Check the identifiers.'),
  ('invite.unknown', 'ST404', 'There is no such invitation.', 'Check the code: capitals count.'),
  ('invite.gone', 'ST410', 'This invitation is withdrawn, ended or used up.', 'Ask for a new one.'),
  ('invite.limits_invalid', 'ST422', 'An invitation is for 1 to 1,000 joins and at most 30 days; both may be left out.', 'Send other limits.'),
  ('channel.unknown', 'ST404', 'There is no such channel, or you may not see it.', 'Check the identifier.'),
  ('channel.not_allowed', 'ST403', 'You may not do this in this channel.', 'Ask somebody in the group who holds the permission there.'),
  ('channel.wrong_type', 'ST422', 'Channels of this type cannot do this.', 'Choose a channel of another type.'),
  ('channel.limit_reached', 'ST422', 'A group has at most 500 channels.', 'Delete one first.'),
  ('channel_category.unknown', 'ST404', 'There is no such heading in this group.', 'Check the identifier.'),
  ('channel_category.limit_reached', 'ST422', 'A group has at most 50 headings.', 'Delete one first.');

-- Down Migration

delete from core.settings where key like 'groups.%';
delete from core.ownership_rules where table_name like 'groups.%';
delete from ops.personal_data_rules where table_name like 'groups.%';
delete from ops.backup_tiers where table_name like 'groups.%';
delete from core.error_codes
where reason in (
  'group.unknown', 'group.not_allowed', 'group.hierarchy', 'group.second_factor_required',
  'group.banned', 'group.full', 'group.owner_stays', 'group.limit_reached',
  'group.vanity_invalid', 'group.vanity_taken', 'group.url_invalid', 'group.query_invalid',
  'group.order_incomplete', 'group.restore_too_late', 'group.verification_required', 'group_member.unknown',
  'group_member.timed_out', 'group_member.administrator', 'group_member.until_invalid', 'group_member.second_factor_missing',
  'group_ban.protected', 'group_ban.until_past', 'group_ban.unknown', 'group_role.unknown',
  'group_role.bits_not_held', 'group_role.bits_invalid', 'group_role.limit_reached', 'group_role.not_assignable',
  'group_role.not_deletable', 'group_role.not_held', 'override.malformed', 'override.bits_overlap',
  'override.unknown', 'invite.unknown', 'invite.gone', 'invite.limits_invalid',
  'channel.unknown', 'channel.not_allowed', 'channel.wrong_type', 'channel.limit_reached',
  'channel_category.unknown', 'channel_category.limit_reached'
);

drop table groups.bans;
drop table groups.channel_permission_overrides;
drop table groups.group_member_roles;
drop table groups.group_members;
drop table groups.invites;
drop table groups.roles;
drop table groups.group_settings;
drop table groups.channels;
drop table groups.channel_categories;
drop table groups.groups;
drop table groups.permission_bits;
drop schema groups;
