create or replace trigger touch
before update on auth.wallets
for each row
execute function core.touch_updated_at();

comment on trigger touch on auth.wallets is 'Keeps updated_at.';
