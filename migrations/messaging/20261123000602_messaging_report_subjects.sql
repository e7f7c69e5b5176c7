-- Why: private messages and group conversations can be reported by those who read them, whichever module takes the reports.
-- Staff reads neither: the report carries a copy.
-- Locks: none on anything that holds data. Back: deletes the two rows; refused while reports of these kinds exist.

-- Up Migration

insert into core.report_subjects (type, label, table_name, parent_column, author_column, condition, evidence_columns) values
  (
    'direct_message',
    'private message',
    'messaging.messages',
    'conversation_id',
    'sender_id',
    'target.deleted_at is null and target.conversation_id = any (array(select messaging.my_conversation_ids())) and (target.expires_at is null or target.expires_at > now()) and target.id > coalesce(((select messaging.my_history_starts()) ->> target.conversation_id::text)::uuid, ''00000000-0000-0000-0000-000000000000'')',
    '{conversation_id,type,content,encrypted,reply_to_id,inserted_at,edited_at}'
  ),
  (
    'conversation',
    'group conversation',
    'messaging.conversations',
    null,
    'owner_id',
    'target.kind = ''group'' and target.id = any (array(select messaging.my_conversation_ids()))',
    '{name,owner_id,inserted_at}'
  );

-- Down Migration

delete from core.report_subjects where type in ('direct_message', 'conversation');
