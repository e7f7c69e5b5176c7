create or replace function tracker.metadata_to_fetch(p_limit integer default 100)
returns table (torrent_id uuid, provider text, external_id varchar)
language sql
stable
rows 100
-- The worker has no right to read past the policies here.
security definer
set search_path = ''
begin atomic
  select held.torrent_id, held.provider, held.external_id
  from tracker.torrent_metadata as held
  where held.fetched_at is null
  order by held.torrent_id
  limit p_limit;
end;

comment on function tracker.metadata_to_fetch(integer) is
  'For the worker: works that an outside catalogue was not asked about yet, the oldest torrents first. One range of a partial index.';

revoke all on function tracker.metadata_to_fetch(integer) from public;
grant execute on function tracker.metadata_to_fetch(integer) to stoa_worker;
