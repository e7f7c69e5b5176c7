create or replace trigger queue_search_insert
after insert on core.users
for each row execute function core.queue_user_search();

comment on trigger queue_search_insert on core.users is 'A new person becomes findable in an external search engine.';
