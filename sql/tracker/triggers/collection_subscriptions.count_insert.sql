create or replace trigger count_insert
after insert on tracker.collection_subscriptions
referencing new table as changed
for each statement
execute function tracker.count_subscriptions();

comment on trigger count_insert on tracker.collection_subscriptions is 'Keeps subscriber_count of the collection.';
