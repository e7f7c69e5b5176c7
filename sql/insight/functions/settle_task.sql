create or replace function insight.settle_task(p_claim_id uuid, p_kind text, out task insight.tasks, out verdict text)
language plpgsql
volatile
set search_path = ''
as $$
begin
  select * into task from insight.tasks as target where target.claim_id = p_claim_id and target.kind = p_kind;
  if not found then
    verdict := 'lost';
    return;
  end if;

  -- Whoever withdraws consent, switches this off or edits a message at this moment is waited for, or waits and then finds
  -- what is written here.
  perform
  from insight.group_policies as policy
  where policy.group_id = (select channel.group_id from groups.channels as channel where channel.id = task.channel_id)
  for share;
  perform
  from core.user_settings as wishes
  where wishes.user_id in (
    select message.sender_id
    from groups.channel_messages as message
    where message.channel_id = task.channel_id
      and message.id between task.start_message_id and task.end_message_id
  )
  order by wishes.user_id
  for share;
  perform
  from groups.channel_messages as message
  where message.channel_id = task.channel_id
    and message.id between task.start_message_id and task.end_message_id
  order by message.id
  for share;
  select * into task from insight.tasks as target where target.claim_id = p_claim_id for update;
  if not found then
    verdict := 'lost';
    return;
  end if;

  if not insight.is_wanted(p_kind, task.channel_id)
    or insight.source_digest(task.channel_id, task.start_message_id, task.end_message_id) is null
  then
    delete from insight.tasks as target where target.id = task.id;
    verdict := 'dropped';
  elsif task.source_digest is distinct from insight.source_digest(task.channel_id, task.start_message_id, task.end_message_id) then
    update insight.tasks as target
    set claim_id = null,
        source_digest = null,
        attempts = greatest(target.attempts - 1, 0),
        available_at = clock_timestamp()
    where target.id = task.id;
    verdict := 'changed';
  else
    delete from insight.tasks as target where target.id = task.id;
    verdict := 'fits';
  end if;
end
$$;

comment on function insight.settle_task(uuid, text) is
  'Internal. What becomes of the task of a claim now that a result is there: fits (the source is what was read; the task is done), changed (it is not; the task waits for the next claim, and this one does not count), dropped (nobody wants it any more), lost (the claim is not in force). Holds, until the transaction ends, the policy of the group, the settings of the authors and the messages against change, in this order.';

revoke all on function insight.settle_task(uuid, text) from public;
