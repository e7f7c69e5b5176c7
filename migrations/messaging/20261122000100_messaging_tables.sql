-- Why: direct messages: one conversation for a pair, and small groups. A message takes the next number (seq) of its
-- conversation and an id above the newest one, both under the lock of the conversation's row: so ids become visible
-- in their order, a reader who asks for "what is above the last id I saw" misses nothing, and the number of unread
-- messages is a subtraction. Sends a second with 8 senders in one conversation of 100, against a counter for each
-- participant: 3,864 to 506; write-ahead log for one send to 10,000 people: 0.6 kB to 3.2 MB.
-- A deleted message stays as a tombstone without text, so that the numbers have no holes that anybody would notice.
-- Lock order of everything in this module: the pace of the sender, conversation, the pair of people
-- (social.lock_pair), participants, messages, uploads by id. Only what holds the conversation locks several of one kind.
-- Locks: none on anything that holds data. Back: drops the schema with all messages in it.

-- Up Migration

create schema messaging;
comment on schema messaging is 'Direct messages: one conversation for each pair of people, and small groups.';

grant usage on schema messaging to stoa_member, stoa_worker;

create table messaging.conversations (
  id uuid not null default core.uuidv7(),
  kind text not null default 'direct',
  name varchar(100),
  owner_id uuid,
  user_low uuid,
  user_high uuid,
  message_ttl_seconds integer,
  has_disappearing boolean not null default false,
  last_seq bigint not null default 0,
  last_message_id uuid,
  last_message_at timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint conversations_pkey primary key (id),
  constraint conversations_owner_id_fkey foreign key (owner_id) references core.users (id) on delete set null,
  constraint conversations_user_low_fkey foreign key (user_low) references core.users (id) on delete restrict,
  constraint conversations_user_high_fkey foreign key (user_high) references core.users (id) on delete restrict,
  constraint conversations_direct_key unique (user_low, user_high),
  constraint conversations_kind_check check (kind in ('direct', 'group')),
  constraint conversations_shape_check check (
    (
      kind = 'direct'
      and user_low is not null
      and user_high is not null
      and user_low < user_high
      and name is null
      and owner_id is null
    )
    or (kind = 'group' and user_low is null and user_high is null)
  ),
  constraint conversations_ttl_check check (message_ttl_seconds between 5 and 31536000),
  constraint conversations_last_check check (
    last_seq >= 0
    and (last_seq > 0) = (last_message_id is not null)
    and (last_message_id is null) = (last_message_at is null)
  )
) with (fillfactor = 80);

comment on table messaging.conversations is
  E'@name conversation\nA conversation of two people, of which a pair has one, or of a small group. Its row is the lock under which messages get their numbers and ids.';
comment on column messaging.conversations.id is 'Time-ordered identifier.';
comment on column messaging.conversations.kind is 'direct: of two people; group: of up to 50.';
comment on column messaging.conversations.name is 'The name of a group, if it has one.';
comment on column messaging.conversations.owner_id is 'Who may add and remove people of a group; null once everybody has left.';
comment on column messaging.conversations.user_low is 'Direct: the one of the two with the smaller identifier.';
comment on column messaging.conversations.user_high is 'Direct: the one with the larger identifier.';
comment on column messaging.conversations.message_ttl_seconds is 'How long a new message lives, from 5 seconds to a year; null = for good.';
comment on column messaging.conversations.has_disappearing is E'@behavior -*\nWhether messages here ever had an end. They leave holes in the numbers, so what is unread is counted instead of subtracted.';
comment on column messaging.conversations.last_seq is 'Number of the newest message: how many were ever sent.';
comment on column messaging.conversations.last_message_id is 'The newest message. A position, not a reference: it may point at a message that has disappeared.';
comment on column messaging.conversations.last_message_at is 'When the newest message was sent: the order of the inbox.';
comment on column messaging.conversations.inserted_at is 'When the row was made.';
comment on column messaging.conversations.updated_at is 'When the row was last changed.';

create index conversations_user_high_idx on messaging.conversations (user_high) where user_high is not null;
comment on index messaging.conversations_user_high_idx is 'Supports the foreign key; the other side is the first column of the unique index.';
create index conversations_owner_idx on messaging.conversations (owner_id) where owner_id is not null;
comment on index messaging.conversations_owner_idx is 'The groups of one owner; supports the foreign key.';

