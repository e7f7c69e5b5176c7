create or replace function forums.require_permission(p_forum_id uuid, p_bit integer)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if not forums.can_moderate(p_forum_id, p_bit) then
    perform core.fail('forum.not_allowed');
  end if;
end
$$;

comment on function forums.require_permission(uuid, integer) is
  'Internal. Refuses (forum.not_allowed) unless the caller holds this permission in the forum.';

revoke all on function forums.require_permission(uuid, integer) from public;
