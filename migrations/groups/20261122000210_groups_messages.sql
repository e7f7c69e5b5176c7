-- Why: what is written and said in the channels of groups: messages with files, reactions, mentions and pins, threads,
-- read markers, slow mode, voice, webhooks, and the groups' own emojis.
-- Messages are partitioned by month through their identifier; the primary key, channel first, is the index of the feed.
-- Locks: none on anything that holds data. Back: drops these tables with all that was written.

-- Up Migration

create table groups.webhooks (
  id uuid not null default core.uuidv7(),
  group_id uuid not null,
  channel_id uuid not null,
  name varchar(80) not null,
  avatar_url text,
  token_hash bytea not null,
  application_id uuid,
  created_by uuid,
  revoked_at timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint webhooks_pkey primary key (id),
  constraint webhooks_channel_fkey foreign key (group_id, channel_id) references groups.channels (group_id, id) on delete cascade,
  constraint webhooks_created_by_fkey foreign key (created_by) references core.users (id) on delete set null,
  constraint webhooks_token_key unique (token_hash),
  constraint webhooks_token_check check (octet_length(token_hash) = 32)
);

comment on table groups.webhooks is
  E'@name webhook\nSomething that is no person and writes into one channel.';
comment on column groups.webhooks.id is 'Time-ordered identifier.';
comment on column groups.webhooks.group_id is 'The group.';
comment on column groups.webhooks.channel_id is 'The channel it writes into.';
comment on column groups.webhooks.name is 'The author that people see.';
comment on column groups.webhooks.avatar_url is 'The author''s picture.';
comment on column groups.webhooks.token_hash is 'SHA-256 of its secret.';
comment on column groups.webhooks.application_id is 'The application behind it.';
comment on column groups.webhooks.created_by is 'Who made it.';
comment on column groups.webhooks.revoked_at is 'Since when it may not write any more.';
comment on column groups.webhooks.inserted_at is 'When the row was made.';
comment on column groups.webhooks.updated_at is 'When the row was last changed.';
comment on index groups.webhooks_pkey is 'One webhook by its identifier.';
comment on index groups.webhooks_token_key is 'Whose secret this is.';
comment on constraint webhooks_channel_fkey on groups.webhooks is 'It writes into a channel of its own group.';
comment on constraint webhooks_token_check on groups.webhooks is 'The length of the digest.';
comment on constraint webhooks_token_key on groups.webhooks is E'@behavior -*\nNo secret twice. Clients cannot read the digest, and cannot ask by it.';

create index webhooks_channel_idx on groups.webhooks (group_id, channel_id);
comment on index groups.webhooks_channel_idx is 'The webhooks of a group and of a channel; supports the foreign key.';
create index webhooks_created_by_idx on groups.webhooks (created_by) where created_by is not null;
comment on index groups.webhooks_created_by_idx is 'Supports the foreign key to whoever made it.';

alter table groups.webhooks enable row level security;

create table groups.custom_emojis (
  id uuid not null default core.uuidv7(),
  group_id uuid not null,
  name varchar(32) not null,
  upload_id uuid not null,
  animated boolean not null default false,
  created_by uuid,
  inserted_at timestamptz not null default now(),
  constraint custom_emojis_pkey primary key (id),
  constraint custom_emojis_group_id_fkey foreign key (group_id) references groups.groups (id) on delete cascade,
  constraint custom_emojis_upload_id_fkey foreign key (upload_id) references media.uploads (id) on delete restrict,
  constraint custom_emojis_created_by_fkey foreign key (created_by) references core.users (id) on delete set null,
  constraint custom_emojis_name_key unique (group_id, name),
  constraint custom_emojis_name_check check (name ~ '^[a-z0-9_]{2,32}$')
);

comment on table groups.custom_emojis is
  E'@name custom_emoji\nAn emoji of a group''s own.';
comment on column groups.custom_emojis.id is 'Time-ordered identifier.';
comment on column groups.custom_emojis.group_id is 'The group.';
comment on column groups.custom_emojis.name is 'Short name.';
comment on column groups.custom_emojis.upload_id is 'The picture.';
comment on column groups.custom_emojis.animated is 'The picture moves.';
comment on column groups.custom_emojis.created_by is 'Who added it.';
comment on column groups.custom_emojis.inserted_at is 'When the row was made.';
comment on index groups.custom_emojis_pkey is 'One emoji by its identifier.';
comment on index groups.custom_emojis_name_key is 'The emojis of a group by name; no name twice.';
comment on constraint custom_emojis_name_check on groups.custom_emojis is 'Lower-case letters, digits and underscores.';

create index custom_emojis_upload_idx on groups.custom_emojis (upload_id);
comment on index groups.custom_emojis_upload_idx is 'Where a file is used; supports the foreign key.';
create index custom_emojis_created_by_idx on groups.custom_emojis (created_by) where created_by is not null;
comment on index groups.custom_emojis_created_by_idx is 'Supports the foreign key to whoever added it.';

