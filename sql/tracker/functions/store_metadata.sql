create or replace function tracker.store_metadata(
  p_torrent_id uuid,
  p_provider text,
  p_external_id text,
  p_title text,
  p_year integer,
  p_data jsonb
)
returns boolean
language plpgsql
volatile
-- The worker has no right to update.
security definer
set search_path = ''
as $$
begin
  update tracker.torrent_metadata as held
  set title = p_title,
      year = p_year,
      data = coalesce(p_data, '{}'),
      fetched_at = now()
  where held.torrent_id = p_torrent_id
    and held.provider = p_provider
    and held.external_id = p_external_id;
  return found;
end
$$;

comment on function tracker.store_metadata(uuid, text, text, text, integer, jsonb) is
  'For the worker: keeps what an outside catalogue answered about a work. False when the torrent is meanwhile said to be another work, or gone.';

revoke all on function tracker.store_metadata(uuid, text, text, text, integer, jsonb) from public;
grant execute on function tracker.store_metadata(uuid, text, text, text, integer, jsonb) to stoa_worker;
