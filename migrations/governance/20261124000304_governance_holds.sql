-- Why: a legal hold can be put on a proposal, and one on a person keeps the texts that they deleted.
-- Locks: ROW EXCLUSIVE on the registries, for an instant.
-- Back: takes the rows away again; a hold of such a kind has to be released first. No data of the community is touched.

-- Up Migration

insert into ops.hold_kinds (kind, table_name, is_container, label) values
  ('proposal', 'governance.proposals', true, 'a proposal with its ballots and comments');

insert into ops.hold_rules (table_name, kind, condition) values
  ('governance.removed_texts', 'user', 'exists (select from governance.comments as comment where comment.proposal_id = target.proposal_id and comment.id = target.comment_id and comment.user_id = any (:held))');

-- Down Migration

delete from ops.hold_rules where table_name like 'governance.%';
delete from ops.hold_kinds where kind = 'proposal';
