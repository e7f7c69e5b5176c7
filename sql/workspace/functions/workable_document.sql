create or replace function workspace.workable_document(p_document_id uuid, p_is_shared boolean default false)
returns workspace.documents
language plpgsql
volatile
set search_path = ''
as $$
declare
  found_document workspace.documents;
begin
  -- It never changes its project, so this may be read before anything is locked.
  select * into found_document from workspace.documents as target where target.id = p_document_id;
  if not found then
    perform core.fail('document.unknown');
  end if;
  perform workspace.workable_project(found_document.project_id, 'document.unknown', p_is_shared);
  select * into found_document
  from workspace.documents as target
  where target.id = p_document_id
    and target.deleted_at is null
  for no key update;
  if not found then
    perform core.fail('document.unknown');
  end if;
  return found_document;
end
$$;

comment on function workspace.workable_document(uuid, boolean) is
  'Internal. A live page that the caller may change, locked after its project. Refuses document.unknown, and what workspace.workable_project refuses.';

revoke all on function workspace.workable_document(uuid, boolean) from public;
