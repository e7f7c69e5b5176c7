create or replace function tracker.announce_many(p_announces jsonb)
returns table (
  place integer,
  failure_reason text,
  failure text,
  interval_seconds integer,
  min_interval_seconds integer,
  complete integer,
  incomplete integer,
  peers bytea,
  peers6 bytea
)
language plpgsql
volatile
-- Whoever may announce can do nothing else: the tables are granted to nobody who could write them.
security definer
set search_path = ''
-- Every look-up is by key. Peers are empty after a crash, and a plan made then would go on scanning them as they fill.
set enable_seqscan = off
as $$
declare
  pause constant integer := core.setting_integer('tracker.swarm.announce_interval_seconds');
  min_pause constant integer := core.setting_integer('tracker.swarm.min_interval_seconds');
  fastest constant bigint := core.setting_integer('tracker.swarm.max_bytes_per_second');
  blocked_ports constant jsonb := core.setting_json('tracker.swarm.blocked_ports');
  blocked_clients constant text[] :=
    array(select jsonb_array_elements_text(core.setting_json('tracker.swarm.blocked_clients')));
  -- A silence longer than this is not time in the swarm; the sweep removes such a peer.
  stale constant interval := tracker.stale_after();
  turns integer;
  moment timestamptz;
  work tracker.announce_work[];
  done tracker.announce_work[] := '{}';
  suspect record;
