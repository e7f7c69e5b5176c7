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
    ('social.friend_edges', 'user_id', null, null, 110),
    ('social.friend_edges', 'friend_id', null, null, 110)
) as given (table_name, column_name, subject, replacement, turn)
where rule.table_name = given.table_name
  and rule.column_name = given.column_name;

-- These rows are about somebody else, or say who moderated.
update ops.personal_data_rules as rule
set is_exported = false
where (rule.table_name, rule.column_name) in (
  ('social.blocks', 'blocked_id'),
  ('social.friend_edges', 'friend_id')
);

-- Down Migration

update ops.personal_data_rules set subject = null, replacement = null, turn = 100 where table_name like 'social.%';
update ops.personal_data_rules set is_exported = true where table_name like 'social.%';
