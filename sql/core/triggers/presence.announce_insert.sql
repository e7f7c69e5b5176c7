create or replace trigger announce_insert
after insert on core.presence
referencing new table as changed
for each statement
execute function core.announce_presence();

comment on trigger announce_insert on core.presence is 'Who listens to this presence is told.';