comment on index messaging.conversations_pkey is 'One conversation by its identifier.';
comment on index messaging.conversations_direct_key is 'The one conversation of a pair: two who start it at once get the same. Groups have nulls, which stay distinct.';
comment on constraint conversations_user_low_fkey on messaging.conversations is E'@fieldName lowUser\n@foreignFieldName conversationsAsLowUser\nAn account that somebody talked to is scrubbed, never removed.';
comment on constraint conversations_user_high_fkey on messaging.conversations is E'@fieldName highUser\n@foreignFieldName conversationsAsHighUser\nAn account that somebody talked to is scrubbed, never removed.';
comment on constraint conversations_kind_check on messaging.conversations is 'The kinds that exist.';
comment on constraint conversations_shape_check on messaging.conversations is 'A direct conversation has its pair in order and neither name nor owner; a group has no pair.';
comment on constraint conversations_ttl_check on messaging.conversations is 'From five seconds to a year.';
comment on constraint conversations_last_check on messaging.conversations is 'The three facts about the newest message come together.';

alter table messaging.conversations enable row level security;

create table messaging.conversation_participants (
  conversation_id uuid not null,
  user_id uuid not null,
  role text not null default 'member',
  joined_at timestamptz not null default now(),
  left_at timestamptz,
  hidden_seq bigint,
  history_from_id uuid,
  last_read_seq bigint not null default 0,
  last_read_message_id uuid,
  last_read_at timestamptz,
  muted boolean not null default false,
  muted_until timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint conversation_participants_pkey primary key (conversation_id, user_id),
  constraint conversation_participants_conversation_id_fkey foreign key (conversation_id) references messaging.conversations (id) on delete cascade,
  constraint conversation_participants_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint conversation_participants_role_check check (role in ('owner', 'member')),
  constraint conversation_participants_owner_check check (role = 'member' or left_at is null),
  constraint conversation_participants_seq_check check (last_read_seq >= 0 and hidden_seq >= 0),
  constraint conversation_participants_muted_check check (muted or muted_until is null)
) with (fillfactor = 80);

comment on table messaging.conversation_participants is
  E'@name conversation_participant\nWho is in a conversation, since when, and how far they have read. The row stays when somebody leaves a group, so that its history keeps its authors.';
comment on column messaging.conversation_participants.conversation_id is 'The conversation.';
comment on column messaging.conversation_participants.user_id is 'The person.';
comment on column messaging.conversation_participants.role is 'owner or member.';
comment on column messaging.conversation_participants.joined_at is 'When they were added, the last time.';
comment on column messaging.conversation_participants.left_at is 'When they left or were removed; null = they are in it. A direct conversation cannot be left, only hidden.';
comment on column messaging.conversation_participants.hidden_seq is 'Number of the newest message when they hid the conversation: it stays out of their inbox until there is a newer one.';
comment on column messaging.conversation_participants.history_from_id is 'Messages up to this one are invisible to them: they joined later, or cleared the history.';
comment on column messaging.conversation_participants.last_read_seq is 'Everything up to this number is read. It only ever grows while they are in the conversation.';
comment on column messaging.conversation_participants.last_read_message_id is 'The message that the marker stands at.';
comment on column messaging.conversation_participants.last_read_at is 'When the marker last moved.';
comment on column messaging.conversation_participants.muted is 'No notifications.';
comment on column messaging.conversation_participants.muted_until is 'When notifications begin again by themselves.';
comment on column messaging.conversation_participants.inserted_at is 'When the row was made.';
comment on column messaging.conversation_participants.updated_at is 'When the row was last changed. Nobody reads it: it tells when somebody reads.';

create index conversation_participants_user_idx on messaging.conversation_participants (user_id, conversation_id);
comment on index messaging.conversation_participants_user_idx is 'The conversations of one person, their inbox and badge; supports the foreign key. Holds no column that reading or sending changes, so that those stay heap-only updates.';
create unique index conversation_participants_owner_key on messaging.conversation_participants (conversation_id) where role = 'owner';
comment on index messaging.conversation_participants_owner_key is 'A group has one owner at most.';

comment on index messaging.conversation_participants_pkey is 'The people of a conversation; one participation.';
comment on constraint conversation_participants_conversation_id_fkey on messaging.conversation_participants is E'@foreignFieldName participants\nGoes with its conversation.';
comment on constraint conversation_participants_role_check on messaging.conversation_participants is 'The roles that exist.';
comment on constraint conversation_participants_owner_check on messaging.conversation_participants is 'Who has left owns nothing.';
comment on constraint conversation_participants_seq_check on messaging.conversation_participants is 'A number is never negative.';
comment on constraint conversation_participants_muted_check on messaging.conversation_participants is 'An end needs a beginning.';

