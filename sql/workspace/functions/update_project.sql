create or replace function workspace.update_project(p_project_id uuid, p_patch jsonb)
returns workspace.projects
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  nullable constant text[] := array['description', 'group_id', 'starts_on', 'due_on'];
  me constant uuid := core.require_member();
  before workspace.projects;
  after workspace.projects;
  images jsonb;
begin
  perform core.require_unrestricted('posting');
  before := workspace.locked_project(p_project_id, 'maintainer');
  perform groups.check_patch_types(p_patch, nullable || array['name', 'key', 'status', 'visibility'], '{}', '{}', nullable);
  after := before;
  if p_patch ? 'name' then after.name := core.clean_text(p_patch ->> 'name', 150); end if;
  if p_patch ? 'key' then after.key := upper(core.clean_text(p_patch ->> 'key', 10)); end if;
  after.description := core.patch_text(p_patch, 'description', before.description, 5000);
  if p_patch ? 'status' then after.status := p_patch ->> 'status'; end if;
  if p_patch ? 'visibility' then after.visibility := p_patch ->> 'visibility'; end if;
  begin
    if p_patch ? 'group_id' then after.group_id := (p_patch ->> 'group_id')::uuid; end if;
    if p_patch ? 'starts_on' then after.starts_on := (p_patch ->> 'starts_on')::date; end if;
    if p_patch ? 'due_on' then after.due_on := (p_patch ->> 'due_on')::date; end if;
  exception
    when invalid_text_representation or invalid_datetime_format or datetime_field_overflow then
      perform core.fail('input.malformed');
  end;
  perform workspace.check_project(after);
  if after.group_id is distinct from before.group_id then
    perform workspace.check_group(after.group_id);
  end if;

  begin
    update workspace.projects as target
    set name = after.name,
        key = after.key,
        description = after.description,
        status = after.status,
        visibility = after.visibility,
        group_id = after.group_id,
        starts_on = after.starts_on,
        due_on = after.due_on
    where target.id = p_project_id
    returning * into after;
  exception
    when unique_violation then perform core.fail('project.key_taken');
  end;
  images := groups.patch_images(p_patch, to_jsonb(before), to_jsonb(after));
  perform audit.record('update_project', 'workspace.projects', p_project_id, images -> 'before', images -> 'after');
  return after;
end
$$;

comment on function workspace.update_project(uuid, jsonb) is
  'Changes a project. The patch may name name, key, description, status, visibility, group_id, starts_on, due_on; null clears description, group_id and the dates. Its owner or a maintainer (project.not_allowed). Refuses project.unknown, other keys (input.unknown_key), values of the wrong kind (input.malformed), and what create_project refuses. Limits: name 150 characters, description 5,000. Audited.';

revoke all on function workspace.update_project(uuid, jsonb) from public;
grant execute on function workspace.update_project(uuid, jsonb) to stoa_member;
