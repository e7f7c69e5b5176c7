create or replace trigger count_delete
after delete on forums.subscriptions
referencing old table as changed
for each statement
execute function forums.count_subscriptions();

comment on trigger count_delete on forums.subscriptions is 'Keeps forums.subscriber_count.';