alter table messaging.conversation_participants enable row level security;

create table messaging.messages (
  conversation_id uuid not null,
  id uuid not null default core.uuidv7(),
  seq bigint not null,
  sender_id uuid,
  type text not null default 'text',
  content text not null default '',
  encrypted boolean not null default false,
  reply_to_id uuid,
  edited_at timestamptz,
  deleted_at timestamptz,
  deleted_by uuid,
  expires_at timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint messages_pkey primary key (conversation_id, id),
  constraint messages_conversation_id_fkey foreign key (conversation_id) references messaging.conversations (id) on delete cascade,
  constraint messages_sender_id_fkey foreign key (sender_id) references core.users (id) on delete set null,
  constraint messages_deleted_by_fkey foreign key (deleted_by) references core.users (id) on delete set null,
  constraint messages_reply_fkey foreign key (conversation_id, reply_to_id) references messaging.messages (conversation_id, id) on delete set null (reply_to_id),
  constraint messages_type_check check (type in ('text', 'image', 'file', 'system')),
  constraint messages_length_check check (char_length(content) <= case when encrypted then 32768 else 8000 end),
  constraint messages_system_check check (type <> 'system' or not encrypted),
  constraint messages_tombstone_check check (deleted_at is null or content = ''),
  constraint messages_seq_check check (seq > 0)
)
partition by range (id);

comment on table messaging.messages is
  E'@name message\n@behavior -query:resource:connection\nA message. Keyed by conversation and time-ordered id, so that the primary key is the feed. A deleted one stays, without text.';
comment on column messaging.messages.conversation_id is 'The conversation.';
comment on column messaging.messages.id is 'Time-ordered identifier, made under the lock of the conversation: within it, ids become visible in their order.';
comment on column messaging.messages.seq is 'Number within the conversation: 1, 2, 3 … Messages that have disappeared leave holes.';
comment on column messaging.messages.sender_id is 'Who wrote it; null when the account is gone altogether. A system message names who did what it tells.';
comment on column messaging.messages.type is 'text, image, file, or system: written by the server, its content is a JSON object with the member "event".';
comment on column messaging.messages.content is 'The text, or the ciphertext; empty in a deleted message and in one that is only files.';
comment on column messaging.messages.encrypted is 'The content is ciphertext between the participants: it is neither searched nor shown in notifications.';
comment on column messaging.messages.reply_to_id is 'The message that this one answers, of the same conversation.';
comment on column messaging.messages.edited_at is 'When its author last changed it.';
comment on column messaging.messages.deleted_at is 'When it was deleted; its text can come back for 30 days.';
comment on column messaging.messages.deleted_by is 'Who deleted it.';
comment on column messaging.messages.expires_at is 'When it disappears: invisible from then on, removed within a minute.';
comment on column messaging.messages.inserted_at is 'When it was sent.';
comment on column messaging.messages.updated_at is 'When the row was last changed.';

create index messages_reply_idx on messaging.messages (conversation_id, reply_to_id) where reply_to_id is not null;
comment on index messaging.messages_reply_idx is 'The answers to a message; supports the foreign key.';
create index messages_sender_idx on messaging.messages (sender_id, id);
comment on index messaging.messages_sender_idx is 'What one person wrote, newest first: their pace, export and erasure; supports the foreign key.';
create index messages_deleted_by_idx on messaging.messages (deleted_by) where deleted_by is not null;
comment on index messaging.messages_deleted_by_idx is 'Supports the foreign key.';
create index messages_expiring_idx on messaging.messages (expires_at) where expires_at is not null;
comment on index messaging.messages_expiring_idx is 'Messages whose time is up.';
create index messages_content_trgm_idx on messaging.messages using gin (content extensions.gin_trgm_ops) where not encrypted and deleted_at is null;
comment on index messaging.messages_content_trgm_idx is 'Parts of words, through messaging.search.';

comment on index messaging.messages_pkey is 'The feed of a conversation, from either end or from any message; one message by its key.';
comment on constraint messages_type_check on messaging.messages is 'The types that exist.';
comment on constraint messages_length_check on messaging.messages is '8,000 characters, or 32,768 of ciphertext.';
comment on constraint messages_system_check on messaging.messages is 'What the server writes it can read.';
comment on constraint messages_tombstone_check on messaging.messages is 'A deleted message has no text.';
comment on constraint messages_seq_check on messaging.messages is 'Numbers begin at one.';
comment on constraint messages_reply_fkey on messaging.messages is E'@foreignFieldName replies\nAn answer never crosses conversations; when what it answers goes, only the pointer goes with it.';

