create or replace trigger queue_search_update
after update of username, display_name, avatar_url, deleted_at, erased_at on core.users
for each row execute function core.queue_user_search();

comment on trigger queue_search_update on core.users is 'What an external search engine knows of a person follows their row.';