alter table groups.custom_emojis enable row level security;

create table groups.channel_messages (
  channel_id uuid not null,
  id uuid not null default core.uuidv7(),
  seq bigint not null,
  sender_id uuid,
  webhook_id uuid,
  type text not null default 'default',
  content text not null default '',
  reply_to_id uuid,
  mention_everyone boolean not null default false,
  tts boolean not null default false,
  flags integer not null default 0,
  embeds jsonb not null default '[]',
  components jsonb not null default '[]',
  sticker_items jsonb not null default '[]',
  message_reference jsonb,
  metadata jsonb,
  edited_at timestamptz,
  deleted_at timestamptz,
  deleted_by uuid,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint channel_messages_pkey primary key (channel_id, id),
  constraint channel_messages_channel_id_fkey foreign key (channel_id) references groups.channels (id) on delete cascade,
  constraint channel_messages_sender_id_fkey foreign key (sender_id) references core.users (id) on delete set null,
  constraint channel_messages_webhook_id_fkey foreign key (webhook_id) references groups.webhooks (id) on delete set null,
  constraint channel_messages_deleted_by_fkey foreign key (deleted_by) references core.users (id) on delete set null,
  constraint channel_messages_reply_fkey foreign key (channel_id, reply_to_id) references groups.channel_messages (channel_id, id) on delete set null (reply_to_id),
  constraint channel_messages_type_check check (type in ('default', 'image', 'file', 'system', 'member_join', 'pin_notice', 'thread_created', 'forward')),
  constraint channel_messages_author_check check (num_nonnulls(sender_id, webhook_id) <= 1),
  constraint channel_messages_length_check check (char_length(content) <= 8000),
  constraint channel_messages_json_check check (jsonb_typeof(embeds) = 'array' and jsonb_typeof(components) = 'array' and jsonb_typeof(sticker_items) = 'array'),
  constraint channel_messages_seq_check check (seq > 0)
) partition by range (id);

comment on table groups.channel_messages is
  E'@name channel_message\nA message in a channel or thread. Its identifiers ascend in the order in which the messages of a channel are committed.';
comment on column groups.channel_messages.channel_id is 'The channel or thread.';
comment on column groups.channel_messages.id is 'Made under the lock of the channel, so that a reader who asks for what came since misses nothing.';
comment on column groups.channel_messages.seq is 'Place in the channel, counted from 1; unread counts are differences of it.';
comment on column groups.channel_messages.sender_id is 'Who wrote it,';
comment on column groups.channel_messages.webhook_id is 'or which webhook. Neither: the group itself, or a webhook that is gone.';
comment on column groups.channel_messages.type is 'default, image, file, system, member_join, pin_notice, thread_created or forward.';
comment on column groups.channel_messages.content is 'The text.';
comment on column groups.channel_messages.reply_to_id is 'The message that it answers, of the same channel.';
comment on column groups.channel_messages.mention_everyone is 'Calls everybody.';
comment on column groups.channel_messages.tts is 'To be read aloud.';
comment on column groups.channel_messages.flags is 'Bitfield.';
comment on column groups.channel_messages.embeds is 'Previews.';
comment on column groups.channel_messages.components is 'Buttons and menus.';
comment on column groups.channel_messages.sticker_items is 'Stickers.';
comment on column groups.channel_messages.message_reference is 'Where a forwarded message comes from.';
comment on column groups.channel_messages.metadata is 'What a message that the group writes itself is about.';
comment on column groups.channel_messages.edited_at is 'When the text was last edited.';
comment on column groups.channel_messages.deleted_at is 'When it was deleted; purged 30 days later.';
comment on column groups.channel_messages.deleted_by is 'Who deleted it.';
comment on column groups.channel_messages.inserted_at is 'When the row was made.';
comment on column groups.channel_messages.updated_at is 'When the row was last changed.';
comment on index groups.channel_messages_pkey is E'@order NEW backward live\nThe messages of a channel in order: the feed, at any depth.';
comment on constraint channel_messages_reply_fkey on groups.channel_messages is 'A message answers one of the same channel.';
comment on constraint channel_messages_type_check on groups.channel_messages is 'The kinds that exist.';
comment on constraint channel_messages_author_check on groups.channel_messages is 'A person or a webhook.';
comment on constraint channel_messages_length_check on groups.channel_messages is 'A text has an end.';
comment on constraint channel_messages_json_check on groups.channel_messages is 'Lists are lists.';
comment on constraint channel_messages_seq_check on groups.channel_messages is 'Counted from 1.';