alter table messaging.messages enable row level security;

create table messaging.removed_texts (
  conversation_id uuid not null,
  message_id uuid not null,
  content text not null,
  removed_at timestamptz not null default now(),
  constraint removed_texts_pkey primary key (conversation_id, message_id),
  constraint removed_texts_message_fkey foreign key (conversation_id, message_id) references messaging.messages (conversation_id, id) on delete cascade
);

comment on table messaging.removed_texts is
  'Texts of deleted messages, for the 30 days in which they can be restored. No role of the API reads it.';
comment on column messaging.removed_texts.conversation_id is 'The conversation.';
comment on column messaging.removed_texts.message_id is 'The deleted message.';
comment on column messaging.removed_texts.content is 'What it said.';
comment on column messaging.removed_texts.removed_at is 'When it was deleted.';
comment on index messaging.removed_texts_pkey is 'The text of one message.';
create index removed_texts_removed_at_idx on messaging.removed_texts (removed_at);
comment on index messaging.removed_texts_removed_at_idx is 'Texts that are due for purging.';

alter table messaging.removed_texts enable row level security;

create table messaging.message_reactions (
  conversation_id uuid not null,
  message_id uuid not null,
  emoji varchar(100) not null,
  user_id uuid not null,
  inserted_at timestamptz not null default now(),
  constraint message_reactions_pkey primary key (conversation_id, message_id, emoji, user_id),
  constraint message_reactions_message_fkey foreign key (conversation_id, message_id) references messaging.messages (conversation_id, id) on delete cascade,
  constraint message_reactions_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade
);

comment on table messaging.message_reactions is
  E'@name message_reaction\n@behavior -query:resource:connection\nAn emoji that somebody put on a message.';
comment on column messaging.message_reactions.conversation_id is 'The conversation.';
comment on column messaging.message_reactions.message_id is 'The message.';
comment on column messaging.message_reactions.emoji is 'A Unicode emoji, or custom: and the identifier of one.';
comment on column messaging.message_reactions.user_id is 'Who.';
comment on column messaging.message_reactions.inserted_at is 'When.';
comment on constraint message_reactions_message_fkey on messaging.message_reactions is E'@foreignFieldName reactions\nGoes with its message.';
comment on index messaging.message_reactions_pkey is 'The reactions to a message, by emoji; nobody gives the same one twice.';
create index message_reactions_user_idx on messaging.message_reactions (user_id);
comment on index messaging.message_reactions_user_idx is 'The reactions of one person; supports the foreign key.';

alter table messaging.message_reactions enable row level security;

create table messaging.message_attachments (
  conversation_id uuid not null,
  message_id uuid not null,
  position smallint not null default 0,
  upload_id uuid not null,
  filename varchar(255) not null,
  content_type varchar(100) not null,
  size_bytes bigint not null,
  width integer,
  height integer,
  description text,
  inserted_at timestamptz not null default now(),
  constraint message_attachments_pkey primary key (conversation_id, message_id, position),
  constraint message_attachments_message_fkey foreign key (conversation_id, message_id) references messaging.messages (conversation_id, id) on delete cascade,
  constraint message_attachments_upload_id_fkey foreign key (upload_id) references media.uploads (id) on delete restrict,
  constraint message_attachments_position_check check (position between 0 and 9),
  constraint message_attachments_description_check check (char_length(description) <= 1000)
);

comment on table messaging.message_attachments is
  E'@name message_attachment\n@behavior -query:resource:connection\nA file of a message, described as it was when the message was sent.';
