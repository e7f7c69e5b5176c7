create or replace function groups.patch_images(p_patch jsonb, p_before jsonb, p_after jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'before', (select jsonb_object_agg(name, p_before -> name) from jsonb_object_keys(p_patch) as name),
    'after', (select jsonb_object_agg(name, p_after -> name) from jsonb_object_keys(p_patch) as name)
  );
end
$$;

comment on function groups.patch_images(jsonb, jsonb, jsonb) is
  'Internal. The part of a row that a patch names, before and after, for the audit log.';

revoke all on function groups.patch_images(jsonb, jsonb, jsonb) from public;
