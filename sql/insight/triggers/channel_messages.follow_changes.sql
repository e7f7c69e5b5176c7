create or replace trigger follow_changes
after update on groups.channel_messages
referencing old table as removed new table as added
for each statement
execute function insight.follow_changes();

comment on trigger follow_changes on groups.channel_messages is 'What models made of a message goes when the message changes.';
