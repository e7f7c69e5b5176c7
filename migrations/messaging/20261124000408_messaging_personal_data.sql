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
    ('messaging.removed_texts', 'content', 'exists (select from messaging.messages as message where message.conversation_id = target.conversation_id and message.id = target.message_id and message.sender_id = :user)', null, 50),
    ('messaging.message_attachments', 'filename', 'exists (select from messaging.messages as message where message.conversation_id = target.conversation_id and message.id = target.message_id and message.sender_id = :user)', null, 50),
    ('messaging.message_attachments', 'description', 'exists (select from messaging.messages as message where message.conversation_id = target.conversation_id and message.id = target.message_id and message.sender_id = :user)', null, 50),
    ('messaging.messages', 'content', 'target.sender_id = :user and target.type <> ''system''', '''''', 100)
) as given (table_name, column_name, subject, replacement, turn)
where rule.table_name = given.table_name
  and rule.column_name = given.column_name;

-- These rows are about somebody else, or say who moderated.
update ops.personal_data_rules as rule
set is_exported = false
where (rule.table_name, rule.column_name) in (
  ('messaging.messages', 'deleted_by'),
  ('messaging.conversations', 'owner_id')
);

insert into ops.personal_data_rules (table_name, column_name, action, reason, subject, replacement, turn, is_exported) values
  ('messaging.messages', 'deleted_at', 'scrub', 'The message becomes a tombstone.', 'target.sender_id = :user and target.type <> ''system''', 'coalesce(target.deleted_at, now())', 100, true),
  ('messaging.conversations', 'name', 'keep', 'Belongs to those who talk there.', 'target.owner_id = :user', null, 100, true);

-- Down Migration

delete from ops.personal_data_rules where (table_name, column_name) in (
  ('messaging.messages', 'deleted_at'),
  ('messaging.conversations', 'name')
);
update ops.personal_data_rules set subject = null, replacement = null, turn = 100 where table_name like 'messaging.%';
update ops.personal_data_rules set is_exported = true where table_name like 'messaging.%';