begin
  -- What a crash loses of the last moments is not credited again: peers are gone with it, and begin anew.
  perform set_config('synchronous_commit', 'off', true);

  -- The passkey stands for its owner: announces of one person wait for each other here, also those of another process
  -- and a reset of the passkey. In the order of the digests, so that two sets never wait for each other in a circle.
  perform
  from tracker.passkeys as key
  where key.passkey_hash = any (array(
    select decode(item.value ->> 'passkey_hash', 'hex')
    from jsonb_array_elements(p_announces) as item
    where item.value ->> 'passkey_hash' ~ '^[0-9a-f]{64}$'
  ))
  order by key.passkey_hash
  for no key update;
  moment := clock_timestamp();

  -- The same session twice in one set is two turns: the second builds on what the first has written.
  select max(repeated.times) into turns
  from (
    select count(*) as times
    from jsonb_array_elements(p_announces) as item
    group by item.value ->> 'passkey_hash', item.value ->> 'info_hash', item.value ->> 'peer_id'
  ) as repeated;

  for turn in 1..coalesce(turns, 0) loop
    with listed as (
      select
        item.place::integer as place,
        item.value,
        row_number() over (
          partition by item.value ->> 'passkey_hash', item.value ->> 'info_hash', item.value ->> 'peer_id'
          order by item.place
        ) as occurrence
      from jsonb_array_elements(p_announces) with ordinality as item (value, place)
    ),
    -- Materialised, each of the three: inlined, an expression is computed again wherever it is named.
    incoming as materialized (
      select
        listed.place,
        case when value ->> 'passkey_hash' ~ '^[0-9a-f]{64}$' then decode(value ->> 'passkey_hash', 'hex') end as passkey_hash,
        case when value ->> 'info_hash' ~ '^([0-9a-f]{40}|[0-9a-f]{64})$' then decode(value ->> 'info_hash', 'hex') end as info_hash,
        case when value ->> 'peer_id' ~ '^[0-9a-f]{40}$' then decode(value ->> 'peer_id', 'hex') end as peer_id,
        (value ->> 'ip')::inet as ip_address,
        case when value ->> 'port' ~ '^[0-9]{1,5}$' then (value ->> 'port')::integer end as port,
        -- 18 digits: an exabyte is beyond every swarm, and the sum of a set stays within bigint.
        case when value ->> 'uploaded' ~ '^[0-9]{1,18}$' then (value ->> 'uploaded')::bigint end as uploaded,
        case when value ->> 'downloaded' ~ '^[0-9]{1,18}$' then (value ->> 'downloaded')::bigint end as downloaded,
        case when value ->> 'left' ~ '^[0-9]{1,18}$' then (value ->> 'left')::bigint end as left_bytes,
        coalesce(value ->> 'event', '') as event,
        left(value ->> 'user_agent', 200) as user_agent,
        case when value ->> 'numwant' ~ '^[0-9]{1,9}$' then least((value ->> 'numwant')::integer, 200) else 50 end as wanted
      from listed
      where listed.occurrence = turn
    ),
    known as materialized (
      select
        incoming.*,
        key.user_id,
        torrent.id as torrent_id,
        torrent.is_free,
        torrent.upload_factor,
        class.max_concurrent_downloads * case when class.perks & 1 = 1 then 2 else 1 end as slots,
        case
          when key.user_id is null then 'announce.passkey_unknown'
          when not person.is_active
            or person.deleted_at is not null
            or person.erased_at is not null
            or person.banned_until > moment
            or exists (
              select
              from core.user_restrictions as restriction
              where restriction.user_id = key.user_id
                and restriction.activity = 'tracker'
                and restriction.until > moment
            )
          then 'announce.account_barred'
          when torrent.id is null then 'announce.torrent_unregistered'
          when num_nulls(
              incoming.peer_id, incoming.ip_address, incoming.uploaded, incoming.downloaded, incoming.left_bytes
            ) > 0
            or coalesce(incoming.port not between 1 and 65535, true)
            or incoming.event not in ('', 'started', 'completed', 'stopped', 'paused')
          then 'announce.invalid'
          when blocked_ports @> to_jsonb(incoming.port) then 'announce.port_blocked'
          when exists (
            select
            from unnest(blocked_clients) as blocked (beginning)
            where starts_with(encode(incoming.peer_id, 'escape'), blocked.beginning)
          ) then 'announce.client_blocked'
        end as failure
      from incoming
      left join tracker.passkeys as key on key.passkey_hash = incoming.passkey_hash and key.revoked_at is null
      left join core.users as person on person.id = key.user_id
      left join core.user_classes as class on class.id = person.class_id
      left join lateral (
        select
          candidate.id,
          candidate.upload_factor,
          candidate.is_freeleech and coalesce(candidate.freeleech_until > moment, true) as is_free
        from (
          select v1.* from tracker.torrents as v1 where v1.info_hash = incoming.info_hash
          union all
          -- A version 2 torrent is announced by the first 20 bytes of its identity (BEP 52).
          select v2.* from tracker.torrents as v2
          where v2.info_hash_v2 is not null
            and substring(v2.info_hash_v2 from 1 for 20) = substring(incoming.info_hash from 1 for 20)
        ) as candidate
        where candidate.moderation_status = 'approved'
          and candidate.is_active
          and candidate.deleted_at is null
        limit 1
      ) as torrent on true
    ),
    compared as materialized (
      -- Failures stay in the row: joined back later, the rest would be computed once for each announce of the set.
      select
        known.*,
        session.last_announce_at is not null as is_known,
        session.left_bytes as left_before,
        coalesce(
          known.event = '' and session.last_announce_at > moment - make_interval(secs => min_pause), false
        ) as is_early,
        -- Without a row there is nothing to compare with: the table may have been lost, and counting the whole figure
        -- would credit it twice.
        coalesce(greatest(known.uploaded - session.uploaded, 0), 0) as uploaded_delta,
        coalesce(greatest(known.downloaded - session.downloaded, 0), 0) as downloaded_delta,
        greatest(extract(epoch from moment - session.last_announce_at), 1) as elapsed,
        history.last_announce_at as heard_at,
        history.completed_at,
        coalesce(history.has_leeched, false) as has_leeched,
        swarm.is_seeding,
        known.failure is null
          and known.left_bytes > 0
          and known.event not in ('stopped', 'paused')
          and not swarm.is_leeching as is_new_download,
        token.id as token_id
      from known
      left join tracker.peers as session
        on known.failure is null
       and session.torrent_id = known.torrent_id
       and session.user_id = known.user_id
       and session.peer_id = known.peer_id
      left join tracker.user_torrents as history
        on known.failure is null
       and history.user_id = known.user_id
       and history.torrent_id = known.torrent_id
      left join lateral (
        select
          coalesce(bool_or(own.is_seeder and own.last_announce_at > moment - stale), false) as is_seeding,
          coalesce(bool_or(not own.is_seeder), false) as is_leeching
        from tracker.peers as own
        where known.failure is null
          and own.torrent_id = known.torrent_id
          and own.user_id = known.user_id
      ) as swarm on true
      left join lateral (
        select spent.id
        from tracker.freeleech_tokens as spent
        where known.failure is null
          and not known.is_free
          and spent.user_id = known.user_id
          and spent.torrent_id = known.torrent_id
          and spent.activated_at <= moment
          and spent.expires_at > moment
        limit 1
      ) as token on true
    ),
    queued as (
      select
        compared.*,
        min(compared.place) over (
          partition by compared.user_id, compared.torrent_id, compared.is_new_download
        ) as first_place
      from compared
    ),
    ranked as (
      select
        queued.*,
        case
          when queued.is_new_download
            and queued.slots is not null
            and queued.slots < dense_rank() over (partition by queued.user_id, queued.is_new_download order by queued.first_place)
              + (
                select count(distinct own.torrent_id)
                from tracker.peers as own
                where own.user_id = queued.user_id
                  and not own.is_seeder
                  and own.last_announce_at > moment - stale
              )
          then 'announce.too_many_downloads'
          else queued.failure
        end as answer,
        queued.is_known and greatest(queued.uploaded_delta, queued.downloaded_delta) > fastest * queued.elapsed
          as is_implausible
      from queued
    )
    select array_agg(
      row(
        ranked.place,
        ranked.answer,
        ranked.user_id,
        ranked.torrent_id,
        ranked.peer_id,
        ranked.ip_address,
        ranked.port,
        ranked.uploaded,
        ranked.downloaded,
        ranked.left_bytes,
        ranked.event,
        ranked.user_agent,
        case when ranked.event = 'stopped' or ranked.is_early then 0 else ranked.wanted end,
        ranked.answer is null and not ranked.is_early,
        ranked.is_implausible,
        case when ranked.is_implausible then 0 else ranked.uploaded_delta end,
        case when ranked.is_implausible then 0 else ranked.downloaded_delta end,
        case when ranked.is_implausible then 0 else floor(ranked.uploaded_delta * ranked.upload_factor)::bigint end,
        case
          when ranked.is_implausible or ranked.is_free or ranked.token_id is not null then 0
          else ranked.downloaded_delta
        end,
        ranked.token_id,
        case
          when ranked.is_seeding
          then floor(extract(epoch from least(moment - ranked.heard_at, stale)))::bigint
          else 0
        end,
        ranked.left_bytes = 0
          and ranked.completed_at is null
          and (ranked.has_leeched or coalesce(ranked.left_before > 0, false))
      )::tracker.announce_work
      order by ranked.place
    )
    into work
    from ranked;

    delete from tracker.peers as session
    using unnest(work) as told
    where told.is_counted
      and told.event = 'stopped'
      and session.torrent_id = told.torrent_id
      and session.user_id = told.user_id
      and session.peer_id = told.peer_id;

    insert into tracker.peers as session (
      torrent_id, user_id, peer_id, ip_address, port, uploaded, downloaded, left_bytes, user_agent, started_at,
      last_announce_at
    )
    select
      told.torrent_id, told.user_id, told.peer_id, told.ip_address, told.port, told.uploaded, told.downloaded,
      told.left_bytes, told.user_agent, moment, moment
    from unnest(work) as told
    where told.is_counted
      and told.event <> 'stopped'
    order by told.torrent_id, told.user_id, told.peer_id
    on conflict (torrent_id, user_id, peer_id) do update
    set ip_address = excluded.ip_address,
        port = excluded.port,
        uploaded = excluded.uploaded,
        downloaded = excluded.downloaded,
        left_bytes = excluded.left_bytes,
        user_agent = excluded.user_agent,
        last_announce_at = excluded.last_announce_at;

    insert into tracker.user_torrents as history (
      user_id, torrent_id, uploaded, downloaded, seed_seconds, has_leeched, first_announce_at, last_announce_at,
      completed_at
    )
    select
      told.user_id,
      told.torrent_id,
      sum(told.credited),
      sum(told.charged),
      -- Two clients at once are one person who seeds.
      max(told.seeded_seconds),
      bool_or(told.left_bytes > 0 or told.is_completion),
      moment,
      moment,
      case when bool_or(told.is_completion) then moment end
    from unnest(work) as told
    where told.is_counted
    group by told.user_id, told.torrent_id
    order by told.user_id, told.torrent_id
    on conflict (user_id, torrent_id) do update
    set uploaded = history.uploaded + excluded.uploaded,
        downloaded = history.downloaded + excluded.downloaded,
        seed_seconds = history.seed_seconds + excluded.seed_seconds,
        has_leeched = history.has_leeched or excluded.has_leeched,
        last_announce_at = excluded.last_announce_at,
        completed_at = coalesce(history.completed_at, excluded.completed_at);

    update tracker.freeleech_tokens as token
    set bytes_saved = token.bytes_saved + saved.bytes
    from (
      select told.token_id, sum(told.downloaded_delta)::bigint as bytes
      from unnest(work) as told
      where told.is_counted
        and told.token_id is not null
        and told.downloaded_delta > 0
      group by told.token_id
    ) as saved
    where token.id = saved.token_id;

    insert into tracker.announces (
      announced_at, user_id, torrent_id, event, peer_id, ip_address, port, uploaded, downloaded, left_bytes,
      uploaded_delta, downloaded_delta, user_agent
    )
    select
      moment, told.user_id, told.torrent_id, told.event, told.peer_id, told.ip_address, told.port, told.uploaded,
      told.downloaded, told.left_bytes, told.credited, told.charged, told.user_agent
    from unnest(work) as told
    where told.is_counted
    order by told.place;

    done := done || work;
  end loop;

  -- What different people share is locked last and in order, and only where something changes.
  perform
  from tracker.torrent_statistics as figures
  where figures.torrent_id = any (array(
    select told.torrent_id
    from unnest(done) as told
    where told.is_counted
      and (told.uploaded_delta > 0 or told.downloaded_delta > 0 or told.is_completion)
  ))
  order by figures.torrent_id
  for no key update;
  update tracker.torrent_statistics as figures
  set total_uploaded = figures.total_uploaded + moved.uploaded,
      total_downloaded = figures.total_downloaded + moved.downloaded,
      times_completed = figures.times_completed + moved.completions
  from (
    select
      told.torrent_id,
      sum(told.uploaded_delta)::bigint as uploaded,
      sum(told.downloaded_delta)::bigint as downloaded,
      (count(distinct told.user_id) filter (where told.is_completion))::integer as completions
    from unnest(done) as told
    where told.is_counted
    group by told.torrent_id
  ) as moved
  where figures.torrent_id = moved.torrent_id
    and (moved.uploaded > 0 or moved.downloaded > 0 or moved.completions > 0);

  perform tracker.credit_people(done);

  for suspect in
    select
      told.user_id,
      (array_agg(told.torrent_id order by told.place))[1] as torrent_id,
      (array_agg(encode(told.peer_id, 'hex') order by told.place))[1] as peer_id
    from unnest(done) as told
    where told.is_implausible
    group by told.user_id
    order by told.user_id
  loop
    -- A job, for the queue of moderators is locked in an order of its own; its key lets one wait per person.
    perform core.enqueue(
      'announce_investigate',
      json_build_object(
        'userId', suspect.user_id, 'torrentId', suspect.torrent_id, 'peerId', suspect.peer_id, 'at', moment
      ),
      'announce_investigate:' || suspect.user_id
    );
  end loop;

  return query
    select
      told.place,
      told.failure,
      reason.message,
      case when told.failure is null then pause end,
      case when told.failure is null then min_pause end,
      case when told.failure is null then coalesce(figures.seeders, 0) end,
      case when told.failure is null then coalesce(figures.leechers, 0) end,
      sample.peers,
      sample.peers6
    from unnest(done) as told
    left join core.error_codes as reason on reason.reason = told.failure
    left join tracker.torrent_statistics as figures
      on figures.torrent_id = told.torrent_id
     and told.failure is null
    left join lateral tracker.sample_peers(
      told.torrent_id, told.user_id, told.left_bytes = 0, told.wanted,
      case when told.left_bytes = 0 then figures.leechers else figures.seeders + figures.leechers end
    ) as sample on told.failure is null
    order by told.place;
end
$$;

comment on function tracker.announce_many(jsonb) is
  E'@internal\nTakes a set of announces, of any people and torrents, and answers each, in the order given. An array of objects: passkey_hash (SHA-256), info_hash and peer_id in lower-case hex, ip, port, uploaded, downloaded, left, and where there are any event, user_agent, numwant (50, at most 200). An answer is a failure (its reason and a sentence for people), or how long to wait, the size of the swarm as of the last minute, and peers in the compact form of BEP 23 and BEP 7. Reasons: announce.passkey_unknown, announce.account_barred, announce.torrent_unregistered, announce.invalid, announce.port_blocked, announce.client_blocked, announce.too_many_downloads. Credited is what a session moved since its announce before: its first announce is a baseline; one without an event within the minimum interval is answered without peers and not counted; a rate beyond tracker.swarm.max_bytes_per_second credits nothing and is looked into. An address that is none refuses the whole set. Commits without waiting for the disk. Announces of one person are taken one after another, under the lock of the passkey; sets of two processes never block each other in a circle. A set of a hundred costs some fifteen statements.';

revoke all on function tracker.announce_many(jsonb) from public;
grant execute on function tracker.announce_many(jsonb) to stoa_tracker;
