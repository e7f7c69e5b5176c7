-- Does not follow to partitions by itself: ops.ensure_partitions gives each new one its copy.
create or replace trigger refuse_truncate
before truncate on ledger.transactions
for each statement
execute function ledger.refuse_removal();

comment on trigger refuse_truncate on ledger.transactions is 'A movement stays.';
