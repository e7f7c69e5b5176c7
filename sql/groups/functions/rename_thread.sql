create or replace function groups.rename_thread(p_thread_id uuid, p_name text)
returns groups.channels
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
begin
  perform core.require_unrestricted('chat');
  perform groups.locked_thread(p_thread_id, true);
  update groups.channels as target
  set name = core.clean_text(p_name, 100)
  where target.id = p_thread_id
  returning * into channel;
  return channel;
end
$$;

comment on function groups.rename_thread(uuid, text) is
  'Renames a thread. Whoever started it, or holds MANAGE_THREADS (channel.not_allowed). Refuses channel.unknown and thread.unknown. Limit: 100 characters. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function groups.rename_thread(uuid, text) from public;
grant execute on function groups.rename_thread(uuid, text) to stoa_member;
