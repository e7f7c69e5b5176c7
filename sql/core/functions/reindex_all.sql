create or replace function core.reindex_all(p_entity_type text, p_after uuid default null)
returns uuid
language plpgsql
volatile
-- Reads tables of every module and writes the queue, which has no grants.
security definer
set search_path = ''
as $$
declare
  source core.search_sources;
  last_id uuid;
begin
  perform core.require_role('admin');

  select * into source from core.search_sources where entity_type = p_entity_type;
  if not found then
    perform core.fail('search.unknown_entity');
  end if;

  execute format(
    $query$
      with batch as (
        select target.id
        from %s as target
        where ($1 is null or target.id > $1)
          and (%s)
        order by target.id
        limit 5000
      ),
      queued as (
        insert into core.search_index_queue as pending (entity_type, entity_id)
        select $2, batch.id
        from batch
        on conflict (entity_type, entity_id) where status = 'pending' do update
        set operation = excluded.operation
        returning pending.entity_id
      )
      select entity_id from queued order by entity_id desc limit 1
    $query$,
    source.table_name::regclass, source.condition
  )
  into last_id
  using p_after, p_entity_type;

  return last_id;
end
$$;

comment on function core.reindex_all(text, uuid) is
  E'@resultFieldName lastId\n@result The last identifier that was queued; null at the end.\nAdministrators only: queues the next 5,000 rows of an entity type after an id for the external search engine and returns the last id, to call it again with, or null when there are no more. Refuses search.unknown_entity.';

revoke all on function core.reindex_all(text, uuid) from public;
grant execute on function core.reindex_all(text, uuid) to stoa_admin;
