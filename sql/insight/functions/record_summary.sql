create or replace function insight.record_summary(
  p_claim_id uuid,
  p_model_name text,
  p_model_version text,
  p_summary text,
  p_key_points text[] default '{}',
  p_input_tokens integer default 0,
  p_output_tokens integer default 0,
  p_cost numeric default 0
)
returns insight.conversation_summaries
language plpgsql
volatile
-- Summaries are nobody's to write.
security definer
set search_path = ''
as $$
declare
  task insight.tasks;
  settled record;
  result insight.conversation_summaries;
begin
  select * into settled from insight.settle_task(p_claim_id, 'summary');
  task := settled.task;
  if settled.verdict = 'lost' then
    select * into result from insight.conversation_summaries as earlier where earlier.claim_id = p_claim_id;
    if not found then
      perform core.fail('insight_claim.lost');
    end if;
    return result;
  end if;
  if settled.verdict <> 'fits' then
    return null;
  end if;

  -- Made anew it is a new row: whoever holds the identifier of the old one finds nothing, rather than other words.
  delete from insight.conversation_summaries as earlier
  where earlier.channel_id = task.channel_id
    and earlier.start_message_id = task.start_message_id
    and earlier.end_message_id = task.end_message_id;
  begin
    insert into insight.conversation_summaries (
      channel_id, start_message_id, end_message_id, summary, key_points, message_count, model_name, model_version,
      input_tokens, output_tokens, cost, claim_id
    )
    select
      task.channel_id, task.start_message_id, task.end_message_id, btrim(p_summary), coalesce(p_key_points, '{}'), count(*),
      nullif(btrim(p_model_name), ''), nullif(btrim(p_model_version), ''), p_input_tokens, p_output_tokens, p_cost, p_claim_id
    from insight.source_messages(task.channel_id, task.start_message_id, task.end_message_id)
    returning * into result;
  exception
    when check_violation or not_null_violation or string_data_right_truncation or numeric_value_out_of_range then
      perform core.fail('conversation_summary.invalid');
  end;
  insert into insight.summary_participants (summary_id, user_id, message_count)
  select result.id, source.sender_id, count(*)
  from insight.source_messages(task.channel_id, task.start_message_id, task.end_message_id) as source
  group by source.sender_id
  order by source.sender_id;
  return result;
end
$$;

comment on function insight.record_summary(uuid, text, text, text, text[], integer, integer, numeric) is
  'For the worker: keeps the summary of the range of a claim, in place of an earlier one of the same range, and ends the claim. How many messages it was made of, and whose, is counted here. The same result sent twice is kept once and given back. A row of nulls comes back when a message was edited, deleted or withdrawn meanwhile (the range waits again, if anything is left of it) or the group wants no summaries any more. Refuses insight_claim.lost, and what is missing or too long (conversation_summary.invalid), after which the claim is still in force.';

revoke all on function insight.record_summary(uuid, text, text, text, text[], integer, integer, numeric) from public;
grant execute on function insight.record_summary(uuid, text, text, text, text[], integer, integer, numeric) to stoa_worker;