create index channel_messages_reply_idx on groups.channel_messages (channel_id, reply_to_id) where reply_to_id is not null;
comment on index groups.channel_messages_reply_idx is 'The answers to a message; supports the foreign key.';
create index channel_messages_sender_idx on groups.channel_messages (sender_id, id);
comment on index groups.channel_messages_sender_idx is 'What one person wrote: history, erasure, deletion with a ban; supports the foreign key.';
create index channel_messages_webhook_idx on groups.channel_messages (webhook_id) where webhook_id is not null;
comment on index groups.channel_messages_webhook_idx is 'Supports the foreign key to the webhook.';
create index channel_messages_deleted_by_idx on groups.channel_messages (deleted_by) where deleted_by is not null;
comment on index groups.channel_messages_deleted_by_idx is 'Supports the foreign key to whoever deleted.';
create index channel_messages_deleted_idx on groups.channel_messages (deleted_at) where deleted_at is not null;
comment on index groups.channel_messages_deleted_idx is 'Deleted messages that are due for purging.';
create index channel_messages_search_idx on groups.channel_messages using gin (channel_id, to_tsvector('simple'::regconfig, content)) where deleted_at is null;
comment on index groups.channel_messages_search_idx is 'Full-text search inside given channels, through groups.search.';

alter table groups.channel_messages enable row level security;

create table groups.message_attachments (
  channel_id uuid not null,
  message_id uuid not null,
  position smallint not null default 0,
  upload_id uuid not null,
  filename varchar(255) not null,
  content_type varchar(100) not null,
  size_bytes bigint not null,
  width integer,
  height integer,
  description text,
  ephemeral boolean not null default false,
  inserted_at timestamptz not null default now(),
  constraint message_attachments_pkey primary key (channel_id, message_id, position),
  constraint message_attachments_upload_id_fkey foreign key (upload_id) references media.uploads (id) on delete restrict,
  constraint message_attachments_message_fkey foreign key (channel_id, message_id) references groups.channel_messages (channel_id, id) on delete cascade,
  constraint group_message_attachments_position_check check (position between 0 and 9)
);

comment on table groups.message_attachments is
  E'@name channel_attachment\nA file of a message in a channel, described as it was when it was sent.';
comment on column groups.message_attachments.channel_id is 'The channel.';
comment on column groups.message_attachments.message_id is 'The message.';
comment on column groups.message_attachments.position is 'Place among the files.';
comment on column groups.message_attachments.upload_id is 'The stored file.';
comment on column groups.message_attachments.filename is 'Its name.';
comment on column groups.message_attachments.content_type is 'Its type.';
comment on column groups.message_attachments.size_bytes is 'Its size in bytes.';
comment on column groups.message_attachments.width is 'Pixels.';
comment on column groups.message_attachments.height is 'Pixels.';
comment on column groups.message_attachments.description is 'What it shows, for those who cannot see it.';
comment on column groups.message_attachments.ephemeral is 'Vanishes with the session.';
comment on column groups.message_attachments.inserted_at is 'When the row was made.';
comment on index groups.message_attachments_pkey is 'The files of a message, in order.';
comment on constraint group_message_attachments_position_check on groups.message_attachments is 'At most ten.';

create index group_message_attachments_upload_idx on groups.message_attachments (upload_id);
comment on index groups.group_message_attachments_upload_idx is 'Where a file is used; supports the foreign key.';

alter table groups.message_attachments enable row level security;

create table groups.message_reactions (
  channel_id uuid not null,
  message_id uuid not null,
  emoji varchar(100) not null,
  custom_emoji_id uuid,
  user_id uuid not null,
  inserted_at timestamptz not null default now(),
  constraint message_reactions_pkey primary key (channel_id, message_id, emoji, user_id),
  constraint message_reactions_custom_emoji_id_fkey foreign key (custom_emoji_id) references groups.custom_emojis (id) on delete cascade,
  constraint message_reactions_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint message_reactions_message_fkey foreign key (channel_id, message_id) references groups.channel_messages (channel_id, id) on delete cascade,
  constraint message_reactions_emoji_check check ((custom_emoji_id is null) = (emoji not like 'custom:%'))
);

comment on table groups.message_reactions is
  E'@name channel_reaction\nThat a person answered a message in a channel with an emoji.';
comment on column groups.message_reactions.channel_id is 'The channel.';
comment on column groups.message_reactions.message_id is 'The message.';
comment on column groups.message_reactions.emoji is 'The emoji: of Unicode, or custom:<id>.';
comment on column groups.message_reactions.custom_emoji_id is 'The emoji, when it is a group''s own.';
comment on column groups.message_reactions.user_id is 'Who.';
comment on column groups.message_reactions.inserted_at is 'When the row was made.';
comment on index groups.message_reactions_pkey is 'The reactions to a message, and their counts; none twice.';
comment on constraint message_reactions_emoji_check on groups.message_reactions is 'A custom emoji names its row, no other does.';

create index group_message_reactions_user_idx on groups.message_reactions (user_id);
comment on index groups.group_message_reactions_user_idx is 'The reactions of one person; supports the foreign key.';
create index group_message_reactions_custom_idx on groups.message_reactions (custom_emoji_id) where custom_emoji_id is not null;
comment on index groups.group_message_reactions_custom_idx is 'Supports the foreign key to the emoji.';

