create or replace trigger guard
before update or delete on tracker.bonus_transactions
for each row
execute function tracker.guard_movement();

comment on trigger guard on tracker.bonus_transactions is 'A movement stays as it is.';
