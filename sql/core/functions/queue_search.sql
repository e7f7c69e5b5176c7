create or replace function core.queue_search(p_entity_type text, p_entity_id uuid, p_operation text default 'index')
returns void
language plpgsql
volatile
-- The queue has no grants.
security definer
set search_path = ''
as $$
begin
  if not core.setting_boolean('search.outbox_enabled') then
    return;
  end if;

  insert into core.search_index_queue as pending (entity_type, entity_id, operation)
  values (p_entity_type, p_entity_id, p_operation)
  on conflict (entity_type, entity_id) where status = 'pending' do update
  set operation = excluded.operation;
end
$$;

comment on function core.queue_search(text, uuid, text) is
  'Tells the external search engine, if one is switched on (setting search.outbox_enabled), that a row is to be indexed or deleted. Several changes of a row wait as one.';

revoke all on function core.queue_search(text, uuid, text) from public;
grant execute on function core.queue_search(text, uuid, text) to stoa_worker;
