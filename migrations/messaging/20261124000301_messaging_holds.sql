-- Why: a legal hold can be put on a conversation, and one on a person keeps the texts that they deleted.
-- Locks: ROW EXCLUSIVE on the registries, for an instant.
-- Back: takes the rows away again; a hold of such a kind has to be released first. No data of the community is touched.

-- Up Migration

insert into ops.hold_kinds (kind, table_name, is_container, label) values
  ('conversation', 'messaging.conversations', true, 'a conversation with all its messages');

insert into ops.hold_rules (table_name, kind, condition) values
  ('messaging.removed_texts', 'user', 'exists (select from messaging.messages as message where message.conversation_id = target.conversation_id and message.id = target.message_id and message.sender_id = any (:held))'),
  ('messaging.message_attachments', 'user', 'exists (select from messaging.messages as message where message.conversation_id = target.conversation_id and message.id = target.message_id and message.sender_id = any (:held))');

-- Down Migration

delete from ops.hold_rules where table_name like 'messaging.%';
delete from ops.hold_kinds where kind = 'conversation';
