create or replace function workspace.delete_document(p_document_id uuid, p_reason text default null)
returns workspace.documents
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
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
  is_staff := core.current_role_rank() >= 2 and coalesce(workspace.role_rank(workspace.project_role(home)), 0) < 2;
  if not is_staff then
    perform workspace.workable_project(home, 'document.unknown');
  end if;
  select * into document
  from workspace.documents as target
  where target.id = p_document_id and target.deleted_at is null
  for no key update;
  if not found then
    perform core.fail('document.unknown');
  end if;

  -- What others wrote under it stays, one level higher. Their texts are the same, so their versions are too.
  update workspace.documents as target
  set parent_id = document.parent_id
  where target.project_id = home and target.parent_id = p_document_id and target.deleted_at is null;
  update workspace.documents as target
  set deleted_at = now(), is_removed = is_staff
  where target.id = p_document_id
  returning * into document;

  if is_staff then
    perform audit.record('delete_document', 'workspace.documents', p_document_id, p_reason => why);
    perform notifications.notify(
      document.created_by, 'moderation', 'Your page was removed: ' || document.title, why,
      jsonb_build_object('project_id', home, 'document_id', p_document_id)
    );
  end if;
  return document;
end
$$;

comment on function workspace.delete_document(uuid, text) is
  'Deletes a page; those under it move up to where it stood. It can be restored for 30 days, then it is purged. Owner, maintainers and members of the project, or staff of the platform (project.not_allowed). Refuses document.unknown, and members account.activity_barred and project.archived. Limit: reason 1,000 characters. A deletion by staff is audited, and who wrote the page is told.';

revoke all on function workspace.delete_document(uuid, text) from public;
grant execute on function workspace.delete_document(uuid, text) to stoa_member;
