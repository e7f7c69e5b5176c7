create or replace trigger count_insert
after insert on forums.subscriptions
referencing new table as changed
for each statement
execute function forums.count_subscriptions();

comment on trigger count_insert on forums.subscriptions is 'Keeps forums.subscriber_count.';
