create or replace trigger count_insert
after insert on groups.message_mentions
referencing new table as changed
for each statement
execute function groups.count_mentions();

comment on trigger count_insert on groups.message_mentions is 'Keeps channel_reads.mention_count.';
