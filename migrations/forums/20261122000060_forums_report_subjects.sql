-- Why: forums, posts and comments can be reported, whichever module takes the reports.
-- Locks: none on anything that holds data. Back: deletes the three rows; refused while reports of these kinds exist.

-- Up Migration

insert into core.report_subjects (type, label, table_name, author_column, condition, evidence_columns, removal) values
  (
    'forum',
    'forum',
    'forums.forums',
    'owner_id',
    'target.deleted_at is null and target.id = any (array(select forums.my_readable_forum_ids()))',
    '{name,slug,description,icon_url,banner_url}',
    null
  ),
  (
    'forum_post',
    'post',
    'forums.posts',
    'author_id',
    'target.deleted_at is null and target.forum_id = any (array(select forums.my_readable_forum_ids()))',
    '{forum_id,type,title,content,link_url,inserted_at,edited_at}',
    'forums.delete_post($2, $3)'
  ),
  (
    'forum_comment',
    'comment',
    'forums.comments',
    'author_id',
    'target.deleted_at is null and exists (select from forums.posts as post where post.id = target.post_id and post.deleted_at is null and post.forum_id = any (array(select forums.my_readable_forum_ids())))',
    '{post_id,parent_id,content,inserted_at,edited_at}',
    'forums.delete_comment($2, $3)'
  );

-- Down Migration

delete from core.report_subjects where type in ('forum', 'forum_post', 'forum_comment');
