create or replace trigger touch
before update on auth.two_factor
for each row
execute function core.touch_updated_at();

comment on trigger touch on auth.two_factor is 'Keeps updated_at.';
