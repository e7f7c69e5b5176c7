create or replace trigger guard
before update on ledger.transactions
for each row
execute function ledger.guard_transaction();

comment on trigger guard on ledger.transactions is 'A movement is settled once.';
