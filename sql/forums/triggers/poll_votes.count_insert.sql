create or replace trigger count_insert
after insert on forums.poll_votes
referencing new table as changed
for each statement
execute function forums.count_poll_votes();

comment on trigger count_insert on forums.poll_votes is 'Keeps vote_count of the option.';