alter table groups.message_reactions enable row level security;

create table groups.message_mentions (
  channel_id uuid not null,
  message_id uuid not null,
  user_id uuid,
  role_id uuid,
  mentioned_channel_id uuid,
  target_id uuid not null generated always as (coalesce(user_id, role_id, mentioned_channel_id)) stored,
  constraint message_mentions_pkey primary key (channel_id, message_id, target_id),
  constraint message_mentions_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint message_mentions_role_id_fkey foreign key (role_id) references groups.roles (id) on delete cascade,
  constraint message_mentions_mentioned_channel_id_fkey foreign key (mentioned_channel_id) references groups.channels (id) on delete cascade,
  constraint message_mentions_message_fkey foreign key (channel_id, message_id) references groups.channel_messages (channel_id, id) on delete cascade,
  constraint message_mentions_arc_check check (num_nonnulls(user_id, role_id, mentioned_channel_id) = 1)
);

comment on table groups.message_mentions is
  E'@name channel_mention\nWhom or what a message in a channel mentions.';
comment on column groups.message_mentions.channel_id is 'The channel.';
comment on column groups.message_mentions.message_id is 'The message.';
comment on column groups.message_mentions.user_id is 'The person,';
comment on column groups.message_mentions.role_id is 'or the role,';
comment on column groups.message_mentions.mentioned_channel_id is 'or the channel.';
comment on column groups.message_mentions.target_id is 'Whichever of the three it is.';
comment on index groups.message_mentions_pkey is 'The mentions of a message; none twice.';
comment on constraint message_mentions_arc_check on groups.message_mentions is 'A person, a role or a channel.';

create index message_mentions_user_idx on groups.message_mentions (user_id, message_id desc) where user_id is not null;
comment on index groups.message_mentions_user_idx is 'Where one person is mentioned, the newest first; supports the foreign key.';
create index message_mentions_role_idx on groups.message_mentions (role_id) where role_id is not null;
comment on index groups.message_mentions_role_idx is 'Supports the foreign key to the role.';
create index message_mentions_channel_idx on groups.message_mentions (mentioned_channel_id) where mentioned_channel_id is not null;
comment on index groups.message_mentions_channel_idx is 'Supports the foreign key to the channel.';

alter table groups.message_mentions enable row level security;

create table groups.pinned_messages (
  channel_id uuid not null,
  message_id uuid not null,
  pinned_by uuid,
  pinned_at timestamptz not null default now(),
  constraint pinned_messages_pkey primary key (channel_id, message_id),
  constraint pinned_messages_pinned_by_fkey foreign key (pinned_by) references core.users (id) on delete set null,
  constraint pinned_messages_message_fkey foreign key (channel_id, message_id) references groups.channel_messages (channel_id, id) on delete cascade
);

comment on table groups.pinned_messages is
  E'@name channel_pin\nA message that is pinned in its channel; at most 50 are. A table and not a flag: one index range, instead of one for each month of messages.';
comment on column groups.pinned_messages.channel_id is 'The channel.';
comment on column groups.pinned_messages.message_id is 'The message.';
comment on column groups.pinned_messages.pinned_by is 'Who pinned it.';
comment on column groups.pinned_messages.pinned_at is 'When.';
comment on index groups.pinned_messages_pkey is 'Whether a message is pinned.';

create index pinned_messages_list_idx on groups.pinned_messages (channel_id, pinned_at desc);
comment on index groups.pinned_messages_list_idx is 'The pins of a channel, the newest first.';
create index pinned_messages_by_idx on groups.pinned_messages (pinned_by) where pinned_by is not null;
comment on index groups.pinned_messages_by_idx is 'Supports the foreign key to whoever pinned.';

alter table groups.pinned_messages enable row level security;

create table groups.threads (
  channel_id uuid not null,
  parent_channel_id uuid not null,
  root_message_id uuid,
  owner_id uuid,
  message_count integer not null default 0,
  auto_archive_minutes integer not null default 1440,
  archived_at timestamptz,
  locked_at timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint threads_pkey primary key (channel_id),
  constraint threads_channel_id_fkey foreign key (channel_id) references groups.channels (id) on delete cascade,
  constraint threads_parent_channel_id_fkey foreign key (parent_channel_id) references groups.channels (id) on delete cascade,
  constraint threads_owner_id_fkey foreign key (owner_id) references core.users (id) on delete set null,
  constraint threads_channel_parent_fkey foreign key (channel_id, parent_channel_id) references groups.channels (id, parent_channel_id) on update cascade on delete cascade,
  constraint threads_root_fkey foreign key (parent_channel_id, root_message_id) references groups.channel_messages (channel_id, id) on delete set null (root_message_id),
  constraint threads_archive_check check (auto_archive_minutes in (60, 1440, 4320, 10080)),
  constraint threads_count_check check (message_count >= 0)
) with (fillfactor = 80);

