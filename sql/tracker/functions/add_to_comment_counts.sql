create or replace function tracker.add_to_comment_counts(p_subject_ids uuid[], p_steps integer[])
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  -- The order of the module: requests, collections, statistics of torrents, each by key. An identifier is of one of them.
  perform from tracker.requests as request where request.id = any (p_subject_ids) order by request.id for no key update;
  update tracker.requests as request
  set comment_count = request.comment_count + summed.step
  from (
    select changed.id, sum(changed.step)::integer as step from unnest(p_subject_ids, p_steps) as changed (id, step) group by changed.id
  ) as summed
  where request.id = summed.id;

  perform from tracker.collections as collection where collection.id = any (p_subject_ids) order by collection.id for no key update;
  update tracker.collections as collection
  set comment_count = collection.comment_count + summed.step
  from (
    select changed.id, sum(changed.step)::integer as step from unnest(p_subject_ids, p_steps) as changed (id, step) group by changed.id
  ) as summed
  where collection.id = summed.id;

  perform
  from tracker.torrent_statistics as statistics
  where statistics.torrent_id = any (p_subject_ids)
  order by statistics.torrent_id
  for no key update;
  update tracker.torrent_statistics as statistics
  set comment_count = statistics.comment_count + summed.step
  from (
    select changed.id, sum(changed.step)::integer as step from unnest(p_subject_ids, p_steps) as changed (id, step) group by changed.id
  ) as summed
  where statistics.torrent_id = summed.id;
end
$$;

comment on function tracker.add_to_comment_counts(uuid[], integer[]) is
  'Internal. Adds to the numbers of comments on torrents, requests and collections: one update a row, in the order of their keys.';

revoke all on function tracker.add_to_comment_counts(uuid[], integer[]) from public;
