create or replace function groups.require_membership(p_group_id uuid, p_user_id uuid)
returns groups.group_members
language plpgsql
stable
set search_path = ''
as $$
declare
  member groups.group_members;
begin
  select * into member
  from groups.group_members as candidate
  where candidate.group_id = p_group_id and candidate.user_id = p_user_id;
  if not found then
    perform core.fail('group_member.unknown');
  end if;
  return member;
end
$$;

comment on function groups.require_membership(uuid, uuid) is
  'Internal. Somebody''s membership. Refuses group_member.unknown.';

revoke all on function groups.require_membership(uuid, uuid) from public;
