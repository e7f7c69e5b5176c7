create or replace function groups.lock_thread(p_thread_id uuid, p_is_locked boolean default true)
returns groups.threads
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  thread groups.threads;
begin
  perform groups.locked_thread(p_thread_id, false);
  update groups.threads as target
  set locked_at = case when p_is_locked then coalesce(target.locked_at, now()) end,
      archived_at = case when p_is_locked then coalesce(target.archived_at, now()) else target.archived_at end
  where target.channel_id = p_thread_id
  returning * into thread;
  perform audit.record(
    'lock_thread', 'groups.threads', p_thread_id, null, jsonb_build_object('is_locked', p_is_locked), null,
    (select channel.group_id from groups.channels as channel where channel.id = p_thread_id)
  );
  return thread;
end
$$;

comment on function groups.lock_thread(uuid, boolean) is
  E'@argument is_locked False unlocks it.\nLocks a thread, and archives it: from then on only those with MANAGE_THREADS write there or bring it back; or unlocks it. Needs MANAGE_THREADS (channel.not_allowed). Refuses channel.unknown and thread.unknown. Audited.';

revoke all on function groups.lock_thread(uuid, boolean) from public;
grant execute on function groups.lock_thread(uuid, boolean) to stoa_member;
