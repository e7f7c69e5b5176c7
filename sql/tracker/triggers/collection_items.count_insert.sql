create or replace trigger count_insert
after insert on tracker.collection_items
referencing new table as changed
for each statement
execute function tracker.count_collection_items();

comment on trigger count_insert on tracker.collection_items is 'Keeps item_count of the collection.';
