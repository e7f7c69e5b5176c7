create or replace trigger count_delete
after delete on forums.poll_votes
referencing old table as changed
for each statement
execute function forums.count_poll_votes();

comment on trigger count_delete on forums.poll_votes is 'Keeps vote_count of the option.';