comment on table groups.threads is
  E'@name thread\nWhat a thread has besides being a channel.';
comment on column groups.threads.channel_id is 'The thread''s own channel.';
comment on column groups.threads.parent_channel_id is 'Where it hangs; equal to the parent of its channel.';
comment on column groups.threads.root_message_id is 'The message it starts from; null when it stands by itself.';
comment on column groups.threads.owner_id is 'Who started it.';
comment on column groups.threads.message_count is 'How many messages were written. Kept by whatever writes them.';
comment on column groups.threads.auto_archive_minutes is 'How long it may be silent before it is archived.';
comment on column groups.threads.archived_at is 'Since when it is archived; the next message brings it back.';
comment on column groups.threads.locked_at is 'Since when only those with MANAGE_THREADS may write or bring it back.';
comment on column groups.threads.inserted_at is 'When the row was made.';
comment on column groups.threads.updated_at is 'When the row was last changed, messages aside.';
comment on index groups.threads_pkey is 'The thread of a channel.';
comment on constraint threads_channel_parent_fkey on groups.threads is E'@behavior -*\nThe two parents cannot disagree.';
comment on constraint threads_root_fkey on groups.threads is 'It starts from a message of its parent.';
comment on constraint threads_archive_check on groups.threads is 'The spans that exist.';
comment on constraint threads_count_check on groups.threads is 'A count is never negative.';

create unique index threads_root_key on groups.threads (parent_channel_id, root_message_id) where root_message_id is not null;
comment on index groups.threads_root_key is 'The thread of a message; at most one. Supports the foreign key.';
create index threads_owner_idx on groups.threads (owner_id) where owner_id is not null;
comment on index groups.threads_owner_idx is 'Supports the foreign key to whoever started it.';
create index threads_parent_idx on groups.threads (parent_channel_id, channel_id);
comment on index groups.threads_parent_idx is 'The threads of a channel; supports the foreign key.';
create index threads_running_idx on groups.threads (channel_id) where archived_at is null;
comment on index groups.threads_running_idx is 'Running threads, for the job that archives the silent ones.';

alter table groups.threads enable row level security;

create table groups.thread_members (
  channel_id uuid not null,
  user_id uuid not null,
  joined_at timestamptz not null default now(),
  muted boolean not null default false,
  constraint thread_members_pkey primary key (channel_id, user_id),
  constraint thread_members_channel_id_fkey foreign key (channel_id) references groups.threads (channel_id) on delete cascade,
  constraint thread_members_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade
);

comment on table groups.thread_members is
  E'@name thread_member\nThat a person follows a thread.';
comment on column groups.thread_members.channel_id is 'The thread.';
comment on column groups.thread_members.user_id is 'Who follows.';
comment on column groups.thread_members.joined_at is 'Since when.';
comment on column groups.thread_members.muted is 'Without notifications.';
comment on index groups.thread_members_pkey is 'Who follows a thread.';

create index thread_members_user_idx on groups.thread_members (user_id, channel_id);
comment on index groups.thread_members_user_idx is 'The threads that one person follows; supports the foreign key.';

alter table groups.thread_members enable row level security;

create table groups.channel_reads (
  user_id uuid not null,
  channel_id uuid not null,
  last_read_seq bigint,
  last_read_message_id uuid,
  last_read_at timestamptz,
  mention_count integer not null default 0,
  notification_level text not null default 'inherit',
  muted_until timestamptz,
  constraint channel_reads_pkey primary key (user_id, channel_id),
  constraint channel_reads_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint channel_reads_channel_id_fkey foreign key (channel_id) references groups.channels (id) on delete cascade,
  constraint channel_reads_level_check check (notification_level in ('inherit', 'all', 'mentions', 'none')),
  constraint channel_reads_mention_check check (mention_count >= 0),
  constraint channel_reads_seq_check check (last_read_seq >= 0)
) with (fillfactor = 80);

comment on table groups.channel_reads is
  E'@name channel_read\nHow far a person has read in a channel, and how they want to hear of it.';
comment on column groups.channel_reads.user_id is 'The reader.';
comment on column groups.channel_reads.channel_id is 'The channel.';
comment on column groups.channel_reads.last_read_seq is 'Number of the last message read; the unread count is the distance to channels.last_seq. Null = never opened.';
comment on column groups.channel_reads.last_read_message_id is 'The last message read. A position, not a reference.';
comment on column groups.channel_reads.last_read_at is 'When the marker moved.';
comment on column groups.channel_reads.mention_count is 'Mentions of the reader after the marker. Kept by a trigger on mentions, counted anew when the marker moves.';
comment on column groups.channel_reads.notification_level is 'inherit, all, mentions or none.';
comment on column groups.channel_reads.muted_until is 'No notifications until then; infinity = for good.';
comment on index groups.channel_reads_pkey is 'The markers of one reader.';
comment on constraint channel_reads_level_check on groups.channel_reads is 'The levels that exist.';
comment on constraint channel_reads_mention_check on groups.channel_reads is 'A count is never negative.';
comment on constraint channel_reads_seq_check on groups.channel_reads is 'A count is never negative.';

