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
    ('ledger.transactions', 'description', 'target.user_id = :user', null, 100),
    ('ledger.transactions', 'metadata', 'target.user_id = :user', null, 100)
) as given (table_name, column_name, subject, replacement, turn)
where rule.table_name = given.table_name
  and rule.column_name = given.column_name;

-- These rows are about somebody else, or say who moderated.
update ops.personal_data_rules as rule
set is_exported = false
where (rule.table_name, rule.column_name) in (
  ('ledger.transactions', 'counterparty_id')
);

-- Down Migration

update ops.personal_data_rules set subject = null, replacement = null, turn = 100 where table_name like 'ledger.%';
update ops.personal_data_rules set is_exported = true where table_name like 'ledger.%';
