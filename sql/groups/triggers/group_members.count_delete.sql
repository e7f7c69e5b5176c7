create or replace trigger count_delete
after delete on groups.group_members
referencing old table as changed
for each statement
execute function groups.count_members();

comment on trigger count_delete on groups.group_members is 'Keeps groups.member_count and groups.premium_subscription_count.';
