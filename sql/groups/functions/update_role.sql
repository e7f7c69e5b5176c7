create or replace function groups.update_role(p_role_id uuid, p_patch jsonb)
returns groups.roles
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  nullable constant text[] := array['icon_url', 'unicode_emoji'];
  me constant uuid := core.require_member();
  before groups.roles;
  after groups.roles;
  images jsonb;
begin
  before := groups.managed_role(p_role_id);
  perform groups.check_patch_types(
    p_patch - 'permissions', nullable || array['name'], array['hoist', 'mentionable'], array['color'], nullable
  );
  after := before;
  if p_patch ? 'permissions' then
    if p_patch ->> 'permissions' is null or p_patch ->> 'permissions' !~ '^[0-9]{1,18}$' then
      perform core.fail('input.malformed');
    end if;
    after.permissions := (p_patch ->> 'permissions')::bigint;
    perform groups.check_role_bits(before.permissions, after.permissions, groups.my_permissions(before.group_id));
  end if;
  if p_patch ? 'name' then after.name := core.clean_text(p_patch ->> 'name', 100); end if;
  if p_patch ? 'color' then
    after.color := (p_patch ->> 'color')::integer;
    if after.color not between 0 and 16777215 then
      perform core.fail('input.malformed');
    end if;
  end if;
  if p_patch ? 'hoist' then after.hoist := (p_patch ->> 'hoist')::boolean; end if;
  if p_patch ? 'mentionable' then after.mentionable := (p_patch ->> 'mentionable')::boolean; end if;
  if p_patch ? 'icon_url' then after.icon_url := groups.clean_url(p_patch ->> 'icon_url'); end if;
  after.unicode_emoji := core.patch_text(p_patch, 'unicode_emoji', before.unicode_emoji, 100);
  update groups.roles as role
  set name = after.name,
      color = after.color,
      hoist = after.hoist,
      icon_url = after.icon_url,
      unicode_emoji = after.unicode_emoji,
      permissions = after.permissions,
      mentionable = after.mentionable
  where role.id = p_role_id
  returning * into after;
  images := groups.patch_images(p_patch, to_jsonb(before), to_jsonb(after));
  perform audit.record(
    'update_group_role', 'groups.roles', p_role_id, images -> 'before', images -> 'after', p_group_id => before.group_id
  );
  return after;
end
$$;

comment on function groups.update_role(uuid, jsonb) is
  E'@name update_group_role\nChanges a role. The patch may name name, color, hoist, icon_url, unicode_emoji, mentionable, and permissions (a number, as text beyond 2^31). Needs MANAGE_ROLES (group.not_allowed), a higher rank (group.hierarchy), and for permissions every bit that changes (group_role.bits_not_held). Refuses group_role.unknown, bits that do not exist (group_role.bits_invalid), other keys (input.unknown_key) and values of the wrong kind (input.malformed). Audited.';

revoke all on function groups.update_role(uuid, jsonb) from public;
grant execute on function groups.update_role(uuid, jsonb) to stoa_member;
