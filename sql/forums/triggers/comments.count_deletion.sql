-- A row trigger on purpose: votes and replies update this table all the time, and a statement trigger with transition
-- tables can neither name a column nor have a condition.
create or replace trigger count_deletion
after update of deleted_at on forums.comments
for each row
when ((old.deleted_at is null) <> (new.deleted_at is null))
execute function forums.count_comment_deletion();

comment on trigger count_deletion on forums.comments is 'Keeps the counts of the post and of the parent when a comment is deleted or restored.';
