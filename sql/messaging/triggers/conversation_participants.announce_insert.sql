create or replace trigger announce_insert
after insert on messaging.conversation_participants
referencing new table as changed
for each statement
execute function core.announce_rows('access', 'user_id');

comment on trigger announce_insert on messaging.conversation_participants is 'Who was added has a conversation more to listen to.';
