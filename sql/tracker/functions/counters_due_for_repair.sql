create or replace function tracker.counters_due_for_repair(p_since timestamptz, p_sample integer default 250)
returns setof uuid
language plpgsql
stable
rows 1000
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
declare
  anywhere constant uuid := core.uuidv7_floor(
    now() - random() * (now() - coalesce(core.uuidv7_time((select first.id from tracker.torrents as first order by first.id limit 1)), now()))
  );
begin
  return query
    select comment.torrent_id from tracker.comments as comment where comment.updated_at >= p_since and comment.torrent_id is not null
    union
    select request.id from tracker.requests as request where request.updated_at >= p_since
    union
    select collection.id from tracker.collections as collection where collection.updated_at >= p_since
    union
    select assignment.tag_id from tracker.torrent_tag_assignments as assignment where assignment.inserted_at >= p_since
    union
    (select torrent.id from tracker.torrents as torrent where torrent.id >= anywhere order by torrent.id limit p_sample)
    union
    (select request.id from tracker.requests as request where request.id >= anywhere order by request.id limit p_sample)
    union
    (select collection.id from tracker.collections as collection where collection.id >= anywhere order by collection.id limit p_sample)
    union
    (select tag.id from tracker.tags as tag where tag.id >= anywhere order by tag.id limit p_sample);
end
$$;

comment on function tracker.counters_due_for_repair(timestamptz, integer) is
  'For the worker: the torrents, requests, collections and tags whose counters the nightly check recounts: what was changed or commented on since p_since, and a sample of the rest. Scans comments, requests, collections and assignments once.';

revoke all on function tracker.counters_due_for_repair(timestamptz, integer) from public;
grant execute on function tracker.counters_due_for_repair(timestamptz, integer) to stoa_worker;
