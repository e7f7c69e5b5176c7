create or replace function workspace.create_document(
  p_project_id uuid,
  p_title text,
  p_content text default '',
  p_content_format text default 'markdown',
  p_parent_id uuid default null,
  p_key text default null
)
returns workspace.documents
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_project_id, p_title, p_content, p_content_format, p_parent_id);
  page_title constant text := core.clean_text(p_title, 300);
  earlier jsonb;
  document workspace.documents;
begin
  earlier := core.recall('workspace.create_document', p_key, arguments);
  if earlier is not null then
    perform workspace.readable_project(p_project_id);
    select * into document from workspace.documents as made where made.id = (earlier ->> 'id')::uuid;
    return document;
  end if;

  perform workspace.check_document(p_content, p_content_format);
  perform workspace.workable_project(p_project_id);
  perform workspace.check_document_parent(p_project_id, null, p_parent_id);
  begin
    insert into workspace.documents (project_id, parent_id, title, content, content_format, created_by, updated_by)
    values (p_project_id, p_parent_id, page_title, coalesce(p_content, ''), p_content_format, me, me)
    returning * into document;
  exception
    -- The search document of PostgreSQL holds 1 MB.
    when program_limit_exceeded then perform core.fail('document.too_long');
  end;
  perform core.remember('workspace.create_document', p_key, arguments, jsonb_build_object('id', document.id));
  return document;
end
$$;

comment on function workspace.create_document(uuid, text, text, text, uuid, text) is
  'Writes a new page of a project, at the top or under another page. key: an idempotency key; the same call again returns the first page. Owner, maintainers and members (project.not_allowed). Refuses somebody barred from posting (account.activity_barred), project.unknown, project.archived, document.format_invalid, document.parent_invalid and a text that is too long (document.too_long: 200,000 characters). Limit: title 300 characters.';

revoke all on function workspace.create_document(uuid, text, text, text, uuid, text) from public;
grant execute on function workspace.create_document(uuid, text, text, text, uuid, text) to stoa_member;
