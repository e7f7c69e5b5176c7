create or replace function tracker.set_metadata(p_torrent_id uuid, p_provider text, p_external_id text)
returns tracker.torrent_metadata
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  torrent tracker.torrents;
  entry tracker.torrent_metadata;
begin
  perform core.require_unrestricted('tracker');
  if p_provider is null or p_provider not in ('tmdb', 'igdb', 'musicbrainz') or coalesce(p_external_id, '') !~ '^[A-Za-z0-9:_/-]{1,64}$' then
    perform core.fail('input.malformed');
  end if;
  torrent := tracker.locked_torrent(p_torrent_id);
  if torrent.uploader_id is distinct from me and core.current_role_rank() < 2 then
    perform core.fail('torrent.not_allowed');
  end if;

  insert into tracker.torrent_metadata as existing (torrent_id, provider, external_id)
  values (p_torrent_id, p_provider, p_external_id)
  on conflict (torrent_id, provider) do update
  set external_id = excluded.external_id,
      title = null,
      year = null,
      data = '{}',
      fetched_at = null
  where existing.external_id <> excluded.external_id;
  select * into entry
  from tracker.torrent_metadata as held
  where held.torrent_id = p_torrent_id and held.provider = p_provider;
  return entry;
end
$$;

comment on function tracker.set_metadata(uuid, text, text) is
  E'@name set_torrent_metadata\nSays which work of tmdb, igdb or musicbrainz a torrent is: its uploader or a moderator (torrent.not_allowed). What that catalogue says is fetched afterwards; naming another work forgets what was known. Refuses torrent.unknown and input.malformed.';

revoke all on function tracker.set_metadata(uuid, text, text) from public;
grant execute on function tracker.set_metadata(uuid, text, text) to stoa_member;
