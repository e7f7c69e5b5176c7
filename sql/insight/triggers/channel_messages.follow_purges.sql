create or replace trigger follow_purges
after delete on groups.channel_messages
referencing old table as removed
for each statement
execute function insight.follow_purges();

comment on trigger follow_purges on groups.channel_messages is 'Summaries of messages that are purged become stale.';
