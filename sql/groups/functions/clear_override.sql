create or replace function groups.clear_override(
  p_channel_id uuid default null,
  p_category_id uuid default null,
  p_role_id uuid default null,
  p_user_id uuid default null
)
returns groups.channel_permission_overrides
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  target record;
  override groups.channel_permission_overrides;
begin
  select * into target from groups.override_target(p_channel_id, p_category_id, p_role_id, p_user_id);
  if target.override_id is null then
    perform core.fail('override.unknown');
  end if;
  perform groups.check_role_bits(target.allow | target.deny, 0, target.held);
  delete from groups.channel_permission_overrides as known where known.id = target.override_id returning * into override;
  perform audit.record(
    'clear_permission_override', 'groups.channel_permission_overrides', override.id,
    jsonb_build_object('allow', override.allow::text, 'deny', override.deny::text), null, p_group_id => target.group_id
  );
  return override;
end
$$;

comment on function groups.clear_override(uuid, uuid, uuid, uuid) is
  E'@name clear_permission_override\nRemoves an override. Needs what setting it needs. Refuses also one that is not there (override.unknown). Audited.';

revoke all on function groups.clear_override(uuid, uuid, uuid, uuid) from public;
grant execute on function groups.clear_override(uuid, uuid, uuid, uuid) to stoa_member;
