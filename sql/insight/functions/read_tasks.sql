create or replace function insight.read_tasks(p_claim_ids uuid[])
returns table (claim_id uuid, message_id uuid, speaker integer, content text, sent_at timestamptz)
language plpgsql
volatile
rows 100
-- The worker has no grant on messages, and is given no names.
security definer
set search_path = ''
as $$
begin
  update insight.tasks as task
  set source_digest = case
    when insight.is_wanted(task.kind, task.channel_id)
      then insight.source_digest(task.channel_id, task.start_message_id, task.end_message_id)
  end
  where task.claim_id = any (p_claim_ids);

  -- A message that changes between the two statements does not fit the digest, and no result is kept.
  return query
    select
      said.claim_id,
      said.id,
      (dense_rank() over (partition by said.claim_id order by said.began_with))::integer,
      said.content,
      said.inserted_at
    from (
      select
        task.claim_id,
        source.*,
        min(source.id::text) over (partition by task.claim_id, source.sender_id) as began_with
      from insight.tasks as task
      cross join lateral insight.source_messages(task.channel_id, task.start_message_id, task.end_message_id) as source
      where task.claim_id = any (p_claim_ids)
        and task.source_digest is not null
    ) as said
    order by said.claim_id, said.id;
end
$$;

comment on function insight.read_tasks(uuid[]) is
  'For the worker: what the models may read for these claims, in order. Speakers are numbers, 1 for whoever speaks first; who they are stays here. A result is kept only if the source is then still what was given out, so read as late as possible and read again after a pause. Claims that are not in force give no row.';

revoke all on function insight.read_tasks(uuid[]) from public;
grant execute on function insight.read_tasks(uuid[]) to stoa_worker;
