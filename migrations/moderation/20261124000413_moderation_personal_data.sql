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
    ('moderation.queue_items', 'metadata', 'target.subject_user_id = :user', null, 100),
    ('moderation.reports', 'description', 'target.reporter_id = :user', null, 100),
    ('moderation.reports', 'evidence', 'target.subject_user_id = :user', null, 100)
) as given (table_name, column_name, subject, replacement, turn)
where rule.table_name = given.table_name
  and rule.column_name = given.column_name;

-- These rows are about somebody else, or say who moderated.
update ops.personal_data_rules as rule
set is_exported = false
where (rule.table_name, rule.column_name) in (
  ('moderation.queue_items', 'subject_user_id'),
  ('moderation.queue_items', 'assigned_to'),
  ('moderation.queue_items', 'resolved_by'),
  ('moderation.queue_items', 'metadata'),
  ('moderation.reports', 'subject_user_id'),
  ('moderation.reports', 'assigned_to'),
  ('moderation.reports', 'resolved_by'),
  ('moderation.reports', 'evidence'),
  ('moderation.warnings', 'issued_by'),
  ('moderation.warnings', 'revoked_by'),
  ('moderation.bans', 'banned_by'),
  ('moderation.bans', 'lifted_by')
);

insert into ops.personal_data_rules (table_name, column_name, action, reason, subject, replacement, turn, is_exported) values
  ('moderation.queue_items', 'notes', 'keep', 'Safety of the community: kept for a year after the decision.', 'target.subject_user_id = :user', null, 100, false),
  ('moderation.reports', 'subject_id', 'keep', 'What was reported; the id may belong to a tombstone.', null, null, 100, false),
  ('moderation.queue_items', 'item_id', 'keep', 'What was reported; the id may belong to a tombstone.', null, null, 100, false),
  ('moderation.reports', 'resolution_note', 'keep', 'Safety of the community: kept for two years after the decision.', 'target.subject_user_id = :user', null, 100, false),
  ('moderation.warnings', 'reason', 'keep', 'Safety of the community: goes with the warning.', 'target.user_id = :user', null, 100, true),
  ('moderation.warnings', 'staff_note', 'keep', 'Safety of the community: goes with the warning.', 'target.user_id = :user', null, 100, false),
  ('moderation.bans', 'reason', 'keep', 'Safety of the community: goes with the ban.', 'target.user_id = :user', null, 100, true),
  ('moderation.bans', 'staff_note', 'keep', 'Safety of the community: goes with the ban.', 'target.user_id = :user', null, 100, false),
  ('moderation.bans', 'lift_reason', 'keep', 'Safety of the community: goes with the ban.', 'target.user_id = :user', null, 100, true);

-- Down Migration

delete from ops.personal_data_rules where (table_name, column_name) in (
  ('moderation.queue_items', 'notes'),
  ('moderation.reports', 'subject_id'),
  ('moderation.queue_items', 'item_id'),
  ('moderation.reports', 'resolution_note'),
  ('moderation.warnings', 'reason'),
  ('moderation.warnings', 'staff_note'),
  ('moderation.bans', 'reason'),
  ('moderation.bans', 'staff_note'),
  ('moderation.bans', 'lift_reason')
);
update ops.personal_data_rules set subject = null, replacement = null, turn = 100 where table_name like 'moderation.%';
update ops.personal_data_rules set is_exported = true where table_name like 'moderation.%';
