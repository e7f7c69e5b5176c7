create or replace trigger announce_delete
after delete on messaging.conversation_participants
referencing old table as changed
for each statement
execute function core.announce_rows('access', 'user_id');

comment on trigger announce_delete on messaging.conversation_participants is 'Who is gone listens no longer.';
