create or replace trigger apply_insert
after insert on ledger.transactions
referencing new table as added
for each statement
execute function ledger.apply_to_holdings();

comment on trigger apply_insert on ledger.transactions is 'Keeps the balance of the holder.';
