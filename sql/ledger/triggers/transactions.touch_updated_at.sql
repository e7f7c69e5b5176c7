create or replace trigger touch_updated_at
before update on ledger.transactions
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on ledger.transactions is 'Keeps updated_at.';
