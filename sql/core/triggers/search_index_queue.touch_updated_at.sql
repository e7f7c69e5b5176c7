create or replace trigger touch_updated_at
before update on core.search_index_queue
for each row execute function core.touch_updated_at();

comment on trigger touch_updated_at on core.search_index_queue is 'Keeps updated_at.';
