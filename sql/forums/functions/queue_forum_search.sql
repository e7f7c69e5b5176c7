create or replace function forums.queue_forum_search()
returns trigger
language plpgsql
-- The queue has no grants.
security definer
set search_path = ''
as $$
begin
  perform core.queue_search(tg_argv[0], new.id, case when new.deleted_at is null then 'index' else 'delete' end);
  return null;
end
$$;

comment on function forums.queue_forum_search() is
  'Trigger; its argument is the entity type. Tells the external search engine, if one is switched on, that a post or a comment appeared, changed or went.';

revoke all on function forums.queue_forum_search() from public;