comment on column messaging.message_attachments.conversation_id is 'The conversation.';
comment on column messaging.message_attachments.message_id is 'The message.';
comment on column messaging.message_attachments.position is 'Place among the files, 0 to 9.';
comment on column messaging.message_attachments.upload_id is 'The stored file.';
comment on column messaging.message_attachments.filename is 'Its name.';
comment on column messaging.message_attachments.content_type is 'Its type.';
comment on column messaging.message_attachments.size_bytes is 'Its size.';
comment on column messaging.message_attachments.width is 'Pixels.';
comment on column messaging.message_attachments.height is 'Pixels.';
comment on column messaging.message_attachments.description is 'What it shows, for those who cannot see it.';
comment on column messaging.message_attachments.inserted_at is 'When the row was made.';
comment on constraint message_attachments_message_fkey on messaging.message_attachments is E'@foreignFieldName attachments\nGoes with its message.';
comment on index messaging.message_attachments_pkey is 'The files of a message, in order.';
create index message_attachments_upload_idx on messaging.message_attachments (upload_id);
comment on index messaging.message_attachments_upload_idx is 'Whether a message refers to a file; supports the foreign key.';
comment on constraint message_attachments_position_check on messaging.message_attachments is 'Ten files at most.';
comment on constraint message_attachments_description_check on messaging.message_attachments is 'A description has an end.';

alter table messaging.message_attachments enable row level security;

insert into ops.partition_policies (parent, key_kind) values
  ('messaging.messages', 'uuidv7');

select ops.ensure_partitions('messaging.messages');

insert into ops.backup_tiers (table_name, tier) values
  ('messaging.conversations', 'B'),
  ('messaging.conversation_participants', 'B'),
  ('messaging.messages', 'B'),
  ('messaging.removed_texts', 'B'),
  ('messaging.message_reactions', 'B'),
  ('messaging.message_attachments', 'B');

insert into ops.personal_data_rules (table_name, column_name, action, reason) values
  ('messaging.conversations', 'owner_id', 'keep', 'A trigger hands the group to the longest-standing member when the account is erased.'),
  ('messaging.conversations', 'user_low', 'keep', 'The conversation belongs to the other side as well: points at the tombstone.'),
  ('messaging.conversations', 'user_high', 'keep', 'The conversation belongs to the other side as well: points at the tombstone.'),
  ('messaging.conversation_participants', 'user_id', 'keep', 'The history of the others keeps its authors: points at the tombstone, which has left every group.'),
  ('messaging.messages', 'sender_id', 'keep', 'The message becomes a tombstone without text, in its place between the messages of others.'),
  ('messaging.messages', 'content', 'scrub', 'Written by the person; the message becomes a tombstone.'),
  ('messaging.messages', 'deleted_by', 'keep', 'Who deleted: points at the tombstone.'),
  ('messaging.removed_texts', 'content', 'delete', 'Written by the person, and nobody may read it any more.'),
  ('messaging.message_reactions', 'user_id', 'keep', 'An impersonal fact on somebody else''s message; points at the tombstone.'),
  ('messaging.message_attachments', 'filename', 'delete', 'Sent by the person; goes with the file.'),
  ('messaging.message_attachments', 'description', 'delete', 'Written by the person; goes with the file.');

insert into ops.retention_policies (name, target, predicate, schedule) values
  ('messaging_disappearing_messages', 'messaging.messages', 'expires_at <= :now', '* * * * *');

insert into ops.retention_policies (name, target, predicate) values
  ('messaging_removed_texts', 'messaging.removed_texts', 'removed_at < :now - interval ''30 days'''),
  (
    'messaging_attachments_of_deleted_messages',
    'messaging.message_attachments',
    'exists (select from messaging.messages as message where message.conversation_id = target.conversation_id and message.id = target.message_id and message.deleted_at < :now - interval ''30 days'')'
  ),
  (
    'messaging_messages_of_abandoned_conversations',
    'messaging.messages',
    'conversation_id in (select conversation.id from messaging.conversations as conversation where not exists (select from messaging.conversation_participants as participant join core.users as person on person.id = participant.user_id where participant.conversation_id = conversation.id and participant.left_at is null and person.erased_at is null))'
  ),
  (
    'messaging_abandoned_conversations',
    'messaging.conversations',
    'not exists (select from messaging.conversation_participants as participant join core.users as person on person.id = participant.user_id where participant.conversation_id = target.id and participant.left_at is null and person.erased_at is null) and not exists (select from messaging.messages as message where message.conversation_id = target.id)'
  );

