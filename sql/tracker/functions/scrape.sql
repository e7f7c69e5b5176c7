create or replace function tracker.scrape(p_passkey_hash bytea, p_info_hashes bytea[])
returns table (info_hash bytea, complete integer, downloaded integer, incomplete integer)
language plpgsql
stable
-- Whoever may announce reads no table.
security definer
set search_path = ''
as $$
begin
  if not exists (
    select
    from tracker.passkeys as key
    where key.passkey_hash = p_passkey_hash
      and key.revoked_at is null
  ) then
    perform core.fail('announce.passkey_unknown');
  end if;
  return query
    select asked.info_hash, figures.seeders, figures.times_completed, figures.leechers
    from unnest(p_info_hashes[1:100]) with ordinality as asked (info_hash, place)
    join lateral (
      select candidate.id
      from (
        select v1.* from tracker.torrents as v1 where v1.info_hash = asked.info_hash
        union all
        select v2.* from tracker.torrents as v2
        where v2.info_hash_v2 is not null
          and substring(v2.info_hash_v2 from 1 for 20) = substring(asked.info_hash from 1 for 20)
      ) as candidate
      where candidate.moderation_status = 'approved'
        and candidate.is_active
        and candidate.deleted_at is null
      limit 1
    ) as torrent on true
    join tracker.torrent_statistics as figures on figures.torrent_id = torrent.id
    order by asked.place;
end
$$;

comment on function tracker.scrape(bytea, bytea[]) is
  E'@internal\nThe sizes of up to a hundred swarms, as of the last minute; torrents that are not offered are left out. Refuses announce.passkey_unknown.';

revoke all on function tracker.scrape(bytea, bytea[]) from public;
grant execute on function tracker.scrape(bytea, bytea[]) to stoa_tracker;
