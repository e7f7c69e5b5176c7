create or replace trigger count_delete
after delete on tracker.collection_items
referencing old table as changed
for each statement
execute function tracker.count_collection_items();

comment on trigger count_delete on tracker.collection_items is 'Keeps item_count of the collection.';
