create or replace function insight.enqueue_analysis(p_channel_id uuid, p_message_id uuid)
returns boolean
language plpgsql
volatile
-- The tasks are nobody's to write.
security definer
set search_path = ''
as $$
begin
  if not insight.is_wanted('analysis', p_channel_id)
    or insight.source_digest(p_channel_id, p_message_id, p_message_id) is null
  then
    return false;
  end if;
  insert into insight.tasks as task (kind, channel_id, start_message_id, end_message_id)
  values ('analysis', p_channel_id, p_message_id, p_message_id)
  on conflict (kind, channel_id, start_message_id, end_message_id) do update
  set failed_at = null,
      attempts = 0,
      available_at = now()
  where task.failed_at is not null;
  return true;
end
$$;

comment on function insight.enqueue_analysis(uuid, uuid) is
  'For the worker: asks for the analysis of a message, of an old one too, and tells whether it may be analysed: the group wants it, the author lets it, it is not deleted or empty. Asking twice is asking once; a task that was given up begins anew.';

revoke all on function insight.enqueue_analysis(uuid, uuid) from public;
grant execute on function insight.enqueue_analysis(uuid, uuid) to stoa_worker;