create index channel_reads_channel_idx on groups.channel_reads (channel_id);
comment on index groups.channel_reads_channel_idx is 'The readers of a channel; supports the foreign key.';

alter table groups.channel_reads enable row level security;

create unlogged table groups.slowmode_marks (
  channel_id uuid not null,
  user_id uuid not null,
  last_sent_at timestamptz not null default now(),
  constraint slowmode_marks_pkey primary key (channel_id, user_id),
  constraint slowmode_marks_channel_id_fkey foreign key (channel_id) references groups.channels (id) on delete cascade,
  constraint slowmode_marks_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade
) with (fillfactor = 60);

comment on table groups.slowmode_marks is
  E'@name slowmode_mark\nWhen a person last wrote in a slow-mode channel. Worthless after a crash: the worst is one message too early.';
comment on column groups.slowmode_marks.channel_id is 'The channel.';
comment on column groups.slowmode_marks.user_id is 'The member.';
comment on column groups.slowmode_marks.last_sent_at is 'The last message that was let through.';
comment on index groups.slowmode_marks_pkey is 'The mark of one person in a channel.';

create index slowmode_marks_user_idx on groups.slowmode_marks (user_id);
comment on index groups.slowmode_marks_user_idx is 'Supports the foreign key to the member.';

alter table groups.slowmode_marks enable row level security;

create table groups.voice_sessions (
  id uuid not null default core.uuidv7(),
  group_id uuid not null,
  channel_id uuid not null,
  user_id uuid not null,
  joined_at timestamptz not null default now(),
  left_at timestamptz,
  last_heartbeat_at timestamptz not null default now(),
  self_mute boolean not null default false,
  self_deaf boolean not null default false,
  self_video boolean not null default false,
  self_stream boolean not null default false,
  server_mute boolean not null default false,
  server_deaf boolean not null default false,
  constraint voice_sessions_pkey primary key (id),
  constraint voice_sessions_channel_fkey foreign key (group_id, channel_id) references groups.channels (group_id, id) on delete cascade,
  constraint voice_sessions_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint voice_sessions_times_check check (left_at >= joined_at)
);

comment on table groups.voice_sessions is
  E'@name voice_session\nThat a person is, or was, in a voice channel.';
comment on column groups.voice_sessions.id is 'Time-ordered identifier.';
comment on column groups.voice_sessions.group_id is 'The group.';
comment on column groups.voice_sessions.channel_id is 'The voice channel.';
comment on column groups.voice_sessions.user_id is 'Who.';
comment on column groups.voice_sessions.joined_at is 'Since when.';
comment on column groups.voice_sessions.left_at is 'Until when; null = still there.';
comment on column groups.voice_sessions.last_heartbeat_at is 'When they last were heard of.';
comment on column groups.voice_sessions.self_mute is 'Muted themselves.';
comment on column groups.voice_sessions.self_deaf is 'Deafened themselves.';
comment on column groups.voice_sessions.self_video is 'Shows a camera.';
comment on column groups.voice_sessions.self_stream is 'Shares a screen.';
comment on column groups.voice_sessions.server_mute is 'Muted by the staff of the group.';
comment on column groups.voice_sessions.server_deaf is 'Deafened by the staff of the group.';
comment on index groups.voice_sessions_pkey is 'One session by its identifier.';
comment on constraint voice_sessions_channel_fkey on groups.voice_sessions is 'In a channel of the same group.';
comment on constraint voice_sessions_times_check on groups.voice_sessions is 'Nobody leaves before they came.';

create unique index voice_sessions_current_key on groups.voice_sessions (user_id) where left_at is null;
comment on index groups.voice_sessions_current_key is 'Where somebody is now; one voice channel at a time.';
create index voice_sessions_channel_idx on groups.voice_sessions (group_id, channel_id);
comment on index groups.voice_sessions_channel_idx is 'The history of a channel; supports the foreign key.';
create index voice_sessions_open_idx on groups.voice_sessions (channel_id) where left_at is null;
comment on index groups.voice_sessions_open_idx is 'Who is in a channel now.';
create index voice_sessions_user_idx on groups.voice_sessions (user_id, id);
comment on index groups.voice_sessions_user_idx is 'The history of one person; supports the foreign key.';

alter table groups.voice_sessions enable row level security;

insert into ops.partition_policies (parent, key_kind) values
  ('groups.channel_messages', 'uuidv7');

select ops.ensure_partitions('groups.channel_messages');

