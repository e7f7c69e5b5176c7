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
    ('governance.proposals', 'title', 'target.proposer_id = :user', null, 100),
    ('governance.proposals', 'description', 'target.proposer_id = :user', null, 100),
    ('governance.votes', 'reason', 'target.voter_id = :user', null, 100),
    ('governance.comments', 'content', 'target.user_id = :user', '''''', 100),
    ('governance.removed_texts', 'content', 'exists (select from governance.comments as comment where comment.proposal_id = target.proposal_id and comment.id = target.comment_id and comment.user_id = :user)', null, 50)
) as given (table_name, column_name, subject, replacement, turn)
where rule.table_name = given.table_name
  and rule.column_name = given.column_name;

insert into ops.personal_data_rules (table_name, column_name, action, reason, subject, replacement, turn, is_exported) values
  ('governance.comments', 'deleted_at', 'scrub', 'The comment becomes a tombstone.', 'target.user_id = :user', 'coalesce(target.deleted_at, now())', 100, true);

insert into ops.impersonal_tables (table_name, reason) values
  ('governance.tokens', 'Names of currencies and contracts.');

-- Down Migration

delete from ops.impersonal_tables where table_name like 'governance.%';
delete from ops.personal_data_rules where (table_name, column_name) in (
  ('governance.comments', 'deleted_at')
);
update ops.personal_data_rules set subject = null, replacement = null, turn = 100 where table_name like 'governance.%';
