create or replace trigger announce_update
after update on core.presence
referencing old table as before_change new table as changed
for each statement
execute function core.announce_presence();

comment on trigger announce_update on core.presence is 'Who listens to this presence is told, if it changed.';
