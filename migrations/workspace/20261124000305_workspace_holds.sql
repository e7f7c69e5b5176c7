-- Why: a legal hold can be put on a project.
-- Locks: ROW EXCLUSIVE on the registries, for an instant.
-- Back: takes the rows away again; a hold of such a kind has to be released first. No data of the community is touched.

-- Up Migration

insert into ops.hold_kinds (kind, table_name, is_container, label) values
  ('project', 'workspace.projects', true, 'a project with its tasks and pages');

-- Down Migration

delete from ops.hold_kinds where kind = 'project';
