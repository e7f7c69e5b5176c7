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
    ('forums.posts', 'title', 'target.author_id = :user', '''[erased]''', 100),
    ('forums.posts', 'content', 'target.author_id = :user', '''''', 100),
    ('forums.posts', 'link_url', 'target.author_id = :user', null, 100),
    ('forums.posts', 'author_id', 'target.author_id = :user', null, 100),
    ('forums.comments', 'content', 'target.author_id = :user', '''''', 100),
    ('forums.removed_texts', 'content', 'exists (select from forums.comments as comment where comment.id = target.comment_id and comment.author_id = :user)', null, 50)
) as given (table_name, column_name, subject, replacement, turn)
where rule.table_name = given.table_name
  and rule.column_name = given.column_name;

-- These rows are about somebody else, or say who moderated.
update ops.personal_data_rules as rule
set is_exported = false
where (rule.table_name, rule.column_name) in (
  ('forums.posts', 'deleted_by'),
  ('forums.comments', 'deleted_by'),
  ('forums.moderators', 'appointed_by'),
  ('forums.bans', 'banned_by'),
  ('forums.bans', 'lifted_by')
);

insert into ops.personal_data_rules (table_name, column_name, action, reason, subject, replacement, turn, is_exported) values
  ('forums.posts', 'type', 'scrub', 'A link without an address is a text.', 'target.author_id = :user', 'case when target.type = ''link'' then ''text'' else target.type end', 100, true),
  ('forums.comments', 'deleted_at', 'scrub', 'The comment becomes a tombstone.', 'target.author_id = :user', 'coalesce(target.deleted_at, now())', 100, true),
  ('forums.post_attachments', 'caption', 'delete', 'Files of the person go with the post.', 'exists (select from forums.posts as post where post.id = target.post_id and post.author_id = :user)', null, 50, true),
  ('forums.poll_options', 'label', 'keep', 'Others voted on exactly these words.', 'exists (select from forums.posts as post where post.id = target.post_id and post.author_id = :user)', null, 100, true),
  ('forums.forums', 'name', 'keep', 'Belongs to the community.', 'target.owner_id = :user', null, 100, true),
  ('forums.bans', 'reason', 'keep', 'Safety of the community: goes with the ban.', 'target.user_id = :user', null, 100, true),
  ('forums.bans', 'lift_reason', 'keep', 'Safety of the community: goes with the ban.', 'target.user_id = :user', null, 100, true);

insert into ops.impersonal_tables (table_name, reason) values
  ('forums.categories', 'Names of the community.'),
  ('forums.flairs', 'Names of the community.');

-- Down Migration

delete from ops.impersonal_tables where table_name like 'forums.%';
delete from ops.personal_data_rules where (table_name, column_name) in (
  ('forums.posts', 'type'),
  ('forums.comments', 'deleted_at'),
  ('forums.post_attachments', 'caption'),
  ('forums.poll_options', 'label'),
  ('forums.forums', 'name'),
  ('forums.bans', 'reason'),
  ('forums.bans', 'lift_reason')
);
update ops.personal_data_rules set subject = null, replacement = null, turn = 100 where table_name like 'forums.%';
update ops.personal_data_rules set is_exported = true where table_name like 'forums.%';
