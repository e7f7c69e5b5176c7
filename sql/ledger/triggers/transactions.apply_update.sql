create or replace trigger apply_update
after update on ledger.transactions
referencing old table as removed new table as added
for each statement
execute function ledger.apply_to_holdings();

comment on trigger apply_update on ledger.transactions is 'Keeps the balance of the holder.';
