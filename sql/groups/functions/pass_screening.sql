create or replace function groups.pass_screening(p_group_id uuid)
returns groups.group_members
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  member groups.group_members;
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_membership(p_group_id, me);
  update groups.group_members as target
  set pending = false
  where target.group_id = p_group_id and target.user_id = me
  returning * into member;
  return member;
end
$$;

comment on function groups.pass_screening(uuid) is
  E'@name accept_group_rules\nAccepts the rules of a group that screens newcomers: from then on the member may do what their roles permit. Refuses somebody who does not belong (group_member.unknown).';

revoke all on function groups.pass_screening(uuid) from public;
grant execute on function groups.pass_screening(uuid) to stoa_member;