insert into ops.backup_tiers (table_name, tier) values
  ('groups.webhooks', 'B'),
  ('groups.custom_emojis', 'B'),
  ('groups.channel_messages', 'B'),
  ('groups.message_attachments', 'B'),
  ('groups.message_reactions', 'B'),
  ('groups.message_mentions', 'B'),
  ('groups.pinned_messages', 'B'),
  ('groups.threads', 'B'),
  ('groups.thread_members', 'B'),
  ('groups.channel_reads', 'B'),
  ('groups.slowmode_marks', 'D'),
  ('groups.voice_sessions', 'D');

insert into ops.personal_data_rules (table_name, column_name, action, reason) values
  ('groups.webhooks', 'created_by', 'keep', 'An administrative act; points at the tombstone.'),
  ('groups.custom_emojis', 'created_by', 'scrub', 'Whose idea it was matters to nobody once they are gone.'),
  ('groups.channel_messages', 'sender_id', 'keep', 'The conversation belongs to those who answered: the message becomes a tombstone, without text.'),
  ('groups.channel_messages', 'content', 'scrub', 'Written by the person; blanked, because answers hang on the message.'),
  ('groups.channel_messages', 'deleted_by', 'keep', 'Who moderated: points at the tombstone.'),
  ('groups.message_attachments', 'filename', 'delete', 'Files of the person go with the text of the message.'),
  ('groups.message_reactions', 'user_id', 'keep', 'An impersonal fact; points at the tombstone.'),
  ('groups.message_mentions', 'user_id', 'delete', 'Says where a person was spoken of.'),
  ('groups.pinned_messages', 'pinned_by', 'keep', 'Who moderated: points at the tombstone.'),
  ('groups.threads', 'owner_id', 'scrub', 'The thread belongs to those who write in it.'),
  ('groups.thread_members', 'user_id', 'delete', 'What a person follows tells about them.'),
  ('groups.channel_reads', 'user_id', 'delete', 'What a person read, and when, tells about them.'),
  ('groups.slowmode_marks', 'user_id', 'delete', 'Tells when a person was here; of no use after six hours.'),
  ('groups.voice_sessions', 'user_id', 'delete', 'Tells when a person was where.');

insert into ops.retention_policies (name, target, predicate) values
  ('groups_messages', 'groups.channel_messages', 'deleted_at < :now - interval ''30 days'''),
  ('groups_messages_of_deleted_channels', 'groups.channel_messages', 'channel_id in (select channel.id from groups.channels as channel join groups.groups as home on home.id = channel.group_id left join groups.channels as parent on parent.id = channel.parent_channel_id where channel.deleted_at < :now - interval ''30 days'' or parent.deleted_at < :now - interval ''30 days'' or home.deleted_at < :now - interval ''30 days'')'),
  ('groups_slowmode_marks', 'groups.slowmode_marks', 'last_sent_at < :now - interval ''6 hours'''),
  ('groups_voice_sessions', 'groups.voice_sessions', 'left_at < :now - interval ''90 days'''),
  ('groups_invites', 'groups.invites', 'revoked_at < :now - interval ''30 days'' or expires_at < :now - interval ''30 days'''),
  ('groups_bans', 'groups.bans', 'expires_at < :now'),
  ('groups_channels', 'groups.channels', '(deleted_at < :now - interval ''30 days'' or group_id in (select dead.id from groups.groups as dead where dead.deleted_at < :now - interval ''30 days'')) and not exists (select from groups.channel_messages as message where message.channel_id = target.id) and not exists (select from groups.channels as thread where thread.group_id = target.group_id and thread.parent_channel_id = target.id)'),
  ('groups_threads_of_deleted_channels', 'groups.channels', 'type = ''thread'' and parent_channel_id in (select dead.id from groups.channels as dead where dead.deleted_at < :now - interval ''30 days'') and not exists (select from groups.channel_messages as message where message.channel_id = target.id)'),
  ('groups_groups', 'groups.groups', 'deleted_at < :now - interval ''30 days'' and not exists (select from groups.channels as channel where channel.group_id = target.id)');

