create or replace trigger miss_participants
after delete on insight.summary_participants
referencing old table as removed
for each statement
execute function insight.miss_participants();

comment on trigger miss_participants on insight.summary_participants is 'A summary that loses one of its people is stale.';
