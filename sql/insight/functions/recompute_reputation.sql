create or replace function insight.recompute_reputation(p_group_id uuid default null)
returns integer
language plpgsql
volatile
-- Reads the facts of every module; scores are nobody's to write.
security definer
set search_path = ''
as $$
declare
  weights constant jsonb := core.setting_json('insight.reputation_weights');
  source insight.reputation_sources;
  facts text := 'select null::text as component, null::uuid as user_id, 0::numeric as value where false';
  changed integer;
begin
  -- Two at once: the second reads its facts after the first has committed, so it never writes older figures over newer ones.
  perform pg_advisory_xact_lock(hashtextextended('insight.recompute_reputation:' || coalesce(p_group_id::text, 'platform'), 0));

  for source in
    select *
    from insight.reputation_sources as known
    where known.is_of_groups = (p_group_id is not null)
      and (known.needs is null or to_regclass(known.needs) is not null)
    order by known.name
  loop
    facts := facts || format(
      ' union all select %L, counted.user_id, counted.value::numeric from (%s) as counted', source.component, source.query
    );
  end loop;
  if p_group_id is null then
    facts := facts || $query$
      union all
      select part.component, score.user_id, part.value::numeric
      from insight.reputation_scores as score
      cross join lateral (
        values
          ('helpful_messages', score.helpful_messages),
          ('quality_contributions', score.quality_contributions),
          ('community_engagement', score.community_engagement),
          ('moderation_actions', score.moderation_actions)
      ) as part (component, value)
      where score.group_id is not null
    $query$;
  end if;

  execute format(
    $query$
      with facts as (%s),
      totals as materialized (
        select
          facts.user_id,
          coalesce(sum(facts.value) filter (where facts.component = 'helpful_messages'), 0) as helpful,
          coalesce(sum(facts.value) filter (where facts.component = 'quality_contributions'), 0) as quality,
          coalesce(sum(facts.value) filter (where facts.component = 'community_engagement'), 0) as engagement,
          coalesce(sum(facts.value) filter (where facts.component = 'moderation_actions'), 0) as moderation
        from facts
        join core.users as person on person.id = facts.user_id and person.erased_at is null
        group by facts.user_id
        having bool_or(facts.value <> 0)
      ),
      stored as (
        insert into insight.reputation_scores as known (
          user_id, group_id, score, helpful_messages, quality_contributions, community_engagement, moderation_actions
        )
        select
          totals.user_id,
          $1,
          greatest(least(trunc(
            totals.helpful * coalesce(($2 ->> 'helpful_messages')::numeric, 0)
            + totals.quality * coalesce(($2 ->> 'quality_contributions')::numeric, 0)
            + totals.engagement * coalesce(($2 ->> 'community_engagement')::numeric, 0)
            + totals.moderation * coalesce(($2 ->> 'moderation_actions')::numeric, 0)
          ), 2147483647), -2147483647)::integer,
          greatest(least(totals.helpful, 2147483647), -2147483647)::integer,
          greatest(least(totals.quality, 2147483647), -2147483647)::integer,
          greatest(least(totals.engagement, 2147483647), -2147483647)::integer,
          greatest(least(totals.moderation, 2147483647), -2147483647)::integer
        from totals
        order by totals.user_id
        on conflict (user_id, group_id) do update
        set score = excluded.score,
            helpful_messages = excluded.helpful_messages,
            quality_contributions = excluded.quality_contributions,
            community_engagement = excluded.community_engagement,
            moderation_actions = excluded.moderation_actions,
            last_calculated = now()
        where (known.score, known.helpful_messages, known.quality_contributions, known.community_engagement, known.moderation_actions)
          <> (excluded.score, excluded.helpful_messages, excluded.quality_contributions, excluded.community_engagement, excluded.moderation_actions)
        returning 1
      ),
      gone as (
        delete from insight.reputation_scores as known
        where known.group_id is not distinct from $1
          and known.user_id not in (select totals.user_id from totals)
        returning 1
      )
      select (select count(*) from stored) + (select count(*) from gone)
    $query$,
    facts
  )
  into changed
  using p_group_id, weights;
  return changed;
end
$$;

comment on function insight.recompute_reputation(uuid) is
  'For the worker, nightly: works out the reputation of everybody in a group from the facts (insight.reputation_sources), or, without a group, on the whole platform: what they have in all groups and what is counted outside of them. Anew and whole, so that running it twice changes nothing; rows that nothing supports any more go. Writes only what differs and returns how many rows that was. The groups come first. Reads all messages of the group.';

revoke all on function insight.recompute_reputation(uuid) from public;
grant execute on function insight.recompute_reputation(uuid) to stoa_worker;
