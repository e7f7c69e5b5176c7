create or replace function tracker.award_bonus(
  p_period timestamptz default now(),
  p_after uuid default null,
  p_limit integer default 1000
)
returns table (paid integer, next_after uuid)
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
declare
  rule tracker.bonus_rules;
  span_start timestamptz;
  span_end timestamptz;
  rule_ids uuid[] := '{}';
  span_starts timestamptz[] := '{}';
  user_ids uuid[] := '{}';
  amounts numeric[] := '{}';
  people uuid[];
  owed record;
begin
  for rule in
    select *
    from tracker.bonus_rules as candidate
    where candidate.is_active
      and candidate.event in ('seeding', 'comment', 'forum_post', 'achievement')
      and coalesce(candidate.starts_at <= p_period, true)
      and coalesce(candidate.ends_at > p_period, true)
    order by candidate.id
  loop
    -- Who seeds is paid for the hour or day that runs; what is counted over a span is paid when the span is over.
    span_end := case rule.period when 'once' then p_period else date_trunc(rule.period, p_period, 'UTC') end;
    span_start := case
      when rule.period = 'once' then '-infinity'
      when rule.event = 'seeding' then span_end
      when rule.period = 'hour' then span_end - interval '1 hour'
      else span_end - interval '24 hours'
    end;
    select
      rule_ids || coalesce(array_agg(rule.id), '{}'),
      span_starts || coalesce(array_agg(span_start), '{}'),
      user_ids || coalesce(array_agg(due.user_id), '{}'),
      amounts || coalesce(
        array_agg(round(least(rule.amount * due.times, coalesce(rule.max_per_period, rule.amount * due.times)), 4)), '{}'
      )
    into rule_ids, span_starts, user_ids, amounts
    from (
      select * from tracker.seeded_torrents(rule.conditions, p_period) where rule.event = 'seeding'
      union all
      select * from tracker.count_events(rule.event, span_start, span_end) where rule.event <> 'seeding'
    ) as due
    join core.users as person on person.id = due.user_id
    where due.times > 0
      and (p_after is null or due.user_id > p_after)
      and person.is_active
      and person.deleted_at is null
      and person.erased_at is null
      and coalesce(person.banned_until <= p_period, true);
  end loop;

  people := array(
    select distinct due.user_id
    from unnest(rule_ids, span_starts, user_ids) as due (rule_id, span_start, user_id)
    where not exists (
      select
      from tracker.bonus_transactions as earlier
      where earlier.user_id = due.user_id
        and earlier.bonus_rule_id = due.rule_id
        and earlier.period_start = due.span_start
        and earlier.torrent_id is null
    )
    order by due.user_id
    limit p_limit
  );
  -- All people of the batch at once, in order: rule by rule, a second rule would lock somebody before the last of the
  -- first, and meet an announce that goes the right way.
  perform tracker.ensure_statistics(people);
  perform
  from tracker.user_statistics as totals
  where totals.user_id = any (people)
  order by totals.user_id
  for no key update;

  paid := 0;
  for owed in
    select
      due.rule_id,
      due.span_start,
      array_agg(due.user_id order by due.user_id) as user_ids,
      array_agg(due.amount order by due.user_id) as amounts
    from unnest(rule_ids, span_starts, user_ids, amounts) as due (rule_id, span_start, user_id, amount)
    where due.user_id = any (people)
    group by due.rule_id, due.span_start
    order by due.rule_id
  loop
    paid := paid + tracker.pay_rule(owed.rule_id, owed.span_start, owed.user_ids, owed.amounts);
  end loop;
  next_after := case when cardinality(people) = p_limit then people[p_limit] end;
  return next;
end
$$;

comment on function tracker.award_bonus(timestamptz, uuid, integer) is
  'For the worker, hourly: pays a batch of people what the active rules about seeding, comments, forum posts and achievements owe them, one movement a person, rule and period. Returns how many movements it wrote and after which person the next batch starts; null there means that the pass is complete. A second run for the same period pays nothing, also while the first is under way: the key of the ledger is by person, rule and period. Locks the totals of the batch by person. Scans the peers once a rule about seeding.';

revoke all on function tracker.award_bonus(timestamptz, uuid, integer) from public;
grant execute on function tracker.award_bonus(timestamptz, uuid, integer) to stoa_worker;
