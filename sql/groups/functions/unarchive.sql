create or replace function groups.unarchive(p_thread_id uuid)
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
  thread := groups.locked_thread(p_thread_id, true);
  if thread.locked_at is not null and not groups.can(p_thread_id, 'MANAGE_THREADS') then
    perform core.fail('thread.locked');
  end if;
  update groups.threads as target set archived_at = null where target.channel_id = p_thread_id returning * into thread;
  return thread;
end
$$;

comment on function groups.unarchive(uuid) is
  E'@name unarchive_thread\nBrings an archived thread back. Whoever started it, or holds MANAGE_THREADS (channel.not_allowed). Refuses channel.unknown, thread.unknown, and a locked thread without MANAGE_THREADS (thread.locked).';

revoke all on function groups.unarchive(uuid) from public;
grant execute on function groups.unarchive(uuid) to stoa_member;
