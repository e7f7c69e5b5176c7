create or replace trigger join_lobbies
after insert on core.users
referencing new table as added
for each statement
execute function groups.join_lobbies();

comment on trigger join_lobbies on core.users is 'New accounts become members of the groups with auto_join.';
