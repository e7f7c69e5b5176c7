create or replace function groups.locked_thread(p_thread_id uuid, p_is_for_owner boolean)
returns groups.threads
language plpgsql
volatile
set search_path = ''
as $$
declare
  thread groups.threads;
begin
  perform groups.visible_channel(p_thread_id);
  perform from groups.channels as channel where channel.id = p_thread_id for no key update;
  select * into thread from groups.threads as target where target.channel_id = p_thread_id for no key update;
  if not found then
    perform core.fail('thread.unknown');
  end if;
  if not (p_is_for_owner and thread.owner_id = core.current_user_id() and groups.can(p_thread_id, 'SEND_MESSAGES')) then
    perform groups.permitted_channel(p_thread_id, 'MANAGE_THREADS');
  end if;
  return thread;
end
$$;

comment on function groups.locked_thread(uuid, boolean) is
  'Internal. A thread that the caller may manage, its channel locked: with MANAGE_THREADS, or as its owner where that is enough and no time-out runs. Refuses channel.unknown, a channel that is no thread (thread.unknown), channel.not_allowed and group.second_factor_required.';

revoke all on function groups.locked_thread(uuid, boolean) from public;
