create or replace function workspace.queue_document_search()
returns trigger
language plpgsql
volatile
-- The queue has no grants.
security definer
set search_path = ''
as $$
begin
  perform core.queue_search('document', new.id, case when new.deleted_at is null then 'index' else 'delete' end);
  return null;
end
$$;

comment on function workspace.queue_document_search() is
  'Trigger. Tells the external search engine, if one is switched on, that a page appeared, changed or went.';

revoke all on function workspace.queue_document_search() from public;
