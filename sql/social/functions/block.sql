create or replace function social.block(p_user_id uuid, p_reason text default null)
returns social.blocks
language plpgsql
volatile
-- Ends a friendship as well; members may not write the tables.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  blocked social.blocks;
begin
  if p_user_id = me then
    perform core.fail('block.self');
  end if;

  if not exists (select from core.users where id = p_user_id and erased_at is null) then
    perform core.fail('user.unknown');
  end if;

  perform social.lock_pair(me, p_user_id);

  insert into social.blocks (blocker_id, blocked_id, reason)
  values (me, p_user_id, core.clean_text(p_reason, 200, false))
  on conflict (blocker_id, blocked_id) do update
  set reason = excluded.reason
  returning * into blocked;

  -- A declined request stays: it remembers how long the asker has to wait.
  delete from social.friendships
  where least(user_id, friend_id) = least(me, p_user_id)
    and greatest(user_id, friend_id) = greatest(me, p_user_id)
    and status in ('pending', 'accepted');

  return blocked;
end
$$;

comment on function social.block(uuid, text) is
  E'@name block_user\nBlocks somebody: ends a friendship or a request between the two, and neither can ask again, write to the other, or see the other''s profile. They are not told. The reason is a note for oneself. Blocking again changes the note. Refuses block.self and user.unknown.';

revoke all on function social.block(uuid, text) from public;
grant execute on function social.block(uuid, text) to stoa_member;
