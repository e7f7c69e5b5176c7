create or replace function insight.forget_group(p_group_id uuid, p_limit integer default 1000)
returns integer
language plpgsql
volatile
-- What is worked out is nobody's to write.
security definer
set search_path = ''
as $$
declare
  policy insight.group_policies;
  gone integer := 0;
  batch integer;
begin
  select * into policy from insight.group_policies as target where target.group_id = p_group_id for share;
  if not coalesce(policy.analyses, false) then
    delete from insight.message_analyses as target
    using (
      select analysis.channel_id, analysis.message_id, analysis.model_name, analysis.model_version
      from insight.message_analyses as analysis
      where analysis.channel_id in (select channel.id from groups.channels as channel where channel.group_id = p_group_id)
      limit p_limit
      for update
    ) as doomed
    where (target.channel_id, target.message_id, target.model_name, target.model_version)
      = (doomed.channel_id, doomed.message_id, doomed.model_name, doomed.model_version);
    get diagnostics gone = row_count;
  end if;
  if not coalesce(policy.summaries, false) then
    delete from insight.conversation_summaries as target
    using (
      select summary.id
      from insight.conversation_summaries as summary
      where summary.channel_id in (select channel.id from groups.channels as channel where channel.group_id = p_group_id)
      order by summary.id
      limit p_limit
      for update
    ) as doomed
    where target.id = doomed.id;
    get diagnostics batch = row_count;
    gone := gone + batch;
  end if;
  return gone;
end
$$;

comment on function insight.forget_group(uuid, integer) is
  'For the worker: deletes one batch of the analyses or summaries of a group that does not want them any more. Returns how many rows went; call it until that is 0. Does nothing about what the group wants (again).';

revoke all on function insight.forget_group(uuid, integer) from public;
grant execute on function insight.forget_group(uuid, integer) to stoa_worker;
