create or replace function forums.require_owner(p_forum_id uuid)
returns forums.forums
language plpgsql
volatile
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  forum forums.forums;
begin
  perform forums.readable_forum(p_forum_id);
  select * into forum from forums.forums as candidate where candidate.id = p_forum_id for no key update;
  if forum.owner_id <> me and core.current_role_rank() < 3 then
    perform core.fail('forum.not_allowed');
  end if;
  return forum;
end
$$;

comment on function forums.require_owner(uuid) is
  'Internal. The forum, locked, if the caller owns it or administers the platform. Refuses others (forum.unknown, forum.not_allowed).';

revoke all on function forums.require_owner(uuid) from public;
