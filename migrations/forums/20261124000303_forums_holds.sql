-- Why: a legal hold can be put on a forum or a post, and one on a person keeps the texts that they deleted.
-- Locks: ROW EXCLUSIVE on the registries, for an instant.
-- Back: takes the rows away again; a hold of such a kind has to be released first. No data of the community is touched.

-- Up Migration

insert into ops.hold_kinds (kind, table_name, is_container, label) values
  ('forum', 'forums.forums', true, 'a forum with all its posts'),
  ('post', 'forums.posts', true, 'a post with all its comments');

insert into ops.hold_rules (table_name, kind, condition) values
  ('forums.removed_texts', 'user', 'exists (select from forums.comments as comment where comment.id = target.comment_id and comment.author_id = any (:held))');

-- Down Migration

delete from ops.hold_rules where table_name like 'forums.%';
delete from ops.hold_kinds where kind in ('forum', 'post');