insert into core.user_metrics (name, query) values
  ('channel_messages', 'select sender_id as user_id, count(*) as value from groups.channel_messages where deleted_at is null and sender_id is not null group by sender_id');

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('channel.slow_mode', 'ST429', 'This channel is in slow mode.', 'Try again after the number of seconds that the error names.'),
  ('channel_message.unknown', 'ST404', 'There is no such message, or you may not read it.', 'Check the identifiers.'),
  ('channel_message.not_author', 'ST403', 'Only its author, or somebody with MANAGE_MESSAGES, may do this.', 'Ask somebody in charge of the channel.'),
  ('channel_message.edit_too_late', 'ST410', 'Messages can be edited for 24 hours, and only those that people wrote.', 'Write a new one.'),
  ('channel_message.restore_too_late', 'ST410', 'A deleted message can be restored for 30 days.', 'Write it again.'),
  ('channel_message.too_many_mentions', 'ST422', 'A message mentions at most 50 people, roles and channels.', 'Mention fewer.'),
  ('channel_message.upload_unusable', 'ST422', 'A file is not there, not yours or not ready; a message takes at most ten.', 'Upload it, complete the upload, then send.'),
  ('channel_message.list_invalid', 'ST422', 'This takes 1 to 100 messages at once.', 'Send fewer.'),
  ('channel_message.too_old', 'ST422', 'Only messages of the last 14 days can be deleted together.', 'Delete older ones one by one.'),
  ('channel_message.pin_limit', 'ST422', 'A channel has at most 50 pins.', 'Unpin another message first.'),
  ('channel_reaction.emoji_invalid', 'ST422', 'This is no emoji that can be used here.', 'Send an emoji of Unicode, or custom:<id> of a group you belong to.'),
  ('channel_reaction.limit_reached', 'ST422', 'A message has at most 20 different emojis.', 'Use one of those that are there.'),
  ('custom_emoji.unknown', 'ST404', 'There is no such emoji.', 'Check the identifier.'),
  ('custom_emoji.name_invalid', 'ST422', 'The name of an emoji is of 2 to 32 lower-case letters, digits and underscores.', 'Choose another name.'),
  ('custom_emoji.name_taken', 'ST409', 'The group has an emoji of this name.', 'Choose another name.'),
  ('custom_emoji.upload_unusable', 'ST422', 'The picture is not there, not yours, not ready, no picture, or larger than 512 kB.', 'Upload a smaller picture, complete the upload, then add it.'),
  ('custom_emoji.limit_reached', 'ST422', 'A group has at most 200 emojis.', 'Delete one first.'),
  ('thread.unknown', 'ST404', 'This channel is no thread.', 'Check the identifier.'),
  ('thread.exists', 'ST409', 'This message has a thread already.', 'Write into that one.'),
  ('thread.locked', 'ST423', 'The thread is locked.', 'Somebody with MANAGE_THREADS can unlock it.'),
  ('voice.full', 'ST409', 'The voice channel is full.', 'Wait until somebody leaves.'),
  ('voice.not_connected', 'ST404', 'There is no such running voice session.', 'Enter a voice channel first.'),
  ('webhook.unknown', 'ST401', 'There is no webhook with this key.', 'Check it; a webhook may have been revoked.'),
  ('webhook.too_many', 'ST429', 'A webhook writes at most 30 messages a minute.', 'Try again after the number of seconds that the error names.'),
  ('webhook.limit_reached', 'ST422', 'A channel has at most 15 webhooks.', 'Delete one first.');

-- Down Migration

delete from core.user_metrics where name = 'channel_messages';
delete from ops.retention_policies where target like 'groups.%';
delete from ops.personal_data_rules where table_name in (
  'groups.webhooks',
  'groups.custom_emojis',
  'groups.channel_messages',
  'groups.message_attachments',
  'groups.message_reactions',
  'groups.message_mentions',
  'groups.pinned_messages',
  'groups.threads',
  'groups.thread_members',
  'groups.channel_reads',
  'groups.slowmode_marks',
  'groups.voice_sessions'
);
delete from ops.backup_tiers where table_name in (
  'groups.webhooks',
  'groups.custom_emojis',
  'groups.channel_messages',
  'groups.message_attachments',
  'groups.message_reactions',
  'groups.message_mentions',
  'groups.pinned_messages',
  'groups.threads',
  'groups.thread_members',
  'groups.channel_reads',
  'groups.slowmode_marks',
  'groups.voice_sessions'
);
delete from ops.partition_policies where parent = 'groups.channel_messages';
delete from core.error_codes
where reason in (
  'channel.slow_mode', 'channel_message.unknown', 'channel_message.not_author', 'channel_message.edit_too_late',
  'channel_message.restore_too_late', 'channel_message.too_many_mentions', 'channel_message.upload_unusable', 'channel_message.list_invalid',
  'channel_message.too_old', 'channel_message.pin_limit', 'channel_reaction.emoji_invalid', 'channel_reaction.limit_reached',
  'custom_emoji.unknown', 'custom_emoji.name_invalid', 'custom_emoji.name_taken', 'custom_emoji.upload_unusable',
  'custom_emoji.limit_reached', 'thread.unknown', 'thread.exists', 'thread.locked',
  'voice.full', 'voice.not_connected', 'webhook.unknown', 'webhook.too_many',
  'webhook.limit_reached'
);

drop table groups.voice_sessions;
drop table groups.slowmode_marks;
drop table groups.channel_reads;
drop table groups.thread_members;
drop table groups.threads;
drop table groups.pinned_messages;
drop table groups.message_mentions;
drop table groups.message_reactions;
drop table groups.message_attachments;
drop table groups.channel_messages;
drop table groups.custom_emojis;
drop table groups.webhooks;
