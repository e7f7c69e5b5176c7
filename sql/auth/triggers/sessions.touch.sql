create or replace trigger touch
before update on auth.sessions
for each row
execute function core.touch_updated_at();

comment on trigger touch on auth.sessions is 'Keeps updated_at.';