insert into core.settings (key, value, type, description, is_public) values
  ('messages.pace_limit', '10', 'integer', 'How many messages one person may send within messages.pace_seconds.', true),
  ('messages.pace_seconds', '10', 'integer', 'The length of time that messages.pace_limit is about.', true),
  ('messages.edit_hours', '24', 'integer', 'How long a message can be changed by its author.', true),
  ('messages.group_size', '50', 'integer', 'How many people a group conversation may have, its owner among them.', true),
  ('messages.reaction_limit', '20', 'integer', 'How many different emoji one message may carry.', true),
  ('messages.search_months', '12', 'integer', 'How far back a search goes that does not say since when.', true);

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('conversation.unknown', 'ST404', 'There is no such conversation, or you are not in it.', 'Check the identifier; ask the owner of the group to add you.'),
  ('conversation.self', 'ST422', 'A conversation needs somebody else.', 'Name another person.'),
  ('conversation.refused', 'ST403', 'This person cannot be written to by you.', 'They may take messages from friends only, or one of you blocks the other.'),
  ('conversation.not_owner', 'ST403', 'Only the owner of the group may do this.', 'Ask the owner.'),
  ('conversation.not_friends', 'ST403', 'A group can only be joined by friends of whoever adds them.', 'Send a friend request first.'),
  ('conversation.size_invalid', 'ST422', 'A group begins with two others at least, and has a largest size.', 'Name 2 people or more; the setting messages.group_size says how many there may be in all.'),
  ('conversation.direct', 'ST409', 'A conversation of two people cannot be left, extended or renamed.', 'Hide it, or start a group.'),
  ('conversation.not_participant', 'ST404', 'This person is not in the conversation.', 'Check the identifier.'),
  ('conversation.ttl_invalid', 'ST422', 'Messages can live from 5 seconds to a year.', 'Send seconds from 5 to 31,536,000, or null for good.'),
  ('message.unknown', 'ST404', 'There is no such message, or you may not read it.', 'Check the identifier.'),
  ('message.not_author', 'ST403', 'Only its author may do this, or, when deleting, the owner of the group.', 'Nothing can be done.'),
  ('message.system', 'ST403', 'Messages of the system cannot be changed.', 'Nothing can be done.'),
  ('message.deleted', 'ST410', 'The message is deleted.', 'Whoever deleted it can restore it for 30 days.'),
  ('message.already_deleted', 'ST409', 'The message is deleted already.', 'There is nothing to do.'),
  ('message.not_deleted', 'ST409', 'The message is not deleted.', 'There is nothing to do.'),
  ('message.edit_too_late', 'ST410', 'The message can no longer be changed.', 'Send another one; the setting messages.edit_hours says how long there is.'),
  ('message.restore_too_late', 'ST410', 'A deleted message can be restored for 30 days.', 'Send it again.'),
  ('message.not_deleter', 'ST403', 'Only whoever deleted a message may restore it.', 'Ask them.'),
  ('message.type_invalid', 'ST422', 'The type does not fit the message.', 'Send text, image (with pictures only) or file (with files).'),
  ('message.upload_unusable', 'ST422', 'A file is not there, not yours or not ready; a message takes ten.', 'Upload it, complete the upload, then send.'),
  ('message.too_fast', 'ST429', 'You are sending too fast.', 'Try again after the number of seconds that the error names.'),
  ('message.query_too_short', 'ST422', 'A search needs three characters or more.', 'Search for more of the word.'),
  ('message.emoji_invalid', 'ST422', 'This is not an emoji.', 'Send one Unicode emoji, or custom: and the identifier of one that exists.'),
  ('message.reaction_limit', 'ST422', 'The message carries as many different emoji as it may.', 'Use one that is there.');

-- Down Migration

delete from core.settings where key like 'messages.%';
delete from ops.retention_policies where target like 'messaging.%';
delete from ops.personal_data_rules where table_name like 'messaging.%';
delete from ops.backup_tiers where table_name like 'messaging.%';
delete from ops.partition_policies where parent like 'messaging.%';
delete from core.error_codes
where reason in (
  'conversation.unknown', 'conversation.self', 'conversation.refused', 'conversation.not_owner',
  'conversation.not_friends', 'conversation.size_invalid', 'conversation.direct', 'conversation.not_participant',
  'conversation.ttl_invalid', 'message.unknown', 'message.not_author', 'message.system',
  'message.deleted', 'message.already_deleted', 'message.not_deleted', 'message.edit_too_late',
  'message.restore_too_late', 'message.not_deleter', 'message.type_invalid', 'message.upload_unusable',
  'message.too_fast', 'message.query_too_short', 'message.emoji_invalid', 'message.reaction_limit'
);

drop table messaging.message_attachments;
drop table messaging.message_reactions;
drop table messaging.removed_texts;
drop table messaging.messages;
drop table messaging.conversation_participants;
drop table messaging.conversations;
drop schema messaging;
