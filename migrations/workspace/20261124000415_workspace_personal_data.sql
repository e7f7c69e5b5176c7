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
    ('workspace.tasks', 'assignee_id', null, null, 90)
) as given (table_name, column_name, subject, replacement, turn)
where rule.table_name = given.table_name
  and rule.column_name = given.column_name;

-- These rows are about somebody else, or say who moderated.
update ops.personal_data_rules as rule
set is_exported = false
where (rule.table_name, rule.column_name) in (
  ('workspace.project_members', 'added_by'),
  ('workspace.tasks', 'assignee_id'),
  ('workspace.documents', 'updated_by')
);

insert into ops.personal_data_rules (table_name, column_name, action, reason, subject, replacement, turn, is_exported) values
  ('workspace.projects', 'name', 'keep', 'Belongs to those who work there.', 'target.owner_id = :user', null, 100, true),
  ('workspace.tasks', 'title', 'keep', 'The work belongs to those who take part.', 'target.created_by = :user', null, 100, true),
  ('workspace.tasks', 'description', 'keep', 'The work belongs to those who take part.', 'target.created_by = :user', null, 100, true),
  ('workspace.documents', 'title', 'keep', 'Pages are written together.', 'target.created_by = :user', null, 100, true),
  ('workspace.documents', 'content', 'keep', 'Pages are written together.', 'target.created_by = :user', null, 100, true),
  ('workspace.documents', 'search', 'keep', 'Computed from the page.', 'target.created_by = :user', null, 100, false);

-- Down Migration

delete from ops.personal_data_rules where (table_name, column_name) in (
  ('workspace.projects', 'name'),
  ('workspace.tasks', 'title'),
  ('workspace.tasks', 'description'),
  ('workspace.documents', 'title'),
  ('workspace.documents', 'content'),
  ('workspace.documents', 'search')
);
update ops.personal_data_rules set subject = null, replacement = null, turn = 100 where table_name like 'workspace.%';
update ops.personal_data_rules set is_exported = true where table_name like 'workspace.%';
