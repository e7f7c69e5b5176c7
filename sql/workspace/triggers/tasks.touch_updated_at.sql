create or replace trigger touch_updated_at
before update on workspace.tasks
for each row
-- A column that is spaced anew is not a change of its tasks.
when (old.position = new.position or old.status <> new.status)
execute function core.touch_updated_at();

comment on trigger touch_updated_at on workspace.tasks is 'Keeps updated_at; a new place in the same column does not count.';
