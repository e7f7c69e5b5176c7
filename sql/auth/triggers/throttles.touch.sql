create or replace trigger touch
before update on auth.throttles
for each row
execute function core.touch_updated_at();

comment on trigger touch on auth.throttles is 'Keeps updated_at.';
