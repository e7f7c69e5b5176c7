create or replace function groups.archive_thread(p_thread_id uuid)
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
  perform groups.locked_thread(p_thread_id, true);
  update groups.threads as target
  set archived_at = coalesce(target.archived_at, now())
  where target.channel_id = p_thread_id
  returning * into thread;
  return thread;
end
$$;

comment on function groups.archive_thread(uuid) is
  'Archives a thread: it leaves the list of running ones, and the next message brings it back. Whoever started it, or holds MANAGE_THREADS (channel.not_allowed). Twice changes nothing. Refuses channel.unknown and thread.unknown.';

revoke all on function groups.archive_thread(uuid) from public;
grant execute on function groups.archive_thread(uuid) to stoa_member;
