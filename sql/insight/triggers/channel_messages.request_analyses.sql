create or replace trigger request_analyses
after insert on groups.channel_messages
referencing new table as added
for each statement
execute function insight.request_analyses();

comment on trigger request_analyses on groups.channel_messages is 'New messages are analysed where the group wants it and the author lets it.';
