create or replace trigger touch
before update on auth.accounts
for each row
execute function core.touch_updated_at();

comment on trigger touch on auth.accounts is 'Keeps updated_at.';
