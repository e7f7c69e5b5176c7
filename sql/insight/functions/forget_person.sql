create or replace function insight.forget_person(p_user_id uuid, p_limit integer default 1000)
returns integer
language plpgsql
volatile
-- What is worked out is nobody's to write.
security definer
set search_path = ''
as $$
declare
  analyses integer;
  mentions integer;
begin
  delete from insight.message_analyses as target
  using (
    select analysis.channel_id, analysis.message_id, analysis.model_name, analysis.model_version
    from insight.message_analyses as analysis
    where analysis.author_id = p_user_id
    limit p_limit
    for update
  ) as doomed
  where (target.channel_id, target.message_id, target.model_name, target.model_version)
    = (doomed.channel_id, doomed.message_id, doomed.model_name, doomed.model_version);
  get diagnostics analyses = row_count;
  delete from insight.summary_participants as target
  using (
    select participant.summary_id
    from insight.summary_participants as participant
    where participant.user_id = p_user_id
    order by participant.summary_id
    limit p_limit
    for update
  ) as doomed
  where target.summary_id = doomed.summary_id and target.user_id = p_user_id;
  get diagnostics mentions = row_count;
  return analyses + mentions;
end
$$;

comment on function insight.forget_person(uuid, integer) is
  'For the worker: deletes one batch of what models made of a person''s messages, and takes the person out of summaries, which become stale by that. Returns how many rows went; call it until that is 0. Reputation is no matter of models and stays.';

revoke all on function insight.forget_person(uuid, integer) from public;
grant execute on function insight.forget_person(uuid, integer) to stoa_worker;
