create or replace function workspace.update_document(p_document_id uuid, p_version integer, p_patch jsonb)
returns workspace.documents
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  document workspace.documents;
begin
  -- A new place in the tree is decided under the exclusive lock of the project; texts need no more than to share it, so
  -- two pages of a project are written at the same time.
  document := workspace.workable_document(p_document_id, not coalesce(p_patch ? 'parent_id', false));
  perform groups.check_patch_types(
    p_patch, array['title', 'content', 'content_format', 'parent_id'], '{}', '{}', array['parent_id']
  );
  if document.version is distinct from p_version then
    perform core.fail('document.stale');
  end if;
  if p_patch = '{}' then
    return document;
  end if;
  if p_patch ? 'title' then document.title := core.clean_text(p_patch ->> 'title', 300); end if;
  if p_patch ? 'content' then document.content := p_patch ->> 'content'; end if;
  if p_patch ? 'content_format' then
    perform workspace.check_document(null, p_patch ->> 'content_format');
    document.content_format := p_patch ->> 'content_format';
  end if;
  perform workspace.check_document(document.content, document.content_format);
  if p_patch ? 'parent_id' then
    begin
      document.parent_id := (p_patch ->> 'parent_id')::uuid;
    exception
      when invalid_text_representation then perform core.fail('input.malformed');
    end;
    perform workspace.check_document_parent(document.project_id, p_document_id, document.parent_id);
  end if;
  begin
    update workspace.documents as target
    set title = document.title,
        content = document.content,
        content_format = document.content_format,
        parent_id = document.parent_id,
        version = target.version + 1,
        updated_by = me
    where target.id = p_document_id
    returning * into document;
  exception
    when program_limit_exceeded then perform core.fail('document.too_long');
  end;
  return document;
end
$$;

comment on function workspace.update_document(uuid, integer, jsonb) is
  'Changes a page, from the version that the caller read: when there is a newer one, nothing is changed (document.stale). The patch may name title, content, content_format, parent_id; null for parent_id brings it to the top. Owner, maintainers and members of the project (project.not_allowed). Refuses document.unknown, account.activity_barred, project.archived, document.format_invalid, document.too_long, document.parent_invalid, other keys (input.unknown_key) and values of the wrong kind (input.malformed). Limits: title 300 characters, text 200,000.';

revoke all on function workspace.update_document(uuid, integer, jsonb) from public;
grant execute on function workspace.update_document(uuid, integer, jsonb) to stoa_member;
