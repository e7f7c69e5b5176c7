create or replace trigger guard_truncate
before truncate on tracker.bonus_transactions
for each statement
execute function tracker.guard_movement();

comment on trigger guard_truncate on tracker.bonus_transactions is 'A movement stays.';
