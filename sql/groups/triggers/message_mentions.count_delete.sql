create or replace trigger count_delete
after delete on groups.message_mentions
referencing old table as changed
for each statement
execute function groups.count_mentions();

comment on trigger count_delete on groups.message_mentions is 'Keeps channel_reads.mention_count.';
