create or replace function groups.set_override(
  p_channel_id uuid default null,
  p_category_id uuid default null,
  p_role_id uuid default null,
  p_user_id uuid default null,
  p_allow bigint default 0,
  p_deny bigint default 0
)
returns groups.channel_permission_overrides
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  target record;
  overridable bigint;
  override groups.channel_permission_overrides;
begin
  select * into target from groups.override_target(p_channel_id, p_category_id, p_role_id, p_user_id);
  select sum(1::bigint << known.bit)::bigint into overridable from groups.permission_bits as known where known.scope <> 'group';
  perform groups.check_role_bits(target.allow, p_allow, target.held);
  perform groups.check_role_bits(target.deny, p_deny, target.held);
  if (p_allow | p_deny) & ~overridable <> 0 then
    perform core.fail('group_role.bits_invalid');
  end if;
  if p_allow & p_deny <> 0 then
    perform core.fail('override.bits_overlap');
  end if;
  insert into groups.channel_permission_overrides as known (group_id, channel_id, category_id, role_id, user_id, allow, deny)
  values (target.group_id, p_channel_id, p_category_id, p_role_id, p_user_id, p_allow, p_deny)
  on conflict (channel_id, category_id, role_id, user_id) do update
  set allow = excluded.allow,
      deny = excluded.deny
  returning * into override;
  perform audit.record(
    'set_permission_override', 'groups.channel_permission_overrides', override.id,
    jsonb_build_object('allow', target.allow::text, 'deny', target.deny::text),
    jsonb_build_object('allow', p_allow::text, 'deny', p_deny::text), p_group_id => target.group_id
  );
  return override;
end
$$;

comment on function groups.set_override(uuid, uuid, uuid, uuid, bigint, bigint) is
  E'@name set_permission_override\nAllows and denies bits to one role or one member, in one channel or under one heading; replaces what stood there. Needs MANAGE_ROLES there (channel.not_allowed, group.not_allowed), a rank above the role''s or the other member''s (group.hierarchy), and every bit that changes (group_role.bits_not_held). Refuses anything but one place and one target (override.malformed), a bit both allowed and denied (override.bits_overlap), bits that do not exist or mean nothing in a channel (group_role.bits_invalid), and channel.unknown, channel.wrong_type (threads follow their parents), channel_category.unknown, group_role.unknown, group_member.unknown. Audited.';

revoke all on function groups.set_override(uuid, uuid, uuid, uuid, bigint, bigint) from public;
grant execute on function groups.set_override(uuid, uuid, uuid, uuid, bigint, bigint) to stoa_member;
