create or replace trigger count_delete
after delete on tracker.collection_subscriptions
referencing old table as changed
for each statement
execute function tracker.count_subscriptions();

comment on trigger count_delete on tracker.collection_subscriptions is 'Keeps subscriber_count of the collection.';
