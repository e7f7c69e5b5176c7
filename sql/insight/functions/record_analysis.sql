create or replace function insight.record_analysis(
  p_claim_id uuid,
  p_model_name text,
  p_model_version text,
  p_sentiment numeric default null,
  p_toxicity numeric default null,
  p_confidence numeric default null,
  p_language text default null,
  p_topics text[] default '{}',
  p_entities jsonb default '{}',
  p_summary text default null,
  p_input_tokens integer default 0,
  p_output_tokens integer default 0,
  p_cost numeric default 0
)
returns insight.message_analyses
language plpgsql
volatile
-- Analyses are nobody's to write.
security definer
set search_path = ''
as $$
declare
  task insight.tasks;
  settled record;
  analysis insight.message_analyses;
  public_author uuid;
begin
  select * into settled from insight.settle_task(p_claim_id, 'analysis');
  task := settled.task;
  if settled.verdict = 'lost' then
    select * into analysis from insight.message_analyses as earlier where earlier.claim_id = p_claim_id;
    if not found then
      perform core.fail('insight_claim.lost');
    end if;
    return analysis;
  end if;
  if settled.verdict <> 'fits' then
    return null;
  end if;

  begin
    insert into insight.message_analyses as stored (
      channel_id, message_id, model_name, model_version, author_id, sentiment_score, toxicity_score, confidence_score,
      language_code, topics, entities, summary, input_tokens, output_tokens, cost, claim_id
    )
    select
      task.channel_id, source.id, nullif(btrim(p_model_name), ''), nullif(btrim(p_model_version), ''), source.sender_id,
      p_sentiment, p_toxicity, p_confidence, p_language, coalesce(p_topics, '{}'), coalesce(p_entities, '{}'), p_summary,
      p_input_tokens, p_output_tokens, p_cost, p_claim_id
    from insight.source_messages(task.channel_id, task.start_message_id, task.end_message_id) as source
    on conflict (channel_id, message_id, model_name, model_version) do update
    set sentiment_score = excluded.sentiment_score,
        toxicity_score = excluded.toxicity_score,
        confidence_score = excluded.confidence_score,
        language_code = excluded.language_code,
        topics = excluded.topics,
        entities = excluded.entities,
        summary = excluded.summary,
        input_tokens = excluded.input_tokens,
        output_tokens = excluded.output_tokens,
        cost = excluded.cost,
        claim_id = excluded.claim_id,
        inserted_at = now()
    returning * into analysis;
  exception
    when check_violation or not_null_violation or string_data_right_truncation or numeric_value_out_of_range then
      perform core.fail('message_analysis.invalid');
  end;

  -- Moderators of the platform read public groups; what is said elsewhere is the business of the group's own staff.
  if analysis.toxicity_score >= 0.80 and to_regclass('moderation.queue_items') is not null then
    select analysis.author_id into public_author
    from groups.channels as channel
    join groups.groups as home on home.id = channel.group_id
    where channel.id = analysis.channel_id
      and home.is_public;
    if public_author is not null then
      perform moderation.enqueue(
        'investigation', 'channel_message', analysis.message_id, analysis.channel_id,
        p_subject_user_id => public_author,
        p_priority => 30,
        p_metadata => jsonb_build_object('toxicity', analysis.toxicity_score, 'model', analysis.model_name)
      );
    end if;
  end if;
  return analysis;
end
$$;

comment on function insight.record_analysis(uuid, text, text, numeric, numeric, numeric, text, text[], jsonb, text, integer, integer, numeric) is
  'For the worker: keeps what a model (name and version) made of the message of a claim, with what it cost, and ends the claim. The same result sent twice is kept once and given back. A row of nulls comes back when the message was edited meanwhile (it waits again) or may not be analysed any more. A second result of the same model replaces the first. A toxicity of 0.80 or more in a public group becomes work of the moderators, where that module is installed. Refuses insight_claim.lost, and values off their scales, missing or too long (message_analysis.invalid), after which the claim is still in force.';

revoke all on function insight.record_analysis(uuid, text, text, numeric, numeric, numeric, text, text[], jsonb, text, integer, integer, numeric) from public;
grant execute on function insight.record_analysis(uuid, text, text, numeric, numeric, numeric, text, text[], jsonb, text, integer, integer, numeric) to stoa_worker;
