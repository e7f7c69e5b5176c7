create or replace trigger refuse_delete
before delete on ledger.transactions
for each row
execute function ledger.refuse_removal();

comment on trigger refuse_delete on ledger.transactions is 'A movement stays.';
