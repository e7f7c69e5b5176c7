-- Why: a legal hold can be put on a group or a channel; attachments follow the sender of
--   their message. Marks of slow mode are worthless after hours and go every hour.
-- Locks: ROW EXCLUSIVE on the registries, for an instant.
-- Back: takes the rows away again; a hold of such a kind has to be released first. No data of the community is touched.

-- Up Migration

insert into ops.hold_kinds (kind, table_name, is_container, label) values
  ('group', 'groups.groups', true, 'a group with all its channels'),
  ('channel', 'groups.channels', true, 'a channel with all its messages');

insert into ops.hold_rules (table_name, kind, condition) values
  ('groups.message_attachments', 'user', 'exists (select from groups.channel_messages as message where message.channel_id = target.channel_id and message.id = target.message_id and message.sender_id = any (:held))'),
  ('audit.logs', 'group', 'target.group_id = any (:held) or target.resource_id = any (:held)');

update ops.retention_policies set schedule = '15 * * * *' where name = 'groups_slowmode_marks';

-- Down Migration

update ops.retention_policies set schedule = '0 3 * * *' where name = 'groups_slowmode_marks';
delete from ops.hold_rules where table_name like 'groups.%' or (table_name = 'audit.logs' and kind = 'group');
delete from ops.hold_kinds where kind in ('group', 'channel');
