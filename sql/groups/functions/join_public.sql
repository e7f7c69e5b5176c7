create or replace function groups.join_public(p_group_id uuid)
returns groups.group_members
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  member groups.group_members;
begin
  perform
  from groups.groups as target
  where target.id = p_group_id and target.deleted_at is null
  for no key update;
  select * into member from groups.group_members as known where known.group_id = p_group_id and known.user_id = me;
  if found then
    return member;
  end if;
  if not exists (
    select from groups.groups as target where target.id = p_group_id and target.is_public and target.deleted_at is null
  ) then
    perform core.fail('group.unknown');
  end if;
  if groups.is_banned(p_group_id, me) then
    perform core.fail('group.banned');
  end if;
  member := groups.admit(p_group_id, me);
  return member;
end
$$;

comment on function groups.join_public(uuid) is
  E'@name join_group\nJoins a public group; whoever belongs already gets their membership back. Refuses a group that is not public or not there (group.unknown), a ban (group.banned), and a full group (group.full).';

revoke all on function groups.join_public(uuid) from public;
grant execute on function groups.join_public(uuid) to stoa_member;
