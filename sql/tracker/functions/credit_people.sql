create or replace function tracker.credit_people(p_work tracker.announce_work[])
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  people uuid[];
begin
  people := array(
    select distinct told.user_id
    from unnest(p_work) as told
    where told.is_counted
      and (told.credited > 0 or told.charged > 0 or told.seeded_seconds > 0 or told.is_completion)
  );
  if cardinality(people) = 0 then
    return;
  end if;

  perform tracker.ensure_statistics(people);
  perform
  from tracker.user_statistics as totals
  where totals.user_id = any (people)
  order by totals.user_id
  for no key update;
  update tracker.user_statistics as totals
  set uploaded = totals.uploaded + moved.credited,
      downloaded = totals.downloaded + moved.charged,
      seed_seconds = totals.seed_seconds + moved.seeded_seconds,
      torrents_snatched = totals.torrents_snatched + moved.completions,
      updated_at = now()
  from (
    select
      torrent.user_id,
      sum(torrent.credited)::bigint as credited,
      sum(torrent.charged)::bigint as charged,
      sum(torrent.seeded_seconds)::bigint as seeded_seconds,
      (count(*) filter (where torrent.is_completion))::integer as completions
    from (
      select
        told.user_id,
        sum(told.credited) as credited,
        sum(told.charged) as charged,
        -- Two clients at once are one person who seeds.
        max(told.seeded_seconds) as seeded_seconds,
        bool_or(told.is_completion) as is_completion
      from unnest(p_work) as told
      where told.is_counted
      group by told.user_id, told.torrent_id
    ) as torrent
    where torrent.user_id = any (people)
    group by torrent.user_id
  ) as moved
  where totals.user_id = moved.user_id;
end
$$;

comment on function tracker.credit_people(tracker.announce_work[]) is
  'Internal, for tracker.announce_many: adds what a set of announces moved to the totals of its people, whose rows it locks by person, the last locks of the set.';

revoke all on function tracker.credit_people(tracker.announce_work[]) from public;
