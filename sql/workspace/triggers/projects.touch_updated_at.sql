create or replace trigger touch_updated_at
before update on workspace.projects
for each row
-- Each new task takes a number; that is not a change of the project.
when (old.last_task_number = new.last_task_number)
execute function core.touch_updated_at();

comment on trigger touch_updated_at on workspace.projects is 'Keeps updated_at; a number that was taken does not count.';
