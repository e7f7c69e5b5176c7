-- A row trigger on purpose: every vote updates this table, and a statement trigger with transition tables can
-- neither name a column nor have a condition, so it would copy the wide row twice for each vote.
create or replace trigger count_deletion
after update of deleted_at on forums.posts
for each row
when ((old.deleted_at is null) <> (new.deleted_at is null))
execute function forums.count_post_deletion();

comment on trigger count_deletion on forums.posts is 'Keeps post_count and the last post of the forum when a post is deleted or restored.';
