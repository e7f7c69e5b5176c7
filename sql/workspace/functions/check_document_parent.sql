create or replace function workspace.check_document_parent(p_project_id uuid, p_document_id uuid, p_parent_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  deepest constant integer := core.setting_integer('workspace.nesting_limit');
  levels_above integer;
  levels_below integer;
begin
  if p_parent_id is null then
    return;
  end if;

  with recursive above (id, parent_id, level) as (
    select parent.id, parent.parent_id, 1
    from workspace.documents as parent
    where parent.project_id = p_project_id and parent.id = p_parent_id and parent.deleted_at is null
    union all
    select parent.id, parent.parent_id, above.level + 1
    from above
    join workspace.documents as parent on parent.project_id = p_project_id and parent.id = above.parent_id
    where above.level <= deepest and above.id is distinct from p_document_id
  )
  select case when bool_or(above.id = p_document_id) then deepest + 1 else max(above.level) end
  into levels_above
  from above;

  with recursive below (id, level) as (
    select p_document_id, 1
    union all
    select child.id, below.level + 1
    from below
    join workspace.documents as child on child.project_id = p_project_id and child.parent_id = below.id
    where below.level <= deepest and child.deleted_at is null
  )
  select max(below.level) into levels_below from below;

  if levels_above is null or levels_above + levels_below > deepest then
    perform core.fail('document.parent_invalid');
  end if;
end
$$;

comment on function workspace.check_document_parent(uuid, uuid, uuid) is
  'Internal. Lets a page stand under a live one of the same project; refuses (document.parent_invalid) a circle and more levels than the setting workspace.nesting_limit. Call it under the exclusive lock of the project: two moves at once could close a circle that neither sees.';

revoke all on function workspace.check_document_parent(uuid, uuid, uuid) from public;
