create or replace trigger count_deletion
after update of deleted_at on tracker.comments
for each row
when ((old.deleted_at is null) <> (new.deleted_at is null))
execute function tracker.count_comment_deletion();

comment on trigger count_deletion on tracker.comments is 'Keeps comment_count of what a comment is about when it is deleted.';
