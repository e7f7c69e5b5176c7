create or replace function tracker.sample_peers(
  p_torrent_id uuid,
  p_user_id uuid,
  p_leechers_only boolean,
  p_wanted integer,
  p_swarm_size integer
)
returns table (peers bytea, peers6 bytea)
language plpgsql
volatile
set search_path = ''
as $$
declare
  -- A window of the swarm in the order of its key that begins anywhere and goes round: as random as a shuffle needs to
  -- be, without sorting thousands of rows for each announce.
  start integer := case when p_swarm_size > p_wanted then floor(random() * p_swarm_size)::integer else 0 end;
  around integer := greatest(start + p_wanted - coalesce(p_swarm_size, 0), 0);
begin
  if p_wanted = 0 then
    return query select ''::bytea, ''::bytea;
    return;
  end if;
  if start = 0 then
    around := 0;
  end if;

  if p_leechers_only then
    return query
      select
        coalesce(string_agg(found.address || found.port, ''::bytea) filter (where octet_length(found.address) = 4), ''),
        coalesce(string_agg(found.address || found.port, ''::bytea) filter (where octet_length(found.address) = 16), '')
      from (
        select substring(inet_send(chosen.ip_address) from 5) as address, substring(int4send(chosen.port) from 3) as port
        from (
          (
            select peer.ip_address, peer.port
            from tracker.peers as peer
            where peer.torrent_id = p_torrent_id
              and not peer.is_seeder
              and peer.user_id <> p_user_id
            order by peer.torrent_id, peer.user_id
            offset start
            limit p_wanted
          )
          union all
          (
            select peer.ip_address, peer.port
            from tracker.peers as peer
            where peer.torrent_id = p_torrent_id
              and not peer.is_seeder
              and peer.user_id <> p_user_id
            order by peer.torrent_id, peer.user_id
            limit around
          )
        ) as chosen
      ) as found;
  else
    return query
      select
        coalesce(string_agg(found.address || found.port, ''::bytea) filter (where octet_length(found.address) = 4), ''),
        coalesce(string_agg(found.address || found.port, ''::bytea) filter (where octet_length(found.address) = 16), '')
      from (
        select substring(inet_send(chosen.ip_address) from 5) as address, substring(int4send(chosen.port) from 3) as port
        from (
          (
            select peer.ip_address, peer.port
            from tracker.peers as peer
            where peer.torrent_id = p_torrent_id
              and peer.user_id <> p_user_id
            order by peer.torrent_id, peer.user_id, peer.peer_id
            offset start
            limit p_wanted
          )
          union all
          (
            select peer.ip_address, peer.port
            from tracker.peers as peer
            where peer.torrent_id = p_torrent_id
              and peer.user_id <> p_user_id
            order by peer.torrent_id, peer.user_id, peer.peer_id
            limit around
          )
        ) as chosen
      ) as found;
  end if;
end
$$;

comment on function tracker.sample_peers(uuid, uuid, boolean, integer, integer) is
  'Internal. Up to so many peers of a swarm, other people''s only, in the compact forms of BEP 23 (4 bytes of address, 2 of port) and BEP 7 (16 and 2). Begins at a random place of p_swarm_size, which may be a minute old. Reads as many index entries as it passes over.';

revoke all on function tracker.sample_peers(uuid, uuid, boolean, integer, integer) from public;
