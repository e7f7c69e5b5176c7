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
    ('notifications.notifications', 'actor_id', 'target.actor_id = :user', null, 100),
    ('notifications.open_groups', 'user_id', null, null, 90),
    ('notifications.push_tokens', 'user_id', null, null, 9)
) as given (table_name, column_name, subject, replacement, turn)
where rule.table_name = given.table_name
  and rule.column_name = given.column_name;

-- These rows are about somebody else, or say who moderated.
update ops.personal_data_rules as rule
set is_exported = false
where (rule.table_name, rule.column_name) in (
  ('notifications.notifications', 'actor_id')
);

insert into ops.personal_data_rules (table_name, column_name, action, reason, subject, replacement, turn, is_exported) values
  ('notifications.notifications', 'title', 'scrub', 'Says who caused the entry.', 'target.actor_id = :user', '''From an account that is gone''', 100, true),
  ('notifications.notifications', 'body', 'scrub', 'Quotes who caused the entry.', 'target.actor_id = :user', null, 100, true),
  ('notifications.push_tokens', 'device_name', 'delete', 'Describes a device of the person.', 'target.user_id = :user', null, 9, true),
  ('notifications.push_tokens', 'token', 'delete', 'Addresses a persons device.', 'target.user_id = :user', null, 9, false);

insert into ops.personal_identifiers (name, kind, query) values
  ('notifications.push_tokens.token', 'secret', $query$
    select token as value, false as is_shared from notifications.push_tokens where user_id = :user
  $query$);

-- Down Migration

delete from ops.personal_identifiers where name like 'notifications.%';
delete from ops.personal_data_rules where (table_name, column_name) in (
  ('notifications.notifications', 'title'),
  ('notifications.notifications', 'body'),
  ('notifications.push_tokens', 'device_name'),
  ('notifications.push_tokens', 'token')
);
update ops.personal_data_rules set subject = null, replacement = null, turn = 100 where table_name like 'notifications.%';
update ops.personal_data_rules set is_exported = true where table_name like 'notifications.%';
