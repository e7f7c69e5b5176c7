create or replace function workspace.restore_document(p_document_id uuid)
returns workspace.documents
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  home uuid;
  is_staff boolean;
  document workspace.documents;
begin
  select target.project_id into home from workspace.documents as target where target.id = p_document_id;
  if not found then
    perform core.fail('document.unknown');
  end if;
  perform from workspace.projects as target where target.id = home for no key update;
  perform workspace.readable_project(home, 'document.unknown');
  is_staff := core.current_role_rank() >= 2;
  if not is_staff then
    perform workspace.workable_project(home, 'document.unknown');
  end if;
  select * into document from workspace.documents as target where target.id = p_document_id for no key update;
  if not found then
    perform core.fail('document.unknown');
  end if;
  if document.deleted_at is null then
    return document;
  end if;
  if document.is_removed and not is_staff then
    perform core.fail('project.removed_by_staff');
  end if;
  if document.deleted_at <= now() - interval '30 days' then
    perform core.fail('document.restore_too_late');
  end if;

  update workspace.documents as target
  set deleted_at = null, is_removed = false
  where target.id = p_document_id;
  update workspace.documents as target
  set parent_id = null
  where target.id = p_document_id
    and not exists (
      select
      from workspace.documents as parent
      where parent.project_id = home and parent.id = target.parent_id and parent.deleted_at is null
    );
  select * into document from workspace.documents as target where target.id = p_document_id;

  if is_staff then
    perform audit.record('restore_document', 'workspace.documents', p_document_id);
  end if;
  return document;
end
$$;

comment on function workspace.restore_document(uuid) is
  'Brings a deleted page back, at the top when the page that it stood under is deleted. A page that is not deleted stays as it is. Owner, maintainers and members of the project, or staff of the platform (project.not_allowed), within 30 days (document.restore_too_late). Refuses document.unknown, and members account.activity_barred, project.archived and what staff took down (project.removed_by_staff). Audited when staff does it.';

revoke all on function workspace.restore_document(uuid) from public;
grant execute on function workspace.restore_document(uuid) to stoa_member;
