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
    ('groups.voice_sessions', 'user_id', null, null, 110),
    ('groups.group_members', 'nickname', 'target.user_id = :user', null, 100),
    ('groups.channel_messages', 'content', 'target.sender_id = :user', '''''', 100),
    ('groups.message_attachments', 'filename', 'exists (select from groups.channel_messages as message where message.channel_id = target.channel_id and message.id = target.message_id and message.sender_id = :user)', null, 50)
) as given (table_name, column_name, subject, replacement, turn)
where rule.table_name = given.table_name
  and rule.column_name = given.column_name;

-- These rows are about somebody else, or say who moderated.
update ops.personal_data_rules as rule
set is_exported = false
where (rule.table_name, rule.column_name) in (
  ('groups.group_member_roles', 'assigned_by'),
  ('groups.bans', 'banned_by'),
  ('groups.channel_messages', 'deleted_by'),
  ('groups.pinned_messages', 'pinned_by'),
  ('groups.webhooks', 'created_by')
);

insert into ops.personal_data_rules (table_name, column_name, action, reason, subject, replacement, turn, is_exported) values
  ('groups.channel_messages', 'deleted_at', 'scrub', 'The message becomes a tombstone.', 'target.sender_id = :user', 'coalesce(target.deleted_at, now())', 100, true),
  ('groups.channel_messages', 'embeds', 'scrub', 'A part of what the person wrote.', 'target.sender_id = :user', '''[]''::jsonb', 100, true),
  ('groups.channel_messages', 'components', 'scrub', 'A part of what the person wrote.', 'target.sender_id = :user', '''[]''::jsonb', 100, true),
  ('groups.channel_messages', 'sticker_items', 'scrub', 'A part of what the person wrote.', 'target.sender_id = :user', '''[]''::jsonb', 100, true),
  ('groups.channel_messages', 'message_reference', 'scrub', 'A part of what the person wrote.', 'target.sender_id = :user', null, 100, true),
  ('groups.channel_messages', 'metadata', 'scrub', 'A part of what the person wrote.', 'target.sender_id = :user', null, 100, true),
  ('groups.message_attachments', 'description', 'delete', 'Written by the person; goes with the file.', 'exists (select from groups.channel_messages as message where message.channel_id = target.channel_id and message.id = target.message_id and message.sender_id = :user)', null, 50, true),
  ('groups.channel_permission_overrides', 'user_id', 'delete', 'Ends with the membership.', null, null, 90, true),
  ('groups.group_member_roles', 'user_id', 'delete', 'Ends with the membership.', null, null, 90, true),
  ('groups.groups', 'name', 'keep', 'Belongs to the community.', 'target.owner_id = :user', null, 100, true),
  ('groups.bans', 'reason', 'keep', 'Safety of the community: goes with the ban.', 'target.user_id = :user', null, 100, true),
  ('groups.imported_members', 'name_digest', 'keep', 'So that an import that runs again does not bring an erased person back.', 'target.user_id = :user', null, 100, false);

insert into ops.impersonal_tables (table_name, reason) values
  ('groups.channel_categories', 'Names of the community.'),
  ('groups.channels', 'Names of the community.'),
  ('groups.custom_emojis', 'Names of pictures.'),
  ('groups.roles', 'Names of the community.'),
  ('groups.webhooks', 'Names of programs.'),
  ('groups.permission_bits', 'Reference data.');

-- Down Migration

delete from ops.impersonal_tables where table_name like 'groups.%';
delete from ops.personal_data_rules where (table_name, column_name) in (
  ('groups.channel_messages', 'deleted_at'),
  ('groups.channel_messages', 'embeds'),
  ('groups.channel_messages', 'components'),
  ('groups.channel_messages', 'sticker_items'),
  ('groups.channel_messages', 'message_reference'),
  ('groups.channel_messages', 'metadata'),
  ('groups.message_attachments', 'description'),
  ('groups.channel_permission_overrides', 'user_id'),
  ('groups.group_member_roles', 'user_id'),
  ('groups.groups', 'name'),
  ('groups.bans', 'reason'),
  ('groups.imported_members', 'name_digest')
);
update ops.personal_data_rules set subject = null, replacement = null, turn = 100 where table_name like 'groups.%';
update ops.personal_data_rules set is_exported = true where table_name like 'groups.%';
