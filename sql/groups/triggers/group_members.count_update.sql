create or replace trigger count_update
after update on groups.group_members
referencing old table as before new table as after
for each statement
execute function groups.count_members();

comment on trigger count_update on groups.group_members is 'Keeps groups.premium_subscription_count.';
