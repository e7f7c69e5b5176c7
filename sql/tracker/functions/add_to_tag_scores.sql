create or replace function tracker.add_to_tag_scores(p_torrent_ids uuid[], p_tag_ids uuid[], p_values integer[])
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  perform
  from tracker.torrent_tag_assignments as held
  where (held.torrent_id, held.tag_id) in (select step.torrent_id, step.tag_id from unnest(p_torrent_ids, p_tag_ids) as step (torrent_id, tag_id))
  order by held.torrent_id, held.tag_id
  for no key update;

  update tracker.torrent_tag_assignments as held
  set score = held.score + summed.value
  from (
    select step.torrent_id, step.tag_id, sum(step.value)::integer as value
    from unnest(p_torrent_ids, p_tag_ids, p_values) as step (torrent_id, tag_id, value)
    group by step.torrent_id, step.tag_id
  ) as summed
  where held.torrent_id = summed.torrent_id
    and held.tag_id = summed.tag_id
    and summed.value <> 0;
end
$$;

comment on function tracker.add_to_tag_scores(uuid[], uuid[], integer[]) is
  'Internal. Adds votes to the scores of tags on torrents: one update a row, in the order of their keys.';

revoke all on function tracker.add_to_tag_scores(uuid[], uuid[], integer[]) from public;
