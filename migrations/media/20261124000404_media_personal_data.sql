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
    ('media.uploads', 'user_id', 'target.user_id = :user', null, 200),
    ('media.uploads', 'filename', 'target.user_id = :user', '''erased''', 200)
) as given (table_name, column_name, subject, replacement, turn)
where rule.table_name = given.table_name
  and rule.column_name = given.column_name;

-- Down Migration

update ops.personal_data_rules set subject = null, replacement = null, turn = 100 where table_name like 'media.%';
