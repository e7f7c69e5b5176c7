create or replace trigger count_insert
after insert on groups.group_members
referencing new table as changed
for each statement
execute function groups.count_members();

comment on trigger count_insert on groups.group_members is 'Keeps groups.member_count and groups.premium_subscription_count.';
