-- Why: groups and the messages in their channels can be reported, whichever module takes the reports. Members are people,
-- and reported as such.
-- Locks: none on anything that holds data. Back: deletes the two rows; refused while reports of these kinds exist.

-- Up Migration

insert into core.report_subjects (type, label, table_name, parent_column, author_column, condition, evidence_columns, removal) values
  (
    'group',
    'group',
    'groups.groups',
    null,
    'owner_id',
    'target.deleted_at is null and ((target.is_public and target.id <> all (array(select groups.my_banned_group_ids()))) or target.id = any (array(select groups.my_group_ids())))',
    '{name,description,vanity_code,icon_url,banner_url,splash_url}',
    null
  ),
  (
    'channel_message',
    'message in a channel',
    'groups.channel_messages',
    'channel_id',
    'sender_id',
    'target.deleted_at is null and exists (select from groups.channels as home where home.id = target.channel_id and coalesce(home.parent_channel_id, home.id) in (select groups.my_readable_channel_ids() union all select groups.open_readable_channel_ids()))',
    '{channel_id,type,content,reply_to_id,inserted_at,edited_at}',
    'groups.take_down_message($1, $2, $3)'
  );

-- Down Migration

delete from core.report_subjects where type in ('group', 'channel_message');
