create or replace function social.unblock(p_user_id uuid)
returns boolean
language plpgsql
volatile
-- Members may not write the table.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
begin
  perform social.lock_pair(me, p_user_id);

  delete from social.blocks
  where blocker_id = me
    and blocked_id = p_user_id;

  if not found then
    perform core.fail('block.unknown');
  end if;

  return true;
end
$$;

comment on function social.unblock(uuid) is
  E'@name unblock_user\nEnds a block of the caller. What the block ended does not come back. Refuses block.unknown.';

revoke all on function social.unblock(uuid) from public;
grant execute on function social.unblock(uuid) to stoa_member;
