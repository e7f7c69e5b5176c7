create or replace function insight.configure_group(p_group_id uuid, p_patch jsonb)
returns insight.group_policies
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  before insight.group_policies;
  after insight.group_policies;
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MANAGE_GROUP');
  perform groups.check_patch_types(p_patch, array[]::text[], array['analyses', 'summaries'], array[]::text[], array[]::text[]);

  insert into insight.group_policies (group_id, updated_by) values (p_group_id, me) on conflict (group_id) do nothing;
  -- Results that are written at this moment are waited for, and deleted with the others.
  select * into before from insight.group_policies as policy where policy.group_id = p_group_id for update;
  after := jsonb_populate_record(before, p_patch);
  update insight.group_policies as policy
  set analyses = after.analyses,
      summaries = after.summaries,
      analyses_since = case when after.analyses then coalesce(before.analyses_since, now()) end,
      summaries_since = case when after.summaries then coalesce(before.summaries_since, now()) end,
      updated_by = me
  where policy.group_id = p_group_id
  returning * into after;
  if (before.analyses and not after.analyses) or (before.summaries and not after.summaries) then
    perform core.enqueue(
      'insight_forget', json_build_object('groupId', p_group_id), 'insight_forget:' || p_group_id
    );
  end if;
  if (before.analyses, before.summaries) <> (after.analyses, after.summaries) then
    perform audit.record(
      'configure_insight', 'insight.group_policies', p_group_id,
      jsonb_build_object('analyses', before.analyses, 'summaries', before.summaries),
      jsonb_build_object('analyses', after.analyses, 'summaries', after.summaries),
      p_group_id => p_group_id
    );
  end if;
  return after;
end
$$;

comment on function insight.configure_group(uuid, jsonb) is
  E'@name configure_insight\nWhat a group lets models do with its messages. The patch may name analyses and summaries, true or false; both are off until somebody switches them on, and hold for what is written from then on. Switching off deletes what was made. Members who do not let models read what they write (setting allow_ai_analysis) are left out in any case. Needs MANAGE_GROUP (group.not_allowed) and the second factor that the group demands (group.second_factor_required). Refuses group.unknown, input.unknown_key and input.malformed. Audited.';

revoke all on function insight.configure_group(uuid, jsonb) from public;
grant execute on function insight.configure_group(uuid, jsonb) to stoa_member;
