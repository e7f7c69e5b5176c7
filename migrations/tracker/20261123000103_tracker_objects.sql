-- Why: what the catalogue, the swarms and the points of the tracker do, as it stands under sql/: its functions, triggers and policies.
-- Locks: ACCESS EXCLUSIVE, for an instant, on tracker.announces, tracker.bonus_rules,
--   tracker.bonus_transactions, tracker.categories, tracker.collection_items,
--   tracker.collection_subscriptions, tracker.collections, tracker.comments, tracker.freeleech_tokens,
--   tracker.peer_history, tracker.peer_history_daily, tracker.peers, tracker.request_bounties,
--   tracker.request_votes, tracker.requests, tracker.tags, tracker.top_lists, tracker.torrent_files,
--   tracker.torrent_metadata, tracker.torrent_moderation, tracker.torrent_statistics,
--   tracker.torrent_tag_assignments, tracker.torrent_tag_votes, tracker.torrents, tracker.user_statistics,
--   tracker.user_torrents (policies); SHARE ROW EXCLUSIVE, for an instant, on tracker.bonus_rules,
--   tracker.bonus_transactions, tracker.categories, tracker.collection_items,
--   tracker.collection_subscriptions, tracker.collections, tracker.comments, tracker.request_bounties,
--   tracker.request_votes, tracker.requests, tracker.torrent_tag_assignments, tracker.torrent_tag_votes,
--   tracker.torrents (triggers).
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: tracker/functions/activate_freeleech.sql
create or replace function tracker.activate_freeleech(p_torrent_id uuid)
returns tracker.freeleech_tokens
language plpgsql
volatile
-- Tokens are written by procedures only.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  moment timestamptz;
  candidate uuid;
  token tracker.freeleech_tokens;
begin
  perform core.require_unrestricted('tracker');
  if not exists (
    select
    from tracker.torrents as torrent
    where torrent.id = p_torrent_id
      and torrent.moderation_status = 'approved'
      and torrent.is_active
      and torrent.deleted_at is null
  ) then
    perform core.fail('freeleech_token.torrent_unknown');
  end if;

  loop
    moment := clock_timestamp();
    select unspent.id into candidate
    from tracker.freeleech_tokens as unspent
    where unspent.user_id = me
      and unspent.activated_at is null
      and (unspent.use_before is null or unspent.use_before > moment)
    -- What lapses is spent first, then what is oldest.
    order by unspent.use_before nulls last, unspent.granted_at, unspent.id
    limit 1;
    if not found then
      perform core.fail('freeleech_token.none_left');
    end if;
    begin
      update tracker.freeleech_tokens as spent
      set torrent_id = p_torrent_id,
          activated_at = moment,
          expires_at = moment + make_interval(days => core.setting_integer('tracker.bonus.freeleech_days')::integer)
      where spent.id = candidate
        and spent.activated_at is null
      returning * into token;
    exception
      when exclusion_violation then
        perform core.fail('freeleech_token.running');
    end;
    -- Another call of the same person has spent it meanwhile: the next one.
    exit when token.id is not null;
  end loop;
  return token;
end
$$;

comment on function tracker.activate_freeleech(uuid) is
  'Spends the caller''s token that lapses first, or the oldest, on a torrent: for seven days (setting tracker.bonus.freeleech_days) what they download of it is not charged. Refuses freeleech_token.torrent_unknown, freeleech_token.none_left, and freeleech_token.running when one runs on it already, also when both calls come at once.';

revoke all on function tracker.activate_freeleech(uuid) from public;
grant execute on function tracker.activate_freeleech(uuid) to stoa_member;

-- Object: tracker/functions/add_bounty.sql
create or replace function tracker.add_bounty(p_request_id uuid, p_amount numeric, p_key text default null)
returns tracker.requests
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_request_id, p_amount);
  request tracker.requests;
begin
  perform core.require_unrestricted('tracker');
  if core.recall('tracker.add_bounty', p_key, arguments) is null then
    perform tracker.check_amount(p_amount, core.setting_integer('tracker.minimum_contribution'));
    request := tracker.open_request(p_request_id);
    perform tracker.contribute(request, p_amount, false);
    perform notifications.notify(
      request.requester_id, 'request_bounty', 'Somebody added to the bounty of ' || request.title, null,
      jsonb_build_object('request_id', p_request_id), me, 'request:' || p_request_id || ':bounties'
    );
    perform core.remember('tracker.add_bounty', p_key, arguments, jsonb_build_object('id', p_request_id));
  end if;
  select * into request from tracker.requests as candidate where candidate.id = p_request_id;
  return request;
end
$$;

comment on function tracker.add_bounty(uuid, numeric, text) is
  E'@name add_request_bounty\nAdds points of the caller, at least tracker.minimum_contribution, to the bounty of a request that waits to be filled; they are held until it is, and given back if it never is. key: send the same again after a lost answer and add once. Refuses request.unknown, request.fill_proposed, request.closed, request.amount_invalid and tracker.insufficient_points. Contributions to one request queue up.';

revoke all on function tracker.add_bounty(uuid, numeric, text) from public;
grant execute on function tracker.add_bounty(uuid, numeric, text) to stoa_member;

-- Object: tracker/functions/add_item.sql
create or replace function tracker.add_item(p_collection_id uuid, p_torrent_id uuid, p_note text default null)
returns tracker.collection_items
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  collection tracker.collections;
  item tracker.collection_items;
begin
  -- Before the collection, as everything in this module locks: the row stays until the item refers to it.
  perform from tracker.torrents as candidate where candidate.id = p_torrent_id for key share;
  perform tracker.visible_torrent(p_torrent_id, true);
  collection := tracker.fillable_collection(p_collection_id);
  if collection.item_count >= core.setting_integer('tracker.items_per_collection') then
    perform core.fail('collection.full');
  end if;
  insert into tracker.collection_items (collection_id, torrent_id, position, added_by, note)
  select
    p_collection_id,
    p_torrent_id,
    coalesce((select max(last.position) + 1 from tracker.collection_items as last where last.collection_id = p_collection_id), 0),
    me,
    core.clean_text(p_note, 500, false)
  on conflict (collection_id, torrent_id) do nothing
  returning * into item;
  if item.torrent_id is null then
    perform core.fail('collection.duplicate');
  end if;
  return item;
end
$$;

comment on function tracker.add_item(uuid, uuid, text) is
  E'@name add_collection_item\nPuts a listed torrent at the end of a collection, with a remark if one is given: the owner, of a collage every member. Refuses torrent.unknown, collection.unknown, collection.not_owner, collection.locked, a torrent that is in it (collection.duplicate), and more than tracker.items_per_collection (collection.full). Additions to one collection queue up.';

revoke all on function tracker.add_item(uuid, uuid, text) from public;
grant execute on function tracker.add_item(uuid, uuid, text) to stoa_member;

-- Object: tracker/functions/add_to_comment_counts.sql
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

-- Object: tracker/functions/add_to_tag_scores.sql
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

-- Object: tracker/functions/add_to_totals.sql
create or replace function tracker.add_to_totals(p_column text, p_user_ids uuid[], p_changes bigint[])
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  perform tracker.ensure_statistics(p_user_ids);
  perform
  from tracker.user_statistics as totals
  where totals.user_id = any (p_user_ids)
  order by totals.user_id
  for no key update;
  execute format(
    'update tracker.user_statistics as totals
     set %1$I = greatest(totals.%1$I + change.by, 0),
         updated_at = now()
     from unnest($1, $2) as change (user_id, by)
     where totals.user_id = change.user_id',
    p_column
  )
  using p_user_ids, p_changes;
end
$$;

comment on function tracker.add_to_totals(text, uuid[], bigint[]) is
  'Internal, for triggers: adds to one figure in the totals of several people, each named once, under their locks by person.';

revoke all on function tracker.add_to_totals(text, uuid[], bigint[]) from public;

-- Object: tracker/functions/adjust_bonus.sql
create or replace function tracker.adjust_bonus(p_user_id uuid, p_amount numeric, p_reason text)
returns tracker.bonus_transactions
language plpgsql
volatile
-- The ledger is written by procedures only.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('admin');
  why constant text := core.clean_text(p_reason, 300);
  entry_id uuid;
  entry tracker.bonus_transactions;
begin
  if p_amount is null or p_amount = 0 or p_amount <> round(p_amount, 4) or abs(p_amount) >= 1e13 then
    perform core.fail('bonus.amount_invalid');
  end if;
  if not exists (
    select from core.users as person
    where person.id = p_user_id and person.deleted_at is null and person.erased_at is null
  ) then
    perform core.fail('user.unknown');
  end if;
  entry_id := tracker.post_bonus(p_user_id, p_amount, 'adjustment', p_description => why);
  select * into entry
  from tracker.bonus_transactions as movement
  where movement.user_id = p_user_id
    and movement.id = entry_id;
  perform audit.record(
    'adjust_bonus', 'core.users', p_user_id, null, jsonb_build_object('amount', p_amount, 'transaction_id', entry.id), why
  );
  perform notifications.notify(
    p_user_id, 'bonus', 'Your points were corrected', why, jsonb_build_object('amount', p_amount), me
  );
  return entry;
end
$$;

comment on function tracker.adjust_bonus(uuid, numeric, text) is
  'Administrators only: corrects the points of somebody by a signed amount, with a reason that they read. Refuses bonus.amount_invalid, user.unknown, tracker.insufficient_points and an empty reason. Audited; the person is told.';

revoke all on function tracker.adjust_bonus(uuid, numeric, text) from public;
grant execute on function tracker.adjust_bonus(uuid, numeric, text) to stoa_admin;

-- Object: tracker/functions/announce_many.sql
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

-- Object: tracker/functions/announce.sql
create or replace function tracker.announce(
  p_passkey_hash bytea,
  p_info_hash bytea,
  p_peer_id bytea,
  p_ip inet,
  p_port integer,
  p_uploaded bigint,
  p_downloaded bigint,
  p_left bigint,
  p_event text default '',
  p_user_agent text default null,
  p_numwant integer default null
)
returns table (
  failure_reason text,
  failure text,
  interval_seconds integer,
  min_interval_seconds integer,
  complete integer,
  incomplete integer,
  peers bytea,
  peers6 bytea
)
language sql
volatile
-- As tracker.announce_many.
security definer
set search_path = ''
begin atomic
  select
    answer.failure_reason, answer.failure, answer.interval_seconds, answer.min_interval_seconds, answer.complete,
    answer.incomplete, answer.peers, answer.peers6
  from tracker.announce_many(
    jsonb_build_array(
      jsonb_build_object(
        'passkey_hash', encode(p_passkey_hash, 'hex'),
        'info_hash', encode(p_info_hash, 'hex'),
        'peer_id', encode(p_peer_id, 'hex'),
        'ip', host(p_ip),
        'port', p_port,
        'uploaded', p_uploaded,
        'downloaded', p_downloaded,
        'left', p_left,
        'event', p_event,
        'user_agent', p_user_agent,
        'numwant', p_numwant
      )
    )
  ) as answer;
end;

comment on function tracker.announce(bytea, bytea, bytea, inet, integer, bigint, bigint, bigint, text, text, integer) is
  E'@internal\nOne announce: tracker.announce_many with a set of one.';

revoke all on function tracker.announce(bytea, bytea, bytea, inet, integer, bigint, bigint, bigint, text, text, integer) from public;
grant execute on function tracker.announce(bytea, bytea, bytea, inet, integer, bigint, bigint, bigint, text, text, integer) to stoa_tracker;

-- Object: tracker/functions/approve.sql
create or replace function tracker.approve(p_torrent tracker.torrents, p_reason text)
returns tracker.torrents
language plpgsql
volatile
set search_path = ''
as $$
declare
  torrent tracker.torrents;
begin
  update tracker.torrents as target
  set moderation_status = 'approved',
      approved_at = now()
  where target.id = p_torrent.id
  returning * into torrent;
  perform tracker.record_decision(
    torrent.id, 'approved', p_reason, jsonb_build_object('moderation_status', jsonb_build_array(p_torrent.moderation_status, 'approved'))
  );
  perform tracker.close_approval(torrent.id, 'approved', p_reason);
  perform tracker.reward(torrent.uploader_id, 'upload_approved', torrent.id);
  return torrent;
end
$$;

comment on function tracker.approve(tracker.torrents, text) is
  'Internal. Approves a torrent that is locked: status, history, queue, and the bonus of its uploader, once for a torrent.';

revoke all on function tracker.approve(tracker.torrents, text) from public;

-- Object: tracker/functions/approve_torrent.sql
create or replace function tracker.approve_torrent(p_torrent_id uuid, p_reason text default null)
returns tracker.torrents
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  why constant text := core.clean_text(p_reason, 1000, false);
  torrent tracker.torrents;
begin
  torrent := tracker.locked_torrent(p_torrent_id);
  if torrent.uploader_id = me then
    perform core.fail('torrent.own');
  end if;
  if torrent.deleted_at is not null or torrent.moderation_status = 'approved' then
    perform core.fail('torrent.not_waiting');
  end if;

  torrent := tracker.approve(torrent, why);
  perform audit.record('approve_torrent', 'tracker.torrents', p_torrent_id, p_reason => why);
  perform notifications.notify(
    torrent.uploader_id, 'torrent_approved', 'Your torrent was approved: ' || torrent.name, why,
    jsonb_build_object('torrent_id', p_torrent_id)
  );
  return torrent;
end
$$;

comment on function tracker.approve_torrent(uuid, text) is
  'Moderators only: lists a torrent that waits, or that was rejected before. Its uploader is told, and earns the bonus for an upload, once. Its entry in the queue of approvals is closed with it. Refuses torrent.unknown, own uploads (torrent.own), and what is approved or deleted (torrent.not_waiting). Audited. Two decisions at once: the second sees the first.';

revoke all on function tracker.approve_torrent(uuid, text) from public;
grant execute on function tracker.approve_torrent(uuid, text) to stoa_moderator;

-- Object: tracker/functions/as_shown.sql
create or replace function tracker.as_shown(p_torrent tracker.torrents)
returns tracker.torrents
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_torrent.is_anonymous
    and core.current_role_rank() < 2
    and p_torrent.uploader_id is distinct from core.current_user_id()
  then
    p_torrent.uploader_id := null;
  end if;
  return p_torrent;
end
$$;

comment on function tracker.as_shown(tracker.torrents) is
  'Internal. A torrent as the caller may see it: without its uploader where they asked not to be named, unless the caller is they, or staff. For procedures that read past the grants of columns.';

revoke all on function tracker.as_shown(tracker.torrents) from public;

-- Object: tracker/functions/award_bonus.sql
create or replace function tracker.award_bonus(
  p_period timestamptz default now(),
  p_after uuid default null,
  p_limit integer default 1000
)
returns table (paid integer, next_after uuid)
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
declare
  rule tracker.bonus_rules;
  span_start timestamptz;
  span_end timestamptz;
  rule_ids uuid[] := '{}';
  span_starts timestamptz[] := '{}';
  user_ids uuid[] := '{}';
  amounts numeric[] := '{}';
  people uuid[];
  owed record;
begin
  for rule in
    select *
    from tracker.bonus_rules as candidate
    where candidate.is_active
      and candidate.event in ('seeding', 'comment', 'forum_post', 'achievement')
      and coalesce(candidate.starts_at <= p_period, true)
      and coalesce(candidate.ends_at > p_period, true)
    order by candidate.id
  loop
    -- Who seeds is paid for the hour or day that runs; what is counted over a span is paid when the span is over.
    span_end := case rule.period when 'once' then p_period else date_trunc(rule.period, p_period, 'UTC') end;
    span_start := case
      when rule.period = 'once' then '-infinity'
      when rule.event = 'seeding' then span_end
      when rule.period = 'hour' then span_end - interval '1 hour'
      else span_end - interval '24 hours'
    end;
    select
      rule_ids || coalesce(array_agg(rule.id), '{}'),
      span_starts || coalesce(array_agg(span_start), '{}'),
      user_ids || coalesce(array_agg(due.user_id), '{}'),
      amounts || coalesce(
        array_agg(round(least(rule.amount * due.times, coalesce(rule.max_per_period, rule.amount * due.times)), 4)), '{}'
      )
    into rule_ids, span_starts, user_ids, amounts
    from (
      select * from tracker.seeded_torrents(rule.conditions, p_period) where rule.event = 'seeding'
      union all
      select * from tracker.count_events(rule.event, span_start, span_end) where rule.event <> 'seeding'
    ) as due
    join core.users as person on person.id = due.user_id
    where due.times > 0
      and (p_after is null or due.user_id > p_after)
      and person.is_active
      and person.deleted_at is null
      and person.erased_at is null
      and coalesce(person.banned_until <= p_period, true);
  end loop;

  people := array(
    select distinct due.user_id
    from unnest(rule_ids, span_starts, user_ids) as due (rule_id, span_start, user_id)
    where not exists (
      select
      from tracker.bonus_transactions as earlier
      where earlier.user_id = due.user_id
        and earlier.bonus_rule_id = due.rule_id
        and earlier.period_start = due.span_start
        and earlier.torrent_id is null
    )
    order by due.user_id
    limit p_limit
  );
  -- All people of the batch at once, in order: rule by rule, a second rule would lock somebody before the last of the
  -- first, and meet an announce that goes the right way.
  perform tracker.ensure_statistics(people);
  perform
  from tracker.user_statistics as totals
  where totals.user_id = any (people)
  order by totals.user_id
  for no key update;

  paid := 0;
  for owed in
    select
      due.rule_id,
      due.span_start,
      array_agg(due.user_id order by due.user_id) as user_ids,
      array_agg(due.amount order by due.user_id) as amounts
    from unnest(rule_ids, span_starts, user_ids, amounts) as due (rule_id, span_start, user_id, amount)
    where due.user_id = any (people)
    group by due.rule_id, due.span_start
    order by due.rule_id
  loop
    paid := paid + tracker.pay_rule(owed.rule_id, owed.span_start, owed.user_ids, owed.amounts);
  end loop;
  next_after := case when cardinality(people) = p_limit then people[p_limit] end;
  return next;
end
$$;

comment on function tracker.award_bonus(timestamptz, uuid, integer) is
  'For the worker, hourly: pays a batch of people what the active rules about seeding, comments, forum posts and achievements owe them, one movement a person, rule and period. Returns how many movements it wrote and after which person the next batch starts; null there means that the pass is complete. A second run for the same period pays nothing, also while the first is under way: the key of the ledger is by person, rule and period. Locks the totals of the batch by person. Scans the peers once a rule about seeding.';

revoke all on function tracker.award_bonus(timestamptz, uuid, integer) from public;
grant execute on function tracker.award_bonus(timestamptz, uuid, integer) to stoa_worker;

-- Object: tracker/functions/browse.sql
create or replace function tracker.browse(
  p_category_id integer default null,
  p_tags text[] default null,
  p_is_freeleech boolean default false,
  p_sort text default 'newest',
  p_after text default null,
  p_first integer default 25
)
returns setof tracker.torrents
language plpgsql
stable
rows 25
-- The uploader is not granted to everybody, and the partial indexes want their conditions stated. The rule of the
-- policy is repeated here.
security definer
set search_path = ''
as $$
declare
  listed constant text := $sql$ torrent.moderation_status = 'approved' and torrent.is_active and torrent.deleted_at is null $sql$;
  is_counted constant boolean := p_sort in ('seeders', 'completed');
  after_id uuid;
  after_number integer;
  tag_ids uuid[];
  category_ids integer[];
  filter text := '';
  query text;
  torrent tracker.torrents;
begin
  if p_sort is null or p_sort not in ('newest', 'oldest', 'seeders', 'completed') then
    perform core.fail('torrent.sort_unknown');
  end if;
  after_id := tracker.cursor_id(p_after, case when is_counted then 'integer' end);
  if is_counted and p_after is not null then
    after_number := split_part(p_after, ':', 1)::integer;
  end if;
  if not tracker.catalogue_is_open() then
    return;
  end if;

  if p_category_id is not null then
    category_ids := array(select tracker.category_ids(p_category_id));
  end if;
  if cardinality(p_tags) > 0 then
    if cardinality(p_tags) > 10 then
      perform core.fail('tag.too_many');
    end if;
    tag_ids := array(select tag.id from tracker.tags as tag where tag.name = any (array(select lower(sent.name) from unnest(p_tags) as sent (name))));
    -- A tag that nothing wears: nothing wears all of them.
    if cardinality(tag_ids) < (select count(distinct lower(sent.name)) from unnest(p_tags) as sent (name)) then
      return;
    end if;
    for place in 1 .. cardinality(tag_ids) loop
      filter := filter || format(
        ' and exists (select from tracker.torrent_tag_assignments as worn where worn.torrent_id = torrent.id and worn.tag_id = $2[%s])',
        place
      );
    end loop;
  end if;
  -- The plain flag first, for the partial index; then the end of it, which a job enforces later.
  if p_is_freeleech then
    filter := filter || ' and torrent.is_freeleech and (torrent.freeleech_until is null or torrent.freeleech_until > now())';
  end if;

  -- Put together from what is asked for, and planned for it: each list has its own index.
  if is_counted then
    if category_ids is not null then
      filter := filter || ' and torrent.category_id = any ($1)';
    end if;
    query := format(
      $sql$
        select torrent.*
        from tracker.torrent_statistics as figures
        join tracker.torrents as torrent on torrent.id = figures.torrent_id
        where %s %s %s
        order by figures.%I desc, figures.torrent_id desc
        limit $5
      $sql$,
      listed, filter,
      case when after_id is not null then format('and (figures.%I, figures.torrent_id) < ($4, $3)', case p_sort when 'seeders' then 'seeders' else 'times_completed' end) else '' end,
      case p_sort when 'seeders' then 'seeders' else 'times_completed' end
    );
  else
    if after_id is not null then
      filter := filter || case p_sort when 'newest' then ' and torrent.id < $3' else ' and torrent.id > $3' end;
    end if;
    if category_ids is not null then
      -- Each category has its own run of the index: one page of each, and the best of those.
      query := format(
        $sql$
          select (page.torrent).*
          from unnest($1) as branch (id)
          cross join lateral (
            select torrent
            from tracker.torrents as torrent
            where torrent.category_id = branch.id and %1$s %2$s
            order by torrent.id %3$s
            limit $5
          ) as page
          order by (page.torrent).id %3$s
          limit $5
        $sql$,
        listed, filter, case p_sort when 'newest' then 'desc' else 'asc' end
      );
    else
      query := format(
        'select torrent.* from tracker.torrents as torrent where %s %s order by torrent.id %s limit $5',
        listed, filter, case p_sort when 'newest' then 'desc' else 'asc' end
      );
    end if;
  end if;

  for torrent in
    execute query using category_ids, tag_ids, after_id, after_number, tracker.page_size(p_first)
  loop
    return next tracker.as_shown(torrent);
  end loop;
end
$$;

comment on function tracker.browse(integer, text[], boolean, text, text, integer) is
  E'@name browse_torrents\n@simpleCollections only\nOne page of the catalogue: of a category and what stands under it, with all of these tags (at most ten), only what is free. sort: newest, oldest, seeders or completed. first: 1 to 50. after: the place of the last torrent of the page before, its id (newest, oldest), seeders:id or timesCompleted:id. Visitors see nothing unless the catalogue is public (setting tracker.public_catalogue). Newest and oldest read about one page of index a category, whatever the place; with tags, as many torrents as it takes to find a page. Refuses torrent.sort_unknown, torrent.cursor_malformed, torrent_category.unknown and tag.too_many.';

revoke all on function tracker.browse(integer, text[], boolean, text, text, integer) from public;
grant execute on function tracker.browse(integer, text[], boolean, text, text, integer) to stoa_anonymous;

-- Object: tracker/functions/buy_freeleech.sql
create or replace function tracker.buy_freeleech(p_count integer default 1, p_key text default null)
returns integer
language plpgsql
volatile
-- Points and tokens are written by procedures only.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_object('count', p_count);
begin
  perform core.require_unrestricted('tracker');
  if core.recall('tracker.buy_freeleech', p_key, arguments) is null then
    perform tracker.grant_tokens(me, p_count, 'purchase', null);
    perform tracker.post_bonus(
      me, -p_count * core.setting_decimal('tracker.bonus.freeleech_price'), 'freeleech_purchase',
      p_description => format('%s freeleech token(s)', p_count)
    );
    perform core.remember('tracker.buy_freeleech', p_key, arguments, jsonb_build_object('count', p_count));
  end if;
  return (
    select count(*)
    from tracker.freeleech_tokens as token
    where token.user_id = me
      and token.activated_at is null
      and (token.use_before is null or token.use_before > now())
  );
end
$$;

comment on function tracker.buy_freeleech(integer, text) is
  'Buys freeleech tokens with points (setting tracker.bonus.freeleech_price) and returns how many unspent ones the caller has then. Refuses freeleech_token.count_invalid and tracker.insufficient_points. With a key, a retry buys nothing more.';

revoke all on function tracker.buy_freeleech(integer, text) from public;
grant execute on function tracker.buy_freeleech(integer, text) to stoa_member;

-- Object: tracker/functions/can_see_statistics.sql
create or replace function tracker.can_see_statistics(p_user_id uuid)
returns boolean
language plpgsql
stable
-- Settings are private.
security definer
set search_path = ''
as $$
begin
  return p_user_id = core.current_user_id()
    or core.current_role_rank() >= 2
    or (
      core.current_role_rank() >= 1
      and not exists (
        select
        from core.user_settings as settings
        where settings.user_id = p_user_id
          and settings.paranoia_level >= 2
      )
    );
end
$$;

comment on function tracker.can_see_statistics(uuid) is
  E'@internal\nWhether the caller may see what somebody moved: their own, everybody''s as a moderator, and that of people below paranoia level 2. For procedures; policies use tracker.private_user_ids.';

revoke all on function tracker.can_see_statistics(uuid) from public;

-- Object: tracker/functions/cancel_request.sql
create or replace function tracker.cancel_request(p_request_id uuid, p_reason text default null)
returns tracker.requests
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  is_staff constant boolean := core.current_role_rank() >= 2;
  why constant text := core.clean_text(p_reason, 1000, false);
  request tracker.requests;
begin
  request := tracker.locked_request(p_request_id);
  if request.requester_id is distinct from me and not is_staff then
    perform core.fail('request.not_requester');
  end if;
  if request.status not in ('pending', 'fill_proposed') then
    perform core.fail('request.closed');
  end if;
  -- Whoever filled in good faith is answered first.
  if request.status = 'fill_proposed' and not is_staff then
    perform core.fail('request.fill_proposed');
  end if;

  perform tracker.refund_bounties(request);
  update tracker.requests as target
  set status = 'cancelled'
  where target.id = p_request_id
  returning * into request;
  if request.requester_id is distinct from me then
    perform audit.record('cancel_request', 'tracker.requests', p_request_id, p_reason => why);
  end if;
  perform tracker.tell_contributors(request, 'The request was cancelled, your points are back: ', why, me);
  return request;
end
$$;

comment on function tracker.cancel_request(uuid, text) is
  E'@name cancel_torrent_request\nEnds a request without a fill and gives every contribution back. The requester, while no fill waits for an answer (request.fill_proposed), or a moderator at any time before it is filled. Refuses request.unknown, request.not_requester and request.closed. What staff does is audited; the contributors are told. Costs a few rows a contribution.';

revoke all on function tracker.cancel_request(uuid, text) from public;
grant execute on function tracker.cancel_request(uuid, text) to stoa_member;

-- Object: tracker/functions/catalogue_is_open.sql
create or replace function tracker.catalogue_is_open()
returns boolean
language sql
stable
-- Settings are not readable by everybody.
security definer
set search_path = ''
begin atomic
  -- Not core.setting_boolean, which refuses where nothing is set: a policy must answer.
  select core.current_role_rank() >= 1
    or coalesce(
      (select setting.value::boolean from core.settings as setting where setting.key = 'tracker.public_catalogue'),
      true
    );
end;

comment on function tracker.catalogue_is_open() is
  E'@behavior -*\nInternal. Whether the caller may see the catalogue at all: members always, visitors where the setting tracker.public_catalogue says so. For policies.';

revoke all on function tracker.catalogue_is_open() from public;
grant execute on function tracker.catalogue_is_open() to stoa_anonymous;

-- Object: tracker/functions/category_ids.sql
create or replace function tracker.category_ids(p_category_id integer)
returns setof integer
language plpgsql
stable
rows 20
set search_path = ''
as $$
begin
  if not exists (select from tracker.categories as category where category.id = p_category_id) then
    perform core.fail('torrent_category.unknown');
  end if;

  return query
    with recursive branch (id) as (
      select p_category_id
      union all
      select category.id
      from branch
      join tracker.categories as category on category.parent_id = branch.id
    )
    select branch.id from branch;
end
$$;

comment on function tracker.category_ids(integer) is
  'Internal. A category and all that stand under it. Refuses torrent_category.unknown.';

revoke all on function tracker.category_ids(integer) from public;

-- Object: tracker/functions/changes_between.sql
create or replace function tracker.changes_between(p_before tracker.torrents, p_after tracker.torrents)
returns jsonb
language sql
stable
set search_path = ''
begin atomic
  select coalesce(jsonb_object_agg(old.key, jsonb_build_array(old.value, new.value)), '{}')
  from jsonb_each(to_jsonb(p_before) - 'search' - 'updated_at' - 'public_uploader_id') as old (key, value)
  join jsonb_each(to_jsonb(p_after)) as new (key, value) on new.key = old.key
  where old.value <> new.value;
end;

comment on function tracker.changes_between(tracker.torrents, tracker.torrents) is
  'Internal. The fields in which two states of a torrent differ, each with the old and the new value.';

revoke all on function tracker.changes_between(tracker.torrents, tracker.torrents) from public;

-- Object: tracker/functions/check_amount.sql
create or replace function tracker.check_amount(p_amount numeric, p_minimum numeric)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  -- Not between also holds for NaN, which is above everything.
  if p_amount is null or p_amount not between greatest(p_minimum, 0.0001) and 1000000000 or p_amount <> round(p_amount, 4) then
    perform core.fail('request.amount_invalid');
  end if;
end
$$;

comment on function tracker.check_amount(numeric, numeric) is
  'Internal. Refuses points below a minimum, above a billion, or with more than four decimals (request.amount_invalid).';

revoke all on function tracker.check_amount(numeric, numeric) from public;

-- Object: tracker/functions/check_category.sql
create or replace function tracker.check_category(p_slug text, p_icon_url text, p_metadata_provider text)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_slug is null
    or length(p_slug) > 100
    or p_slug !~ '^[a-z0-9]+(-[a-z0-9]+)*$'
    or p_icon_url is not null and (length(p_icon_url) > 2000 or p_icon_url !~ '^https?://')
    or p_metadata_provider is not null and p_metadata_provider not in ('tmdb', 'igdb', 'musicbrainz')
  then
    perform core.fail('input.malformed');
  end if;
end
$$;

comment on function tracker.check_category(text, text, text) is
  'Internal. Refuses (input.malformed) an address, an icon or a catalogue of a category that is not of the form expected.';

revoke all on function tracker.check_category(text, text, text) from public;

-- Object: tracker/functions/check_category_nesting.sql
create or replace function tracker.check_category_nesting()
returns trigger
language plpgsql
-- Fires for whoever changes the tree.
security definer
set search_path = ''
as $$
declare
  deepest constant integer := 4;
  levels_above integer;
  levels_below integer;
begin
  if new.parent_id is null then
    return new;
  end if;

  perform tracker.lock_category_tree();

  with recursive above (id, parent_id, level) as (
    select category.id, category.parent_id, 1
    from tracker.categories as category
    where category.id = new.parent_id
    union all
    select category.id, category.parent_id, above.level + 1
    from above
    join tracker.categories as category on category.id = above.parent_id
    where above.level <= deepest and above.id <> new.id
  )
  select case when bool_or(above.id = new.id) then deepest + 1 else max(above.level) end
  into levels_above
  from above;

  with recursive below (id, level) as (
    select new.id, 1
    union all
    select category.id, below.level + 1
    from below
    join tracker.categories as category on category.parent_id = below.id
    where below.level <= deepest
  )
  select max(below.level) into levels_below from below;

  if coalesce(levels_above, 0) + levels_below > deepest then
    perform core.fail('torrent_category.too_deep');
  end if;
  return new;
end
$$;

comment on function tracker.check_category_nesting() is
  'Trigger. Categories nest at most four levels deep and never in a circle; refuses others (torrent_category.too_deep). Moves in the tree wait for one another.';

revoke all on function tracker.check_category_nesting() from public;

-- Object: tracker/functions/clean_tag.sql
create or replace function tracker.clean_tag(p_name text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  name constant text := regexp_replace(lower(core.clean_text(p_name, 50)), '[ _]+', '.', 'g');
begin
  if name !~ '^[a-z0-9][a-z0-9.-]{0,49}$' then
    perform core.fail('tag.malformed');
  end if;
  return name;
end
$$;

comment on function tracker.clean_tag(text) is
  'Internal. A tag in its canonical form: lower case, spaces and underscores become dots. Refuses what then is no tag (tag.malformed).';

revoke all on function tracker.clean_tag(text) from public;

-- Object: tracker/functions/close_approval.sql
create or replace function tracker.close_approval(p_torrent_id uuid, p_resolution text, p_note text default null)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  if to_regprocedure('moderation.close_item(text, text, uuid, text, text)') is not null then
    execute $query$ select moderation.close_item('approval', 'torrent', $1, $2, $3) $query$
    using p_torrent_id, p_resolution, p_note;
  end if;
end
$$;

comment on function tracker.close_approval(uuid, text, text) is
  'Internal. Closes the open approval of a torrent, where there is a queue, in the transaction that decides.';

revoke all on function tracker.close_approval(uuid, text, text) from public;

-- Object: tracker/functions/comment.sql
create or replace function tracker.comment(
  p_subject_type text,
  p_subject_id uuid,
  p_content text,
  p_key text default null
)
returns tracker.comments
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_subject_type, p_subject_id, p_content);
  earlier jsonb;
  told_id uuid;
  title text;
  comment tracker.comments;
begin
  perform core.require_unrestricted('tracker');
  perform core.require_unrestricted('posting');
  earlier := core.recall('tracker.comment', p_key, arguments);
  if earlier is not null then
    select * into comment from tracker.comments as made where made.id = (earlier ->> 'id')::uuid;
    return comment;
  end if;

  -- What it is about is held first, as everything in this module locks: its counter follows.
  case p_subject_type
    when 'torrent' then
      perform from tracker.torrents as candidate where candidate.id = p_subject_id for key share;
      select seen.uploader_id, seen.name into told_id, title from tracker.visible_torrent(p_subject_id) as seen;
    when 'request' then
      select seen.requester_id, seen.title into told_id, title from tracker.locked_request(p_subject_id) as seen;
    when 'collection' then
      select seen.owner_id, seen.name into told_id, title from tracker.locked_collection(p_subject_id) as seen;
    else
      perform core.fail('torrent_comment.subject_unknown');
  end case;

  insert into tracker.comments (torrent_id, request_id, collection_id, author_id, content)
  values (
    case when p_subject_type = 'torrent' then p_subject_id end,
    case when p_subject_type = 'request' then p_subject_id end,
    case when p_subject_type = 'collection' then p_subject_id end,
    me,
    core.clean_text(p_content, 10000)
  )
  returning * into comment;
  perform notifications.notify(
    told_id, 'torrent_comment', 'Somebody commented on ' || title, left(comment.content, 200),
    jsonb_build_object('subject_type', p_subject_type, 'subject_id', p_subject_id, 'comment_id', comment.id),
    me, p_subject_type || ':' || p_subject_id || ':comments'
  );
  perform core.remember('tracker.comment', p_key, arguments, jsonb_build_object('id', comment.id));
  return comment;
end
$$;

comment on function tracker.comment(text, uuid, text, text) is
  E'@name create_torrent_comment\nComments on a torrent, a request or a collection (subject_type), which the caller may read; whose it is is told. key: send the same again after a lost answer and get the same comment. Refuses torrent_comment.subject_unknown, torrent.unknown, request.unknown, collection.unknown, and who is barred from the tracker or from posting (account.activity_barred). Limit: 10,000 characters.';

revoke all on function tracker.comment(text, uuid, text, text) from public;
grant execute on function tracker.comment(text, uuid, text, text) to stoa_member;

-- Object: tracker/functions/confirm_due_fills.sql
create or replace function tracker.confirm_due_fills(p_now timestamptz default now())
returns integer
language plpgsql
volatile
-- The worker has no right to update.
security definer
set search_path = ''
as $$
declare
  request tracker.requests;
begin
  select * into request
  from tracker.requests as due
  where due.status = 'fill_proposed'
    and due.filled_at <= p_now - make_interval(hours => core.setting_integer('tracker.confirm_hours')::integer)
  order by due.filled_at
  limit 1
  for no key update skip locked;
  if not found then
    return 0;
  end if;

  -- What nobody may have accepted is nobody's consent: no torrent any more, or the requester's own fill.
  if request.filled_by is null
    or request.filled_by = request.requester_id
    or not exists (
      select
      from tracker.torrents as torrent
      where torrent.id = request.filled_torrent_id
        and torrent.moderation_status = 'approved'
        and torrent.deleted_at is null
    )
  then
    update tracker.requests as target
    set status = 'pending',
        filled_torrent_id = null,
        filled_by = null,
        filled_at = null
    where target.id = request.id;
    perform audit.record(
      'reject_fill', 'tracker.requests', request.id,
      jsonb_build_object('filled_by', request.filled_by, 'filled_torrent_id', request.filled_torrent_id), null,
      'Nobody confirmed it, and it cannot count as confirmed.'
    );
    return 1;
  end if;

  request := tracker.pay_fill(request);
  perform audit.record('confirm_fill', 'tracker.requests', request.id, p_reason => 'Nobody answered in time.');
  return 1;
end
$$;

comment on function tracker.confirm_due_fills(timestamptz) is
  'For the worker: accepts one fill that nobody answered for tracker.confirm_hours, the oldest, and pays it; one whose torrent is gone, or that the requester proposed, is put back instead. Returns 1, or 0 when there is none left; call it until then, each time in a transaction of its own. Can run twice at once: each fill is paid once.';

revoke all on function tracker.confirm_due_fills(timestamptz) from public;
grant execute on function tracker.confirm_due_fills(timestamptz) to stoa_worker;

-- Object: tracker/functions/confirm_fill.sql
create or replace function tracker.confirm_fill(p_request_id uuid)
returns tracker.requests
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  request tracker.requests;
begin
  request := tracker.proposed_request(p_request_id);
  if request.filled_by = me or request.filled_by = request.requester_id and core.current_role_rank() < 2 then
    perform core.fail('request.own_fill');
  end if;
  if not exists (
    select
    from tracker.torrents as torrent
    where torrent.id = request.filled_torrent_id
      and torrent.moderation_status = 'approved'
      and torrent.deleted_at is null
  ) then
    perform core.fail('request.torrent_gone');
  end if;

  request := tracker.pay_fill(request);
  if request.requester_id is distinct from me then
    perform audit.record('confirm_fill', 'tracker.requests', p_request_id);
  end if;
  return request;
end
$$;

comment on function tracker.confirm_fill(uuid) is
  E'@name confirm_request_fill\nAccepts the proposed fill and pays the bounty, the contributions of everybody in one sum, to whoever proposed it. The requester or a moderator (request.not_requester); nobody confirms a fill of their own, and that of the requester only a moderator (request.own_fill). Refuses request.unknown, request.closed, request.nothing_proposed, and a torrent that is not there any more (request.torrent_gone). Of a confirmation, a rejection and a cancellation at once the first wins.';

revoke all on function tracker.confirm_fill(uuid) from public;
grant execute on function tracker.confirm_fill(uuid) to stoa_member;

-- Object: tracker/functions/contribute.sql
create or replace function tracker.contribute(p_request tracker.requests, p_amount numeric, p_is_initial boolean)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
begin
  insert into tracker.request_bounties (request_id, user_id, amount, is_initial, debit_transaction_id)
  values (
    p_request.id,
    me,
    p_amount,
    p_is_initial,
    tracker.post_bonus(
      me, -p_amount, 'bounty_escrow', p_request_id => p_request.id, p_description => left(p_request.title, 300)
    )
  );
end
$$;

comment on function tracker.contribute(tracker.requests, numeric, boolean) is
  'Internal. Takes points from the caller and holds them for a request that is locked or new. Refuses tracker.insufficient_points.';

revoke all on function tracker.contribute(tracker.requests, numeric, boolean) from public;

-- Object: tracker/functions/count_collection_items.sql
create or replace function tracker.count_collection_items()
returns trigger
language plpgsql
-- Fires for whoever fills a collection; the counter is nobody's to write.
security definer
set search_path = ''
as $$
declare
  step constant integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
  perform
  from tracker.collections as collection
  where collection.id in (select changed.collection_id from changed)
  order by collection.id
  for no key update;

  update tracker.collections as collection
  set item_count = collection.item_count + step * counted.amount
  from (select changed.collection_id, count(*)::integer as amount from changed group by changed.collection_id) as counted
  where collection.id = counted.collection_id;
  return null;
end
$$;

comment on function tracker.count_collection_items() is
  'Trigger. Keeps item_count of collections: one update a collection and statement, in the order of their keys.';

revoke all on function tracker.count_collection_items() from public;

-- Object: tracker/functions/count_comment_deletion.sql
create or replace function tracker.count_comment_deletion()
returns trigger
language plpgsql
-- Fires for whoever deletes a comment; the counters are nobody's to write.
security definer
set search_path = ''
as $$
begin
  perform tracker.add_to_comment_counts(
    array[coalesce(new.torrent_id, new.request_id, new.collection_id)],
    array[case when new.deleted_at is null then 1 else -1 end]
  );
  return null;
end
$$;

comment on function tracker.count_comment_deletion() is
  'Trigger. Keeps comment_count of what a comment is about when it is deleted or brought back.';

revoke all on function tracker.count_comment_deletion() from public;

-- Object: tracker/functions/count_comments.sql
create or replace function tracker.count_comments()
returns trigger
language plpgsql
-- Fires for whoever comments; the counters are nobody's to write.
security definer
set search_path = ''
as $$
declare
  step constant integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
  perform tracker.add_to_comment_counts(
    array_agg(coalesce(changed.torrent_id, changed.request_id, changed.collection_id)),
    array_agg(step)
  )
  from changed
  where changed.deleted_at is null;
  return null;
end
$$;

comment on function tracker.count_comments() is
  'Trigger. Keeps comment_count of torrents, requests and collections when comments are added or removed for good.';

revoke all on function tracker.count_comments() from public;

-- Object: tracker/functions/count_events.sql
create or replace function tracker.count_events(p_event text, p_from timestamptz, p_until timestamptz)
returns table (user_id uuid, times bigint)
language plpgsql
stable
set search_path = ''
as $$
begin
  case p_event
    when 'comment' then
      return query
        select comment.author_id, count(*)
        from tracker.comments as comment
        where comment.id >= core.uuidv7_floor(p_from)
          and comment.id < core.uuidv7_floor(p_until)
          and comment.author_id is not null
          and comment.deleted_at is null
        group by comment.author_id;
    when 'achievement' then
      return query
        select held.user_id, count(*)
        from core.user_achievements as held
        where held.earned_at >= p_from
          and held.earned_at < p_until
        group by held.user_id;
    when 'forum_post' then
      if to_regclass('forums.posts') is not null then
        -- Not named in a static query: this module stands without that one.
        return query execute
          'select written.author_id, count(*)
           from (
             select author_id from forums.posts where id >= $1 and id < $2 and deleted_at is null
             union all
             select author_id from forums.comments where id >= $1 and id < $2 and deleted_at is null
           ) as written
           where written.author_id is not null
           group by written.author_id'
        using core.uuidv7_floor(p_from), core.uuidv7_floor(p_until);
      end if;
  end case;
end
$$;

comment on function tracker.count_events(text, timestamptz, timestamptz) is
  'Internal, for bonus rules: how often people did something in a span of time: comment, achievement or forum_post (none where there is no module for it).';

revoke all on function tracker.count_events(text, timestamptz, timestamptz) from public;

-- Object: tracker/functions/count_request_bounties.sql
create or replace function tracker.count_request_bounties()
returns trigger
language plpgsql
-- Fires inside procedures; the sum is nobody's to write.
security definer
set search_path = ''
as $$
begin
  perform
  from tracker.requests as request
  where request.id in (select changed.request_id from changed)
  order by request.id
  for no key update;

  if tg_op = 'INSERT' then
    update tracker.requests as request
    set total_bounty = request.total_bounty + summed.amount
    from (
      select changed.request_id, sum(changed.amount) as amount
      from changed
      where changed.refund_transaction_id is null
      group by changed.request_id
    ) as summed
    where request.id = summed.request_id;
  else
    update tracker.requests as request
    set total_bounty = request.total_bounty - summed.amount
    from (
      select changed.request_id, sum(changed.amount) as amount
      from changed
      join earlier on earlier.id = changed.id
      where changed.refund_transaction_id is not null
        and earlier.refund_transaction_id is null
      group by changed.request_id
    ) as summed
    where request.id = summed.request_id;
  end if;
  return null;
end
$$;

comment on function tracker.count_request_bounties() is
  'Trigger. Keeps total_bounty of requests: what was given less what went back, under the lock of the request.';

revoke all on function tracker.count_request_bounties() from public;

-- Object: tracker/functions/count_request_votes.sql
create or replace function tracker.count_request_votes()
returns trigger
language plpgsql
-- Fires for whoever votes; the counter is nobody's to write.
security definer
set search_path = ''
as $$
declare
  step constant integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
  perform
  from tracker.requests as request
  where request.id in (select changed.request_id from changed)
  order by request.id
  for no key update;

  update tracker.requests as request
  set vote_count = request.vote_count + step * counted.amount
  from (select changed.request_id, count(*)::integer as amount from changed group by changed.request_id) as counted
  where request.id = counted.request_id;
  return null;
end
$$;

comment on function tracker.count_request_votes() is
  'Trigger. Keeps vote_count of requests: one update a request and statement, in the order of their keys.';

revoke all on function tracker.count_request_votes() from public;

-- Object: tracker/functions/count_subscriptions.sql
create or replace function tracker.count_subscriptions()
returns trigger
language plpgsql
-- Fires for whoever follows a collection; the counter is nobody's to write.
security definer
set search_path = ''
as $$
declare
  step constant integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
  perform
  from tracker.collections as collection
  where collection.id in (select changed.collection_id from changed)
  order by collection.id
  for no key update;

  update tracker.collections as collection
  set subscriber_count = collection.subscriber_count + step * counted.amount
  from (select changed.collection_id, count(*)::integer as amount from changed group by changed.collection_id) as counted
  where collection.id = counted.collection_id;
  return null;
end
$$;

comment on function tracker.count_subscriptions() is
  'Trigger. Keeps subscriber_count of collections: one update a collection and statement, in the order of their keys.';

revoke all on function tracker.count_subscriptions() from public;

-- Object: tracker/functions/count_tag_usage.sql
create or replace function tracker.count_tag_usage()
returns trigger
language plpgsql
-- Fires for whoever tags; the counter is nobody's to write.
security definer
set search_path = ''
as $$
declare
  step constant integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
  perform
  from tracker.tags as tag
  where tag.id in (select changed.tag_id from changed)
  order by tag.id
  for no key update;

  update tracker.tags as tag
  set usage_count = tag.usage_count + step * counted.amount
  from (select changed.tag_id, count(*)::integer as amount from changed group by changed.tag_id) as counted
  where tag.id = counted.tag_id;
  return null;
end
$$;

comment on function tracker.count_tag_usage() is
  'Trigger. Keeps usage_count of tags: one update a tag and statement, in the order of their keys.';

revoke all on function tracker.count_tag_usage() from public;

-- Object: tracker/functions/count_tag_votes.sql
create or replace function tracker.count_tag_votes()
returns trigger
language plpgsql
-- Fires for whoever votes; the score is nobody's to write.
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    perform tracker.add_to_tag_scores(array_agg(added.torrent_id), array_agg(added.tag_id), array_agg(added.value::integer))
    from added;
  elsif tg_op = 'DELETE' then
    perform tracker.add_to_tag_scores(array_agg(removed.torrent_id), array_agg(removed.tag_id), array_agg(-removed.value::integer))
    from removed;
  else
    perform tracker.add_to_tag_scores(array_agg(step.torrent_id), array_agg(step.tag_id), array_agg(step.value))
    from (
      select added.torrent_id, added.tag_id, added.value::integer as value from added
      union all
      select removed.torrent_id, removed.tag_id, -removed.value::integer from removed
    ) as step;
  end if;
  return null;
end
$$;

comment on function tracker.count_tag_votes() is
  'Trigger. Keeps the score of tags on torrents.';

revoke all on function tracker.count_tag_votes() from public;

-- Object: tracker/functions/counters_due_for_repair.sql
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

-- Object: tracker/functions/create_category.sql
create or replace function tracker.create_category(
  p_name text,
  p_slug text,
  p_parent_id integer default null,
  p_position integer default 0,
  p_icon_url text default null,
  p_metadata_provider text default null
)
returns tracker.categories
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  category tracker.categories;
begin
  perform core.require_role('admin');
  perform tracker.check_category(p_slug, p_icon_url, p_metadata_provider);
  if p_parent_id is not null then
    perform tracker.lock_category_tree();
    perform from tracker.categories as parent where parent.id = p_parent_id for no key update;
    if not found then
      perform core.fail('torrent_category.unknown');
    end if;
  end if;

  begin
    insert into tracker.categories (name, slug, parent_id, position, icon_url, metadata_provider)
    values (core.clean_text(p_name, 100), p_slug, p_parent_id, coalesce(p_position, 0), p_icon_url, p_metadata_provider)
    returning * into category;
  exception
    when unique_violation then perform core.fail('torrent_category.slug_taken');
  end;
  perform audit.record(
    'create_category', 'tracker.categories', null, null, to_jsonb(category),
    p_resource_key => jsonb_build_object('id', category.id)
  );
  return category;
end
$$;

comment on function tracker.create_category(text, text, integer, integer, text, text) is
  E'@name create_torrent_category\nAdministrators only: adds a category, under another one or at the top. Refuses a parent that is not there (torrent_category.unknown), more than four levels (torrent_category.too_deep), an address that is taken (torrent_category.slug_taken) or malformed, an icon that is no web address, and a catalogue that is not known (input.malformed). A category with others under it takes no more uploads. Audited.';

revoke all on function tracker.create_category(text, text, integer, integer, text, text) from public;
grant execute on function tracker.create_category(text, text, integer, integer, text, text) to stoa_admin;

-- Object: tracker/functions/create_collection.sql
create or replace function tracker.create_collection(
  p_name text,
  p_description text default '',
  p_kind text default 'playlist',
  p_is_public boolean default true
)
returns tracker.collections
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  collection tracker.collections;
begin
  perform core.require_unrestricted('tracker');
  if p_kind is null or p_kind not in ('playlist', 'collage') or p_kind = 'collage' and not coalesce(p_is_public, true) then
    perform core.fail('collection.kind_invalid');
  end if;
  insert into tracker.collections (owner_id, name, description, kind, is_public)
  values (
    me, core.clean_text(p_name, 200), coalesce(core.clean_text(p_description, 20000, false), ''), p_kind, coalesce(p_is_public, true)
  )
  returning * into collection;
  return collection;
end
$$;

comment on function tracker.create_collection(text, text, text, boolean) is
  'Makes a collection: a playlist, which the caller fills, or a collage, which every member fills and which is always public (collection.kind_invalid).';

revoke all on function tracker.create_collection(text, text, text, boolean) from public;
grant execute on function tracker.create_collection(text, text, text, boolean) to stoa_member;

-- Object: tracker/functions/create_request.sql
create or replace function tracker.create_request(
  p_category_id integer,
  p_title text,
  p_bounty numeric,
  p_description text default '',
  p_expires_at timestamptz default null,
  p_key text default null
)
returns tracker.requests
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_category_id, p_title, p_bounty, p_description, p_expires_at);
  earlier jsonb;
  request tracker.requests;
begin
  perform core.require_unrestricted('tracker');
  earlier := core.recall('tracker.create_request', p_key, arguments);
  if earlier is not null then
    select * into request from tracker.requests as made where made.id = (earlier ->> 'id')::uuid;
    return request;
  end if;

  perform tracker.check_amount(p_bounty, core.setting_integer('tracker.minimum_bounty'));
  if p_expires_at is not null and p_expires_at not between now() + interval '1 hour' and now() + interval '1 year' then
    perform core.fail('request.expiry_invalid');
  end if;
  perform tracker.open_category(p_category_id, false);

  insert into tracker.requests (requester_id, category_id, title, description, expires_at)
  values (
    me, p_category_id, core.clean_text(p_title, 300), coalesce(core.clean_text(p_description, 20000, false), ''), p_expires_at
  )
  returning * into request;
  perform tracker.contribute(request, p_bounty, true);
  select * into request from tracker.requests as made where made.id = request.id;
  perform core.remember('tracker.create_request', p_key, arguments, jsonb_build_object('id', request.id));
  return request;
end
$$;

comment on function tracker.create_request(integer, text, numeric, text, timestamptz, text) is
  E'@name create_torrent_request\nAsks the community for something, with a bounty of at least tracker.minimum_bounty points that is taken from the caller at once and held. expires_at: between an hour and a year from now, or never; what lapses is given back. key: send the same again after a lost answer and get the same request. Refuses request.amount_invalid, request.expiry_invalid, torrent_category.unknown, torrent_category.closed and more points than the caller has (tracker.insufficient_points).';

revoke all on function tracker.create_request(integer, text, numeric, text, timestamptz, text) from public;
grant execute on function tracker.create_request(integer, text, numeric, text, timestamptz, text) to stoa_member;

-- Object: tracker/functions/credit_author.sql
create or replace function tracker.credit_author()
returns trigger
language plpgsql
-- Fires for whoever writes; totals are nobody's to write.
security definer
set search_path = ''
as $$
declare
  people uuid[];
  changes bigint[];
begin
  if tg_op = 'INSERT' then
    select array_agg(credit.user_id order by credit.user_id), array_agg(credit.times order by credit.user_id)
    into people, changes
    from (
      select added.author_id as user_id, count(*) as times
      from added
      where added.author_id is not null and added.deleted_at is null
      group by added.author_id
    ) as credit;
  elsif tg_op = 'DELETE' then
    select array_agg(credit.user_id order by credit.user_id), array_agg(-credit.times order by credit.user_id)
    into people, changes
    from (
      select removed.author_id as user_id, count(*) as times
      from removed
      where removed.author_id is not null and removed.deleted_at is null
      group by removed.author_id
    ) as credit;
  else
    select array_agg(credit.user_id order by credit.user_id), array_agg(credit.times order by credit.user_id)
    into people, changes
    from (
      select counted.user_id, sum(counted.times)::bigint as times
      from (
        select added.author_id as user_id, 1 as times from added where added.deleted_at is null
        union all
        select removed.author_id, -1 from removed where removed.deleted_at is null
      ) as counted
      where counted.user_id is not null
      group by counted.user_id
      having sum(counted.times) <> 0
    ) as credit;
  end if;
  if people is not null then
    perform tracker.add_to_totals('comment_count', people, changes);
  end if;
  return null;
end
$$;

comment on function tracker.credit_author() is
  'Trigger of tracker.comments: keeps tracker.user_statistics.comment_count, the live comments of a person.';

revoke all on function tracker.credit_author() from public;

-- Object: tracker/functions/credit_filler.sql
create or replace function tracker.credit_filler()
returns trigger
language plpgsql
-- Fires for whoever writes; totals are nobody's to write.
security definer
set search_path = ''
as $$
declare
  people uuid[];
  changes bigint[];
begin
  if tg_op = 'INSERT' then
    select array_agg(credit.user_id order by credit.user_id), array_agg(credit.times order by credit.user_id)
    into people, changes
    from (
      select added.filled_by as user_id, count(*) as times
      from added
      where added.filled_by is not null and added.status = 'filled'
      group by added.filled_by
    ) as credit;
  elsif tg_op = 'DELETE' then
    select array_agg(credit.user_id order by credit.user_id), array_agg(-credit.times order by credit.user_id)
    into people, changes
    from (
      select removed.filled_by as user_id, count(*) as times
      from removed
      where removed.filled_by is not null and removed.status = 'filled'
      group by removed.filled_by
    ) as credit;
  else
    select array_agg(credit.user_id order by credit.user_id), array_agg(credit.times order by credit.user_id)
    into people, changes
    from (
      select counted.user_id, sum(counted.times)::bigint as times
      from (
        select added.filled_by as user_id, 1 as times from added where added.status = 'filled'
        union all
        select removed.filled_by, -1 from removed where removed.status = 'filled'
      ) as counted
      where counted.user_id is not null
      group by counted.user_id
      having sum(counted.times) <> 0
    ) as credit;
  end if;
  if people is not null then
    perform tracker.add_to_totals('requests_filled', people, changes);
  end if;
  return null;
end
$$;

comment on function tracker.credit_filler() is
  'Trigger of tracker.requests: keeps tracker.user_statistics.requests_filled, the confirmed fills of a person.';

revoke all on function tracker.credit_filler() from public;

-- Object: tracker/functions/credit_people.sql
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

-- Object: tracker/functions/credit_uploader.sql
create or replace function tracker.credit_uploader()
returns trigger
language plpgsql
-- Fires for whoever writes; totals are nobody's to write.
security definer
set search_path = ''
as $$
declare
  people uuid[];
  changes bigint[];
begin
  if tg_op = 'INSERT' then
    select array_agg(credit.user_id order by credit.user_id), array_agg(credit.times order by credit.user_id)
    into people, changes
    from (
      select added.uploader_id as user_id, count(*) as times
      from added
      where added.uploader_id is not null and added.moderation_status = 'approved' and added.deleted_at is null
      group by added.uploader_id
    ) as credit;
  elsif tg_op = 'DELETE' then
    select array_agg(credit.user_id order by credit.user_id), array_agg(-credit.times order by credit.user_id)
    into people, changes
    from (
      select removed.uploader_id as user_id, count(*) as times
      from removed
      where removed.uploader_id is not null and removed.moderation_status = 'approved' and removed.deleted_at is null
      group by removed.uploader_id
    ) as credit;
  else
    select array_agg(credit.user_id order by credit.user_id), array_agg(credit.times order by credit.user_id)
    into people, changes
    from (
      select counted.user_id, sum(counted.times)::bigint as times
      from (
        select added.uploader_id as user_id, 1 as times from added where added.moderation_status = 'approved' and added.deleted_at is null
        union all
        select removed.uploader_id, -1 from removed where removed.moderation_status = 'approved' and removed.deleted_at is null
      ) as counted
      where counted.user_id is not null
      group by counted.user_id
      having sum(counted.times) <> 0
    ) as credit;
  end if;
  if people is not null then
    perform tracker.add_to_totals('torrents_uploaded', people, changes);
  end if;
  return null;
end
$$;

comment on function tracker.credit_uploader() is
  'Trigger of tracker.torrents: keeps tracker.user_statistics.torrents_uploaded, the approved uploads of a person that are not deleted.';

revoke all on function tracker.credit_uploader() from public;

-- Object: tracker/functions/cursor_id.sql
create or replace function tracker.cursor_id(p_after text, p_kind text)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_after is null then
    return null;
  end if;
  if p_after !~* (
    case p_kind when 'integer' then '^[0-9]{1,9}:' when 'decimal' then '^[0-9]{1,14}(\.[0-9]{1,4})?:' else '^' end || '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
  ) then
    perform core.fail('torrent.cursor_malformed');
  end if;
  return right(p_after, 36)::uuid;
end
$$;

comment on function tracker.cursor_id(text, text) is
  'Internal. The identifier in a place of a list, "NUMBER:ID" with an integer or a decimal, or "ID". Refuses another form (torrent.cursor_malformed).';

revoke all on function tracker.cursor_id(text, text) from public;

-- Object: tracker/functions/deactivate_torrent.sql
create or replace function tracker.deactivate_torrent(p_torrent_id uuid, p_reason text)
returns tracker.torrents
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
begin
  perform core.require_role('moderator');
  return tracker.set_active(p_torrent_id, false, core.clean_text(p_reason, 1000));
end
$$;

comment on function tracker.deactivate_torrent(uuid, text) is
  'Moderators only: takes a torrent off the list and refuses its announces, without deleting it; its uploader is told why. Refuses torrent.unknown, torrent.deleted and no reason (input.empty). Audited.';

revoke all on function tracker.deactivate_torrent(uuid, text) from public;
grant execute on function tracker.deactivate_torrent(uuid, text) to stoa_moderator;

-- Object: tracker/functions/delete_collection.sql
create or replace function tracker.delete_collection(p_collection_id uuid, p_reason text default null)
returns tracker.collections
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
  collection tracker.collections;
begin
  collection := tracker.locked_collection(p_collection_id);
  if collection.owner_id is distinct from me and core.current_role_rank() < 2 then
    perform core.fail('collection.not_owner');
  end if;
  update tracker.collections as target
  set deleted_at = now()
  where target.id = p_collection_id
  returning * into collection;
  if collection.owner_id is distinct from me then
    perform audit.record('delete_collection', 'tracker.collections', p_collection_id, p_reason => why);
    perform notifications.notify(
      collection.owner_id, 'moderation', 'Your collection was deleted: ' || collection.name, why,
      jsonb_build_object('collection_id', p_collection_id)
    );
  end if;
  return collection;
end
$$;

comment on function tracker.delete_collection(uuid, text) is
  'Deletes a collection; it is purged 30 days later, Its owner or a moderator (collection.not_owner). Refuses collection.unknown. What staff does is audited and told to the owner.';

revoke all on function tracker.delete_collection(uuid, text) from public;
grant execute on function tracker.delete_collection(uuid, text) to stoa_member;

-- Object: tracker/functions/delete_comment.sql
create or replace function tracker.delete_comment(p_comment_id uuid, p_reason text default null)
returns tracker.comments
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
  comment tracker.comments;
begin
  comment := tracker.locked_comment(p_comment_id);
  update tracker.comments as target
  set deleted_at = now(),
      deleted_by = me
  where target.id = p_comment_id
  returning * into comment;
  if comment.author_id is distinct from me then
    perform audit.record('delete_comment', 'tracker.comments', p_comment_id, p_reason => why);
    perform notifications.notify(
      comment.author_id, 'moderation', 'Your comment was removed', why, jsonb_build_object('comment_id', p_comment_id)
    );
  end if;
  return comment;
end
$$;

comment on function tracker.delete_comment(uuid, text) is
  E'@name delete_torrent_comment\nDeletes a comment: its author or a moderator (torrent_comment.not_author); it is purged 30 days later. Refuses torrent_comment.unknown. What staff does is audited and told to the author.';

revoke all on function tracker.delete_comment(uuid, text) from public;
grant execute on function tracker.delete_comment(uuid, text) to stoa_member;

-- Object: tracker/functions/delete_tag.sql
create or replace function tracker.delete_tag(p_tag_id uuid)
returns tracker.tags
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  gone tracker.tags;
begin
  perform core.require_role('moderator');
  perform from tracker.tags as tag where tag.id = p_tag_id for update;
  delete from tracker.tags as tag where tag.id = p_tag_id returning * into gone;
  if gone.id is null then
    perform core.fail('tag.unknown');
  end if;
  perform audit.record('delete_tag', 'tracker.tags', p_tag_id, to_jsonb(gone));
  return gone;
end
$$;

comment on function tracker.delete_tag(uuid) is
  'Moderators only: deletes a tag, from every torrent. Refuses tag.unknown. Audited.';

revoke all on function tracker.delete_tag(uuid) from public;
grant execute on function tracker.delete_tag(uuid) to stoa_moderator;

-- Object: tracker/functions/delete_torrent.sql
create or replace function tracker.delete_torrent(p_torrent_id uuid, p_reason text default null)
returns tracker.torrents
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  is_staff constant boolean := core.current_role_rank() >= 2;
  why constant text := core.clean_text(p_reason, 1000, is_staff);
  torrent tracker.torrents;
begin
  torrent := tracker.locked_torrent(p_torrent_id);
  if not is_staff and (torrent.uploader_id is distinct from me or torrent.moderation_status = 'approved') then
    perform core.fail('torrent.not_allowed');
  end if;
  if torrent.deleted_at is not null then
    perform core.fail('torrent.deleted');
  end if;

  update tracker.torrents as target
  set deleted_at = now()
  where target.id = p_torrent_id
  returning * into torrent;
  perform tracker.record_decision(p_torrent_id, 'deleted', why);
  perform tracker.close_approval(p_torrent_id, 'rejected', why);
  if torrent.uploader_id is distinct from me then
    perform audit.record('delete_torrent', 'tracker.torrents', p_torrent_id, p_reason => why);
    perform notifications.notify(
      torrent.uploader_id, 'moderation', 'Your torrent was deleted: ' || torrent.name, why,
      jsonb_build_object('torrent_id', p_torrent_id)
    );
  end if;
  return torrent;
end
$$;

comment on function tracker.delete_torrent(uuid, text) is
  'Deletes a torrent; it is purged 30 days later, and until then its identity stays taken. Moderators any, for a reason (input.empty); its uploader while it is not approved (torrent.not_allowed): what the community seeds is the community''s. Refuses torrent.unknown and torrent.deleted. What staff does is audited and told to the uploader.';

revoke all on function tracker.delete_torrent(uuid, text) from public;
grant execute on function tracker.delete_torrent(uuid, text) to stoa_member;

-- Object: tracker/functions/download_torrent.sql
create or replace function tracker.download_torrent(
  p_torrent_id uuid,
  out torrent_id uuid,
  out name text,
  out info_hash text,
  out torrent_upload_id uuid,
  out passkey_ciphertext bytea,
  out passkey_key_id text
)
language plpgsql
volatile
-- Reads the column with the metainfo file, which nobody is granted.
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  me constant uuid := core.require_member();
  torrent tracker.torrents;
  totals tracker.user_statistics;
  credential record;
  slots integer;
begin
  perform core.require_unrestricted('tracker');
  torrent := tracker.visible_torrent(p_torrent_id, true);
  if torrent.uploader_id is distinct from me
    and not (torrent.is_freeleech and (torrent.freeleech_until is null or torrent.freeleech_until > now()))
  then
    select * into totals from tracker.user_statistics as held where held.user_id = me;
    if totals.downloaded > core.setting_integer('tracker.ratio_grace_bytes')
      and totals.ratio < core.setting_decimal('tracker.minimum_ratio')
    then
      perform core.fail('torrent.ratio_too_low');
    end if;
    select class.max_concurrent_downloads * case when class.perks & 1 = 1 then 2 else 1 end into slots
    from core.users as person
    join core.user_classes as class on class.id = person.class_id
    where person.id = me;
    if slots is not null and slots <= (
      select count(distinct peer.torrent_id)
      from tracker.peers as peer
      where peer.user_id = me
        and not peer.is_seeder
        and peer.torrent_id <> p_torrent_id
    ) then
      perform core.fail('torrent.slots_used');
    end if;
  end if;

  update tracker.torrent_statistics as statistics
  set download_count = statistics.download_count + 1
  where statistics.torrent_id = p_torrent_id;
  select * into credential from tracker.my_passkey();
  download_torrent.torrent_id := torrent.id;
  download_torrent.name := torrent.name;
  download_torrent.info_hash := encode(torrent.info_hash, 'hex');
  download_torrent.torrent_upload_id := torrent.torrent_upload_id;
  download_torrent.passkey_ciphertext := credential.passkey_ciphertext;
  download_torrent.passkey_key_id := credential.key_id;
end
$$;

comment on function tracker.download_torrent(uuid) is
  E'@behavior -*\nWhat a process needs to hand a member the metainfo file of a torrent: which file it is, and the sealed passkey of the member, to be written into its announce address (null while there is none); counts the download. Only torrents that are approved and active (torrent.unknown). Somebody whose ratio is below tracker.minimum_ratio after tracker.ratio_grace_bytes gets only what is free or their own (torrent.ratio_too_low), and nobody more than their class may download at once (torrent.slots_used). A member who is barred from the tracker is refused (account.activity_barred).';

revoke all on function tracker.download_torrent(uuid) from public;
grant execute on function tracker.download_torrent(uuid) to stoa_member;

-- Object: tracker/functions/edit_comment.sql
create or replace function tracker.edit_comment(p_comment_id uuid, p_content text)
returns tracker.comments
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  comment tracker.comments;
begin
  perform core.require_unrestricted('tracker');
  perform core.require_unrestricted('posting');
  comment := tracker.locked_comment(p_comment_id);
  if comment.author_id is distinct from me then
    perform core.fail('torrent_comment.not_author');
  end if;
  update tracker.comments as target
  set content = core.clean_text(p_content, 10000),
      edited_at = now()
  where target.id = p_comment_id
  returning * into comment;
  return comment;
end
$$;

comment on function tracker.edit_comment(uuid, text) is
  E'@name edit_torrent_comment\nChanges the text of a comment of the caller (torrent_comment.not_author). Refuses torrent_comment.unknown. Limit: 10,000 characters.';

revoke all on function tracker.edit_comment(uuid, text) from public;
grant execute on function tracker.edit_comment(uuid, text) to stoa_member;

-- Object: tracker/functions/edit_request.sql
create or replace function tracker.edit_request(p_request_id uuid, p_patch jsonb)
returns tracker.requests
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  before tracker.requests;
  after tracker.requests;
begin
  perform core.require_unrestricted('tracker');
  perform core.check_patch(p_patch, array['title', 'description']);
  before := tracker.open_request(p_request_id);
  if before.requester_id is distinct from me and core.current_role_rank() < 2 then
    perform core.fail('request.not_requester');
  end if;
  after := before;
  if p_patch ? 'title' then after.title := core.clean_text(core.patch_text(p_patch, 'title', null, 300), 300); end if;
  after.description := coalesce(core.patch_text(p_patch, 'description', before.description, 20000), '');
  update tracker.requests as target
  set title = after.title,
      description = after.description
  where target.id = p_request_id
  returning * into after;
  if before.requester_id is distinct from me then
    perform audit.record(
      'edit_request', 'tracker.requests', p_request_id,
      jsonb_build_object('title', before.title, 'description', before.description),
      jsonb_build_object('title', after.title, 'description', after.description)
    );
  end if;
  return after;
end
$$;

comment on function tracker.edit_request(uuid, jsonb) is
  E'@name edit_torrent_request\nChanges the title or the description of a request that waits to be filled: its requester or a moderator (request.not_requester). Refuses request.unknown, request.fill_proposed and request.closed. What staff does is audited.';

revoke all on function tracker.edit_request(uuid, jsonb) from public;
grant execute on function tracker.edit_request(uuid, jsonb) to stoa_member;

-- Object: tracker/functions/edit_torrent.sql
create or replace function tracker.edit_torrent(p_torrent_id uuid, p_patch jsonb, p_reason text default null)
returns tracker.torrents
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  is_staff constant boolean := core.current_role_rank() >= 2;
  why constant text := core.clean_text(p_reason, 1000, false);
  before tracker.torrents;
  after tracker.torrents;
  changes jsonb;
begin
  perform core.require_unrestricted('tracker');
  before := tracker.locked_torrent(p_torrent_id);
  if before.uploader_id is distinct from me and not is_staff then
    perform core.fail('torrent.not_allowed');
  end if;
  if before.deleted_at is not null then
    perform core.fail('torrent.deleted');
  end if;
  perform core.check_patch(
    p_patch,
    array['name', 'description', 'metadata', 'is_anonymous'] || case when is_staff then array['category_id', 'upload_factor'] end
  );
  if coalesce(jsonb_typeof(p_patch -> 'metadata') <> 'object', false)
    or coalesce(pg_column_size(p_patch -> 'metadata') > 65536, false)
    or coalesce(jsonb_typeof(p_patch -> 'is_anonymous') <> 'boolean', false)
    or coalesce(p_patch ->> 'category_id' !~ '^[0-9]{1,9}$', false)
    or p_patch ? 'category_id' and p_patch ->> 'category_id' is null
    or p_patch ? 'upload_factor' and coalesce(p_patch ->> 'upload_factor', '') !~ '^([0-9](\.[0-9]{1,2})?|10(\.00?)?)$'
  then
    perform core.fail('input.malformed');
  end if;

  after := before;
  if p_patch ? 'name' then after.name := core.clean_text(core.patch_text(p_patch, 'name', null, 500), 500); end if;
  after.description := coalesce(core.patch_text(p_patch, 'description', before.description, 100000), '');
  if p_patch ? 'metadata' then after.metadata := p_patch -> 'metadata'; end if;
  if p_patch ? 'is_anonymous' then after.is_anonymous := (p_patch ->> 'is_anonymous')::boolean; end if;
  if p_patch ? 'upload_factor' then after.upload_factor := (p_patch ->> 'upload_factor')::numeric; end if;
  if p_patch ? 'category_id' and (p_patch ->> 'category_id')::integer <> before.category_id then
    after.category_id := (p_patch ->> 'category_id')::integer;
    perform tracker.open_category(after.category_id, true);
  end if;
  if not is_staff and before.moderation_status = 'approved' and core.setting_boolean('tracker.requeue_edits') then
    after.moderation_status := 'pending';
  end if;

  changes := tracker.changes_between(before, after);
  if changes = '{}' then
    return before;
  end if;
  update tracker.torrents as target
  set name = after.name,
      description = after.description,
      metadata = after.metadata,
      is_anonymous = after.is_anonymous,
      category_id = after.category_id,
      upload_factor = after.upload_factor,
      moderation_status = after.moderation_status
  where target.id = p_torrent_id
  returning * into after;
  perform tracker.record_decision(p_torrent_id, 'edited', why, changes);
  if before.moderation_status <> after.moderation_status then
    perform tracker.queue_approval(after);
  end if;
  if before.uploader_id is distinct from me then
    perform audit.record('edit_torrent', 'tracker.torrents', p_torrent_id, null, changes, why);
    perform notifications.notify(
      before.uploader_id, 'torrent_edited', 'Your torrent was edited: ' || after.name, why,
      jsonb_build_object('torrent_id', p_torrent_id)
    );
  end if;
  return after;
end
$$;

comment on function tracker.edit_torrent(uuid, jsonb, text) is
  'Changes a torrent: its uploader and moderators. The patch may name name, description, metadata and is_anonymous; moderators may also name category_id and upload_factor (0 to 10). What changed is written to its history, old and new. Where the setting tracker.requeue_edits says so, a torrent that its uploader edits waits for approval again. Refuses torrent.unknown, torrent.not_allowed, torrent.deleted, torrent_category.unknown and torrent_category.closed. What staff does is audited and told to the uploader.';

revoke all on function tracker.edit_torrent(uuid, jsonb, text) from public;
grant execute on function tracker.edit_torrent(uuid, jsonb, text) to stoa_member;

-- Object: tracker/functions/end_freeleech.sql
create or replace function tracker.end_freeleech(p_now timestamptz default now(), p_limit integer default 1000)
returns integer
language plpgsql
volatile
-- The worker has no right to update.
security definer
set search_path = ''
as $$
declare
  ended integer;
begin
  update tracker.torrents as target
  set is_freeleech = false,
      freeleech_until = null
  where target.id in (
    select due.id
    from tracker.torrents as due
    where due.freeleech_until <= p_now
    order by due.id
    limit p_limit
    for no key update skip locked
  );
  get diagnostics ended = row_count;
  return ended;
end
$$;

comment on function tracker.end_freeleech(timestamptz, integer) is
  'For the worker: unmarks torrents whose free time is over, so that lists of free torrents do not hold them; announces look at the time themselves. Returns how many.';

revoke all on function tracker.end_freeleech(timestamptz, integer) from public;
grant execute on function tracker.end_freeleech(timestamptz, integer) to stoa_worker;

-- Object: tracker/functions/ensure_statistics.sql
create or replace function tracker.ensure_statistics(p_user_ids uuid[])
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  -- In the order of the lock that follows: whoever inserts the same row is waited for here, holding no later one.
  insert into tracker.user_statistics (user_id)
  select person.id
  from unnest(p_user_ids) as person (id)
  where person.id is not null
    and not exists (select from tracker.user_statistics as present where present.user_id = person.id)
  group by person.id
  order by person.id
  on conflict (user_id) do nothing;
end
$$;

comment on function tracker.ensure_statistics(uuid[]) is
  'Internal. Makes the rows of totals that these people do not have yet. For callers that are about to lock them, in the same order: by user.';

revoke all on function tracker.ensure_statistics(uuid[]) from public;

-- Object: tracker/functions/expire_requests.sql
create or replace function tracker.expire_requests(p_now timestamptz default now())
returns integer
language plpgsql
volatile
-- The worker has no right to update.
security definer
set search_path = ''
as $$
declare
  request tracker.requests;
begin
  -- One at a time: its contributors' totals stay locked until the commit, and several requests would lock people out of
  -- their order. What somebody else is at is left for the next call.
  select * into request
  from tracker.requests as due
  where due.status = 'pending'
    and due.expires_at <= p_now
  order by due.expires_at
  limit 1
  for no key update skip locked;
  if not found then
    return 0;
  end if;

  perform tracker.refund_bounties(request);
  update tracker.requests as target
  set status = 'expired'
  where target.id = request.id
  returning * into request;
  perform tracker.tell_contributors(request, 'A request lapsed, your points are back: ', null, null);
  return 1;
end
$$;

comment on function tracker.expire_requests(timestamptz) is
  'For the worker: ends one request whose time is over, the longest overdue, and gives every contribution back. Returns 1, or 0 when there is none left; call it until then, each time in a transaction of its own. Can run twice at once: each request is ended once.';

revoke all on function tracker.expire_requests(timestamptz) from public;
grant execute on function tracker.expire_requests(timestamptz) to stoa_worker;

-- Object: tracker/functions/fillable_collection.sql
create or replace function tracker.fillable_collection(p_collection_id uuid)
returns tracker.collections
language plpgsql
volatile
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  collection tracker.collections;
begin
  perform core.require_unrestricted('tracker');
  collection := tracker.locked_collection(p_collection_id);
  if collection.kind = 'playlist' and collection.owner_id is distinct from me and core.current_role_rank() < 2 then
    perform core.fail('collection.not_owner');
  end if;
  if collection.is_locked then
    perform core.fail('collection.locked');
  end if;
  return collection;
end
$$;

comment on function tracker.fillable_collection(uuid) is
  'Internal. A collection whose items the caller may change, locked: a playlist of their own, or a collage; staff any. Refuses collection.unknown, collection.not_owner and collection.locked.';

revoke all on function tracker.fillable_collection(uuid) from public;

-- Object: tracker/functions/forget_peers.sql
create or replace function tracker.forget_peers(p_user_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  delete from tracker.peers as session where session.user_id = p_user_id;
end
$$;

comment on function tracker.forget_peers(uuid) is
  'Internal. Takes a person out of every swarm. For callers that hold the lock of their passkey, so that no announce puts them back.';

revoke all on function tracker.forget_peers(uuid) from public;

-- Object: tracker/functions/gift_bonus.sql
create or replace function tracker.gift_bonus(p_to uuid, p_amount numeric, p_key text default null, p_message text default null)
returns tracker.bonus_transactions
language plpgsql
volatile
-- The ledger is written by procedures only.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  words constant text := core.clean_text(p_message, 300, false);
  arguments constant jsonb := jsonb_build_object('to', p_to, 'amount', trim_scale(p_amount)::text, 'message', words);
  earlier jsonb;
  entry tracker.bonus_transactions;
  entry_id uuid;
  arriving numeric;
begin
  perform core.require_unrestricted('tracker');
  earlier := core.recall('tracker.gift_bonus', p_key, arguments);
  if earlier is not null then
    select * into entry
    from tracker.bonus_transactions as movement
    where movement.user_id = me
      and movement.id = (earlier ->> 'id')::uuid;
    return entry;
  end if;

  if p_amount is null or p_amount <= 0 or p_amount <> round(p_amount, 4) or p_amount >= 1e13 then
    perform core.fail('bonus.amount_invalid');
  end if;
  arriving := trunc(p_amount * (1 - core.setting_decimal('tracker.bonus.gift_fee')), 4);
  if arriving <= 0 then
    perform core.fail('bonus.amount_invalid');
  end if;
  if p_to = me then
    perform core.fail('bonus.gift_to_self');
  end if;
  if not exists (
    select
    from core.users as person
    where person.id = p_to
      and person.is_active
      and person.deleted_at is null
      and person.erased_at is null
      and not person.is_system
  ) or social.is_blocked(me, p_to) then
    perform core.fail('user.unknown');
  end if;

  -- Two people who give to each other at once: both lock the lower one first.
  perform tracker.ensure_statistics(array[me, p_to]);
  perform
  from tracker.user_statistics as totals
  where totals.user_id in (me, p_to)
  order by totals.user_id
  for no key update;
  entry_id := tracker.post_bonus(me, -p_amount, 'gift_out', p_counterparty_id => p_to, p_description => words);
  perform tracker.post_bonus(p_to, arriving, 'gift_in', p_counterparty_id => me, p_description => words);

  select * into entry from tracker.bonus_transactions as movement where movement.user_id = me and movement.id = entry_id;
  perform core.remember('tracker.gift_bonus', p_key, arguments, jsonb_build_object('id', entry_id));
  perform notifications.notify(
    p_to, 'bonus', 'You were given points', words, jsonb_build_object('user_id', me, 'amount', arriving), me
  );
  return entry;
end
$$;

comment on function tracker.gift_bonus(uuid, numeric, text, text) is
  'Gives points to somebody; a part is lost on the way (setting tracker.bonus.gift_fee). Returns the movement in the caller''s account. Refuses bonus.amount_invalid, bonus.gift_to_self, user.unknown (also for people who block each other) and tracker.insufficient_points. With a key, a retry returns the first gift.';

revoke all on function tracker.gift_bonus(uuid, numeric, text, text) from public;
grant execute on function tracker.gift_bonus(uuid, numeric, text, text) to stoa_member;

-- Object: tracker/functions/grant_freeleech.sql
create or replace function tracker.grant_freeleech(p_user_id uuid, p_count integer, p_use_before timestamptz default null)
returns boolean
language plpgsql
volatile
-- Tokens are written by procedures only.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('admin');
begin
  if not exists (
    select from core.users as person
    where person.id = p_user_id and person.deleted_at is null and person.erased_at is null
  ) then
    perform core.fail('user.unknown');
  end if;
  perform tracker.grant_tokens(p_user_id, p_count, 'staff', p_use_before);
  perform audit.record(
    'grant_freeleech', 'core.users', p_user_id, null, jsonb_build_object('count', p_count, 'use_before', p_use_before)
  );
  perform notifications.notify(
    p_user_id, 'bonus', 'You were given freeleech tokens', null, jsonb_build_object('count', p_count), me
  );
  return true;
end
$$;

comment on function tracker.grant_freeleech(uuid, integer, timestamptz) is
  'Administrators only: gives somebody 1 to 100 freeleech tokens, which may lapse. Refuses user.unknown and freeleech_token.count_invalid. Audited; the person is told.';

revoke all on function tracker.grant_freeleech(uuid, integer, timestamptz) from public;
grant execute on function tracker.grant_freeleech(uuid, integer, timestamptz) to stoa_admin;

-- Object: tracker/functions/grant_tokens.sql
create or replace function tracker.grant_tokens(p_user_id uuid, p_count integer, p_source text, p_use_before timestamptz)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  if p_count is null or p_count not between 1 and 100 then
    perform core.fail('freeleech_token.count_invalid');
  end if;
  insert into tracker.freeleech_tokens (user_id, source, use_before)
  select p_user_id, p_source, p_use_before
  from generate_series(1, p_count);
end
$$;

comment on function tracker.grant_tokens(uuid, integer, text, timestamptz) is
  'Internal. Gives somebody 1 to 100 unspent freeleech tokens. Refuses freeleech_token.count_invalid.';

revoke all on function tracker.grant_tokens(uuid, integer, text, timestamptz) from public;

-- Object: tracker/functions/guard_movement.sql
create or replace function tracker.guard_movement()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  -- What goes away elsewhere may be forgotten here: a purged torrent or request, and words of an erased person.
  loose constant text[] := array['torrent_id', 'request_id', 'description'];
begin
  if tg_op = 'UPDATE'
    and to_jsonb(new) - loose = to_jsonb(old) - loose
    and (new.torrent_id is null or new.torrent_id is not distinct from old.torrent_id)
    and (new.request_id is null or new.request_id is not distinct from old.request_id)
    and (new.description is null or new.description is not distinct from old.description)
  then
    return new;
  end if;
  raise exception 'the ledger of points only grows: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
    using errcode = 'restrict_violation';
end
$$;

comment on function tracker.guard_movement() is
  'Trigger of the ledger of points: refuses every change and removal, of the owner too, but for references and words that are set to null.';

revoke all on function tracker.guard_movement() from public;

-- Object: tracker/functions/hit_and_runs.sql
create or replace function tracker.hit_and_runs(p_user_id uuid default null)
returns setof tracker.user_torrents
language plpgsql
stable
rows 20
-- Moderators ask about everybody.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  whom constant uuid := coalesce(p_user_id, me);
  wanted constant bigint := core.setting_integer('tracker.swarm.seed_hours') * 3600;
  grace constant interval := make_interval(days => core.setting_integer('tracker.swarm.seed_grace_days')::integer);
begin
  if whom <> me then
    perform core.require_role('moderator');
  end if;
  return query
    select history.*
    from tracker.user_torrents as history
    join tracker.torrents as torrent on torrent.id = history.torrent_id
    where history.user_id = whom
      and history.completed_at < now() - grace
      and history.seed_seconds < wanted
      and history.uploaded < torrent.size_bytes
      and torrent.uploader_id is distinct from whom
      and torrent.deleted_at is null
      -- Who seeds it now is making up for it.
      and not exists (
        select
        from tracker.peers as session
        where session.torrent_id = history.torrent_id
          and session.user_id = whom
          and session.is_seeder
      )
    order by history.completed_at, history.torrent_id;
end
$$;

comment on function tracker.hit_and_runs(uuid) is
  'Torrents that somebody completed and left: after the days of grace (setting tracker.swarm.seed_grace_days) they have seeded them for fewer hours than is due (tracker.swarm.seed_hours), have not uploaded as much as the torrent is large, and do not seed them now. Of the caller; of somebody else for moderators only (role.insufficient).';

revoke all on function tracker.hit_and_runs(uuid) from public;
grant execute on function tracker.hit_and_runs(uuid) to stoa_member;

-- Object: tracker/functions/in_classes.sql
create or replace function tracker.in_classes(p_setting text)
returns boolean
language sql
stable
set search_path = ''
begin atomic
  select exists (
    select
    from core.users as person
    join core.user_classes as class on class.id = person.class_id
    where person.id = core.current_user_id()
      and core.setting_json(p_setting) ? class.slug
  );
end;

comment on function tracker.in_classes(text) is
  'Internal. Whether the caller''s account class is among those whose machine names a setting lists.';

revoke all on function tracker.in_classes(text) from public;

-- Object: tracker/functions/lock_category_tree.sql
create or replace function tracker.lock_category_tree()
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  -- Two moves at once could close a circle that neither of them sees.
  perform pg_advisory_xact_lock(hashtextextended('tracker.lock_category_tree', 0));
end
$$;

comment on function tracker.lock_category_tree() is
  'Internal. Moves in the tree of categories wait here for one another, until the transaction ends.';

revoke all on function tracker.lock_category_tree() from public;

-- Object: tracker/functions/locked_collection.sql
create or replace function tracker.locked_collection(p_collection_id uuid)
returns tracker.collections
language plpgsql
volatile
set search_path = ''
as $$
begin
  perform from tracker.collections as candidate where candidate.id = p_collection_id for no key update;
  return tracker.visible_collection(p_collection_id);
end
$$;

comment on function tracker.locked_collection(uuid) is
  'Internal. A live collection that the caller may read, locked. Refuses collection.unknown.';

revoke all on function tracker.locked_collection(uuid) from public;

-- Object: tracker/functions/locked_comment.sql
create or replace function tracker.locked_comment(p_comment_id uuid)
returns tracker.comments
language plpgsql
volatile
set search_path = ''
as $$
declare
  comment tracker.comments;
begin
  select * into comment from tracker.comments as candidate where candidate.id = p_comment_id;
  if not found then
    perform core.fail('torrent_comment.unknown');
  end if;
  -- What it is about before the comment itself.
  perform from tracker.requests as request where request.id = comment.request_id for no key update;
  perform from tracker.collections as collection where collection.id = comment.collection_id for no key update;
  perform from tracker.torrent_statistics as statistics where statistics.torrent_id = comment.torrent_id for no key update;
  select * into comment from tracker.comments as candidate where candidate.id = p_comment_id for no key update;
  if not found or comment.deleted_at is not null then
    perform core.fail('torrent_comment.unknown');
  end if;
  if comment.author_id is distinct from core.current_user_id() and core.current_role_rank() < 2 then
    perform core.fail('torrent_comment.not_author');
  end if;
  return comment;
end
$$;

comment on function tracker.locked_comment(uuid) is
  'Internal. A live comment, locked with what it is about, for its author or staff. Refuses torrent_comment.unknown and torrent_comment.not_author.';

revoke all on function tracker.locked_comment(uuid) from public;

-- Object: tracker/functions/locked_request.sql
create or replace function tracker.locked_request(p_request_id uuid)
returns tracker.requests
language plpgsql
volatile
set search_path = ''
as $$
declare
  request tracker.requests;
begin
  select * into request from tracker.requests as candidate where candidate.id = p_request_id for no key update;
  if not found then
    perform core.fail('request.unknown');
  end if;
  return request;
end
$$;

comment on function tracker.locked_request(uuid) is
  'Internal. A request, locked: whatever moves its points queues up here, and then reads the state that the one before left. Refuses request.unknown.';

revoke all on function tracker.locked_request(uuid) from public;

-- Object: tracker/functions/locked_torrent.sql
create or replace function tracker.locked_torrent(p_torrent_id uuid)
returns tracker.torrents
language plpgsql
volatile
set search_path = ''
as $$
declare
  torrent tracker.torrents;
begin
  select * into torrent from tracker.torrents as candidate where candidate.id = p_torrent_id for no key update;
  if not found
    or not (
      core.current_role_rank() >= 2
      or torrent.uploader_id = core.current_user_id()
      or torrent.moderation_status = 'approved' and torrent.is_active and torrent.deleted_at is null
    )
  then
    perform core.fail('torrent.unknown');
  end if;
  return torrent;
end
$$;

comment on function tracker.locked_torrent(uuid) is
  'Internal. A torrent that the caller may read, locked: two decisions about one torrent queue up here. Refuses torrent.unknown.';

revoke all on function tracker.locked_torrent(uuid) from public;

-- Object: tracker/functions/mark_metainfo_attached.sql
create or replace function tracker.mark_metainfo_attached()
returns trigger
language plpgsql
-- The uploads belong to another module, whose rows nobody may update directly.
security definer
set search_path = ''
as $$
begin
  if tg_op = 'DELETE' then
    -- Nothing refers to it any more: the sweep of deleted files removes its bytes.
    update media.uploads as upload
    set deleted_at = coalesce(upload.deleted_at, now())
    where upload.id = old.torrent_upload_id;
  else
    update media.uploads as upload
    set attached_at = coalesce(upload.attached_at, now())
    where upload.id = new.torrent_upload_id;
  end if;
  return null;
end
$$;

comment on function tracker.mark_metainfo_attached() is
  'Trigger. Tells the metainfo file that a torrent refers to it, and when the torrent is purged, that nothing does.';

revoke all on function tracker.mark_metainfo_attached() from public;

-- Object: tracker/functions/merge_tags.sql
create or replace function tracker.merge_tags(p_from_id uuid, p_into_id uuid)
returns tracker.tags
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  found_tags integer;
  source tracker.tags;
  merged tracker.tags;
begin
  perform core.require_role('moderator');
  if p_from_id = p_into_id then
    perform core.fail('tag.unknown');
  end if;
  -- Wholly locked, in the order of identifiers: nobody votes on either, or puts either on a torrent, until this is done.
  select count(*) into found_tags
  from (
    select tag.id from tracker.tags as tag where tag.id in (p_from_id, p_into_id) order by tag.id for update
  ) as locked;
  if found_tags <> 2 then
    perform core.fail('tag.unknown');
  end if;
  select * into source from tracker.tags as tag where tag.id = p_from_id;

  insert into tracker.torrent_tag_assignments (torrent_id, tag_id, assigned_by, inserted_at)
  select held.torrent_id, p_into_id, held.assigned_by, held.inserted_at
  from tracker.torrent_tag_assignments as held
  where held.tag_id = p_from_id
  order by held.torrent_id
  on conflict (torrent_id, tag_id) do nothing;
  insert into tracker.torrent_tag_votes (torrent_id, tag_id, user_id, value, inserted_at)
  select vote.torrent_id, p_into_id, vote.user_id, vote.value, vote.inserted_at
  from tracker.torrent_tag_votes as vote
  where vote.tag_id = p_from_id
  on conflict (torrent_id, tag_id, user_id) do nothing;
  delete from tracker.tags as tag where tag.id = p_from_id;
  perform audit.record('merge_tags', 'tracker.tags', p_into_id, to_jsonb(source));
  select * into merged from tracker.tags as tag where tag.id = p_into_id;
  return merged;
end
$$;

comment on function tracker.merge_tags(uuid, uuid) is
  'Moderators only: puts the tag into_id wherever the tag from_id is, carries the votes over (who voted on both keeps the vote on into_id), and deletes from_id. Refuses tag.unknown. Audited. Touches every torrent of the tag in one transaction.';

revoke all on function tracker.merge_tags(uuid, uuid) from public;
grant execute on function tracker.merge_tags(uuid, uuid) to stoa_moderator;

-- Object: tracker/functions/metadata_to_fetch.sql
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

-- Object: tracker/functions/my_passkey.sql
create or replace function tracker.my_passkey()
returns table (passkey_ciphertext bytea, key_id text)
language plpgsql
stable
-- Passkeys are granted to nobody.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  return query
    select key.passkey_ciphertext, key.key_id::text
    from tracker.passkeys as key
    where key.user_id = me
      and key.revoked_at is null;
end
$$;

comment on function tracker.my_passkey() is
  E'@internal\nThe caller''s live passkey, encrypted, and the key it is encrypted with; no row while there is none. The application decrypts it for .torrent files.';

revoke all on function tracker.my_passkey() from public;
grant execute on function tracker.my_passkey() to stoa_member;

-- Object: tracker/functions/my_torrent_ids.sql
create or replace function tracker.my_torrent_ids()
returns setof uuid
language plpgsql
stable
rows 100
-- The column with the uploader is granted to staff alone.
security definer
set search_path = ''
as $$
begin
  return query
    select torrent.id from tracker.torrents as torrent where torrent.uploader_id = core.current_user_id();
end
$$;

comment on function tracker.my_torrent_ids() is
  E'@behavior -*\nInternal. The torrents that the caller uploaded. For policies.';

revoke all on function tracker.my_torrent_ids() from public;
grant execute on function tracker.my_torrent_ids() to stoa_member;

-- Object: tracker/functions/my_torrents.sql
create or replace function tracker.my_torrents(p_after uuid default null, p_first integer default 25)
returns setof tracker.torrents
language plpgsql
stable
rows 25
-- The column with the uploader is granted to staff alone; these are the caller's own.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  return query
    select torrent.*
    from tracker.torrents as torrent
    where torrent.uploader_id = me
      and torrent.id < coalesce(p_after, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    order by torrent.id desc
    limit tracker.page_size(p_first);
end
$$;

comment on function tracker.my_torrents(uuid, integer) is
  E'@simpleCollections only\nWhat the caller uploaded, in any state, the newest first. first: 1 to 50. after: the last torrent of the page before.';

revoke all on function tracker.my_torrents(uuid, integer) from public;
grant execute on function tracker.my_torrents(uuid, integer) to stoa_member;

-- Object: tracker/functions/open_category.sql
create or replace function tracker.open_category(p_category_id integer, p_is_leaf boolean)
returns tracker.categories
language plpgsql
volatile
set search_path = ''
as $$
declare
  category tracker.categories;
begin
  -- Held until the row that refers to it is there: nobody puts a category under it meanwhile.
  select * into category from tracker.categories as candidate where candidate.id = p_category_id for key share;
  if not found then
    perform core.fail('torrent_category.unknown');
  end if;
  if not category.is_active
    or p_is_leaf and exists (select from tracker.categories as child where child.parent_id = p_category_id and child.is_active)
  then
    perform core.fail('torrent_category.closed');
  end if;
  return category;
end
$$;

comment on function tracker.open_category(integer, boolean) is
  'Internal. A category that takes something new; with p_is_leaf one with no active category under it. Refuses torrent_category.unknown and torrent_category.closed.';

revoke all on function tracker.open_category(integer, boolean) from public;

-- Object: tracker/functions/open_request.sql
create or replace function tracker.open_request(p_request_id uuid)
returns tracker.requests
language plpgsql
volatile
set search_path = ''
as $$
declare
  request tracker.requests;
begin
  request := tracker.locked_request(p_request_id);
  if request.status = 'fill_proposed' then
    perform core.fail('request.fill_proposed');
  end if;
  if request.status <> 'pending' or request.expires_at <= now() then
    perform core.fail('request.closed');
  end if;
  return request;
end
$$;

comment on function tracker.open_request(uuid) is
  'Internal. A request that waits to be filled, locked. Refuses request.unknown, request.fill_proposed and request.closed.';

revoke all on function tracker.open_request(uuid) from public;

-- Object: tracker/functions/open_requests.sql
create or replace function tracker.open_requests(
  p_category_id integer default null,
  p_sort text default 'bounty',
  p_after text default null,
  p_first integer default 25
)
returns setof tracker.requests
language plpgsql
stable
rows 25
-- Uses what is internal; members read every request anyway.
security definer
set search_path = ''
as $$
declare
  after_id uuid;
  after_number numeric;
  category_ids integer[];
begin
  perform core.require_member();
  if p_sort is null or p_sort not in ('bounty', 'votes', 'newest') then
    perform core.fail('request.sort_unknown');
  end if;
  after_id := tracker.cursor_id(p_after, case p_sort when 'bounty' then 'decimal' when 'votes' then 'integer' end);
  if after_id is not null and p_sort <> 'newest' then
    after_number := split_part(p_after, ':', 1)::numeric;
  end if;
  if p_category_id is not null then
    category_ids := array(select tracker.category_ids(p_category_id));
  end if;

  -- Planned for what is asked for: each order has its own index.
  return query execute
    $sql$ select request.* from tracker.requests as request where request.status = 'pending' $sql$
    || case when category_ids is not null then ' and request.category_id = any ($1)' else '' end
    || case
      when after_id is null then ''
      when p_sort = 'bounty' then ' and (request.total_bounty, request.id) < ($3, $2)'
      when p_sort = 'votes' then ' and (request.vote_count, request.id) < ($3::integer, $2)'
      else ' and request.id < $2'
    end
    || case p_sort
      when 'bounty' then ' order by request.total_bounty desc, request.id desc'
      when 'votes' then ' order by request.vote_count desc, request.id desc'
      else ' order by request.id desc'
    end
    || ' limit $4'
    using category_ids, after_id, after_number, tracker.page_size(p_first);
end
$$;

comment on function tracker.open_requests(integer, text, text, integer) is
  E'@simpleCollections only\nOne page of the requests that wait to be filled, of a category and what stands under it, or all. sort: bounty (the best paid first), votes (the most wanted) or newest. first: 1 to 50. after: the place of the last request of the page before, totalBounty:id, voteCount:id or its id. Reads about one page of index; with a category, as many requests as it takes to find a page. Refuses request.sort_unknown, torrent.cursor_malformed and torrent_category.unknown.';

revoke all on function tracker.open_requests(integer, text, text, integer) from public;
grant execute on function tracker.open_requests(integer, text, text, integer) to stoa_member;

-- Object: tracker/functions/page_size.sql
create or replace function tracker.page_size(p_first integer)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
begin
  return least(greatest(coalesce(p_first, 25), 1), 50);
end
$$;

comment on function tracker.page_size(integer) is
  'Internal. How many rows a page has: what was asked for, from 1 to 50; 25 when nothing was.';

revoke all on function tracker.page_size(integer) from public;

-- Object: tracker/functions/pay_fill.sql
create or replace function tracker.pay_fill(p_request tracker.requests)
returns tracker.requests
language plpgsql
volatile
set search_path = ''
as $$
declare
  request tracker.requests;
begin
  update tracker.requests as target
  set status = 'filled',
      confirmed_at = now()
  where target.id = p_request.id
  returning * into request;
  perform tracker.post_bonus(
    request.filled_by, request.total_bounty, 'bounty_payout',
    p_torrent_id => request.filled_torrent_id, p_request_id => request.id, p_description => left(request.title, 300)
  );
  perform tracker.reward(request.filled_by, 'request_filled', request.filled_torrent_id);
  perform notifications.notify(
    request.filled_by, 'request_filled', 'Your fill was accepted: ' || request.title, null,
    jsonb_build_object('request_id', request.id, 'torrent_id', request.filled_torrent_id)
  );
  return request;
end
$$;

comment on function tracker.pay_fill(tracker.requests) is
  'Internal. Closes a request that is locked as filled, and pays its whole bounty to whoever filled it.';

revoke all on function tracker.pay_fill(tracker.requests) from public;

-- Object: tracker/functions/pay_rule.sql
create or replace function tracker.pay_rule(
  p_rule_id uuid,
  p_period_start timestamptz,
  p_user_ids uuid[],
  p_amounts numeric[]
)
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
  paid integer;
begin
  with written as (
    -- Another run that was first has left its rows: the key keeps them single, and nothing is added for them here.
    insert into tracker.bonus_transactions (user_id, amount, balance_after, kind, bonus_rule_id, period_start)
    select totals.user_id, due.amount, totals.seedbonus + due.amount, 'earned', p_rule_id, p_period_start
    from unnest(p_user_ids, p_amounts) as due (user_id, amount)
    join tracker.user_statistics as totals on totals.user_id = due.user_id
    order by due.user_id
    on conflict (user_id, bonus_rule_id, period_start)
      where bonus_rule_id is not null and torrent_id is null and period_start is not null
      do nothing
    returning user_id, balance_after
  )
  update tracker.user_statistics as totals
  set seedbonus = written.balance_after,
      updated_at = now()
  from written
  where totals.user_id = written.user_id;
  get diagnostics paid = row_count;
  return paid;
end
$$;

comment on function tracker.pay_rule(uuid, timestamptz, uuid[], numeric[]) is
  'Internal, for tracker.award_bonus: pays people, whose totals the caller has locked, what a rule owes them for a period, and returns how many it paid: whoever was paid for the period already is left out.';

revoke all on function tracker.pay_rule(uuid, timestamptz, uuid[], numeric[]) from public;

-- Object: tracker/functions/post_bonus.sql
create or replace function tracker.post_bonus(
  p_user_id uuid,
  p_amount numeric,
  p_kind text,
  p_bonus_rule_id uuid default null,
  p_period_start timestamptz default null,
  p_torrent_id uuid default null,
  p_request_id uuid default null,
  p_counterparty_id uuid default null,
  p_description text default null
)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  amount constant numeric := round(p_amount, 4);
  balance numeric;
  entry_id uuid;
begin
  perform tracker.ensure_statistics(array[p_user_id]);
  -- Whoever moves points of this person waits here, so the balance that is read is the one that is spent.
  select held.seedbonus + amount into balance
  from tracker.user_statistics as held
  where held.user_id = p_user_id
  for no key update;

  if balance < 0 then
    perform core.fail('tracker.insufficient_points');
  end if;
  if balance >= 1e13 then
    perform core.fail('bonus.balance_too_large');
  end if;

  insert into tracker.bonus_transactions (
    user_id, amount, balance_after, kind, bonus_rule_id, period_start, torrent_id, request_id, counterparty_id, description
  )
  values (
    p_user_id, amount, balance, p_kind, p_bonus_rule_id, p_period_start, p_torrent_id, p_request_id, p_counterparty_id,
    p_description
  )
  returning id into entry_id;

  update tracker.user_statistics as held
  set seedbonus = balance,
      bounty_spent = held.bounty_spent - case when p_kind in ('bounty_escrow', 'bounty_refund') then amount else 0 end,
      bounty_earned = held.bounty_earned + case when p_kind = 'bounty_payout' then amount else 0 end,
      updated_at = now()
  where held.user_id = p_user_id;
  return entry_id;
end
$$;

comment on function tracker.post_bonus(uuid, numeric, text, uuid, timestamptz, uuid, uuid, uuid, text) is
  'Internal. The one way points move: writes a signed amount, of four decimals, into the ledger with the balance that follows from it, under the lock of the person''s totals, and keeps the balance and the sums of bounties there. Returns the ledger row. Whoever posts for several people goes by user. Refuses tracker.insufficient_points and bonus.balance_too_large; that a rule pays twice is refused by the keys of the ledger.';

revoke all on function tracker.post_bonus(uuid, numeric, text, uuid, timestamptz, uuid, uuid, uuid, text) from public;

-- Object: tracker/functions/private_user_ids.sql
create or replace function tracker.private_user_ids()
returns setof uuid
language sql
stable
rows 1000
-- Settings are private; a policy has to know this one fact.
security definer
set search_path = ''
begin atomic
  select settings.user_id
  from core.user_settings as settings
  where settings.paranoia_level >= 2;
end;

comment on function tracker.private_user_ids() is
  E'@internal\n@behavior -*\nPeople who keep their statistics to themselves (paranoia level 2 and more), for a policy: write x not in (select tracker.private_user_ids()), which is hashed once a statement.';

revoke all on function tracker.private_user_ids() from public;
grant execute on function tracker.private_user_ids() to stoa_member;

-- Object: tracker/functions/propose_fill.sql
create or replace function tracker.propose_fill(p_request_id uuid, p_torrent_id uuid)
returns tracker.requests
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  torrent tracker.torrents;
  request tracker.requests;
begin
  perform core.require_unrestricted('tracker');
  -- Before the request, as everything in this module locks: its row stays until this is decided.
  select * into torrent from tracker.torrents as candidate where candidate.id = p_torrent_id for key share;
  torrent := tracker.visible_torrent(p_torrent_id, true);
  request := tracker.open_request(p_request_id);
  if torrent.category_id <> all (array(select tracker.category_ids(request.category_id))) then
    perform core.fail('request.category_mismatch');
  end if;

  update tracker.requests as target
  set status = 'fill_proposed',
      filled_torrent_id = p_torrent_id,
      filled_by = me,
      filled_at = now()
  where target.id = p_request_id
  returning * into request;
  perform notifications.notify(
    request.requester_id, 'request_fill', 'Your request may be filled: ' || request.title,
    'Look at the torrent, then confirm or reject it.',
    jsonb_build_object('request_id', p_request_id, 'torrent_id', p_torrent_id), me
  );
  return request;
end
$$;

comment on function tracker.propose_fill(uuid, uuid) is
  E'@name propose_request_fill\nProposes a torrent, approved and active, of the category of the request or one under it, as what was wanted. The requester is told, and has tracker.confirm_hours to answer; silence is consent. One proposal at a time. Refuses torrent.unknown, request.unknown, request.fill_proposed, request.closed and request.category_mismatch.';

revoke all on function tracker.propose_fill(uuid, uuid) from public;
grant execute on function tracker.propose_fill(uuid, uuid) to stoa_member;

-- Object: tracker/functions/proposed_request.sql
create or replace function tracker.proposed_request(p_request_id uuid)
returns tracker.requests
language plpgsql
volatile
set search_path = ''
as $$
declare
  request tracker.requests;
begin
  request := tracker.locked_request(p_request_id);
  if request.status not in ('pending', 'fill_proposed') then
    perform core.fail('request.closed');
  end if;
  if request.requester_id is distinct from core.current_user_id() and core.current_role_rank() < 2 then
    perform core.fail('request.not_requester');
  end if;
  if request.status = 'pending' then
    perform core.fail('request.nothing_proposed');
  end if;
  return request;
end
$$;

comment on function tracker.proposed_request(uuid) is
  'Internal. A request with a fill that waits for an answer, locked, for its requester or a moderator. Refuses request.unknown, request.closed, request.not_requester and request.nothing_proposed.';

revoke all on function tracker.proposed_request(uuid) from public;

-- Object: tracker/functions/put_tags.sql
create or replace function tracker.put_tags(p_torrent_id uuid, p_tags text[])
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  names constant text[] := array(
    select distinct tracker.clean_tag(sent.name) from unnest(p_tags) as sent (name) order by 1
  );
begin
  if cardinality(names) = 0 then
    return;
  end if;

  -- Names in one order, so that two uploads with the same new tags do not wait for each other in a circle.
  insert into tracker.tags (name)
  select fresh.name from unnest(names) as fresh (name) order by fresh.name
  on conflict (name) do nothing;
  -- The key of each tag is held, in the order of identifiers: nobody merges or deletes it meanwhile.
  perform from tracker.tags as tag where tag.name = any (names) order by tag.id for key share;
  insert into tracker.torrent_tag_assignments (torrent_id, tag_id, assigned_by)
  select p_torrent_id, tag.id, core.current_user_id()
  from tracker.tags as tag
  where tag.name = any (names)
  order by tag.id
  on conflict (torrent_id, tag_id) do nothing;

  if (select count(*) from tracker.torrent_tag_assignments as assignment where assignment.torrent_id = p_torrent_id)
    > core.setting_integer('tracker.tags_per_torrent')
  then
    perform core.fail('tag.too_many');
  end if;
end
$$;

comment on function tracker.put_tags(uuid, text[]) is
  'Internal. Puts tags on a torrent that is locked or new, making those that do not exist. Refuses tag.malformed and tag.too_many.';

revoke all on function tracker.put_tags(uuid, text[]) from public;

-- Object: tracker/functions/queue_approval.sql
create or replace function tracker.queue_approval(p_torrent tracker.torrents)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  -- The module with the queue may be left out; then moderators find what waits in the catalogue itself.
  if to_regprocedure('moderation.enqueue(text, text, uuid, uuid, uuid, uuid, integer, jsonb)') is not null then
    execute $query$
      select moderation.enqueue(
        'approval', 'torrent', $1, p_submitted_by => $2, p_subject_user_id => $2, p_metadata => jsonb_build_object('name', $3)
      )
    $query$
    using p_torrent.id, p_torrent.uploader_id, p_torrent.name;
  end if;
end
$$;

comment on function tracker.queue_approval(tracker.torrents) is
  'Internal. Puts a torrent into the queue of approvals, where there is one.';

revoke all on function tracker.queue_approval(tracker.torrents) from public;

-- Object: tracker/functions/queue_torrent_search.sql
create or replace function tracker.queue_torrent_search()
returns trigger
language plpgsql
-- The queue has no grants.
security definer
set search_path = ''
as $$
begin
  perform core.queue_search(
    'torrent',
    new.id,
    case
      when new.moderation_status = 'approved' and new.is_active and new.deleted_at is null then 'index'
      else 'delete'
    end
  );
  return null;
end
$$;

comment on function tracker.queue_torrent_search() is
  'Trigger. Tells the external search engine, if one is switched on, that a torrent is listed, changed, or is not listed any more.';

revoke all on function tracker.queue_torrent_search() from public;

-- Object: tracker/functions/reactivate_torrent.sql
create or replace function tracker.reactivate_torrent(p_torrent_id uuid, p_reason text default null)
returns tracker.torrents
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
begin
  perform core.require_role('moderator');
  return tracker.set_active(p_torrent_id, true, core.clean_text(p_reason, 1000, false));
end
$$;

comment on function tracker.reactivate_torrent(uuid, text) is
  'Moderators only: lists a torrent again that was taken off the list. Refuses torrent.unknown and torrent.deleted. Audited.';

revoke all on function tracker.reactivate_torrent(uuid, text) from public;
grant execute on function tracker.reactivate_torrent(uuid, text) to stoa_moderator;

-- Object: tracker/functions/read_metainfo.sql
create or replace function tracker.read_metainfo(p_metainfo jsonb)
returns tracker.torrents
language plpgsql
stable
set search_path = ''
as $$
declare
  identity tracker.torrents;
  first_hash constant text := lower(p_metainfo ->> 'info_hash');
  second_hash constant text := lower(p_metainfo ->> 'info_hash_v2');
  size numeric;
begin
  if coalesce(jsonb_typeof(p_metainfo), 'null') <> 'object'
    or first_hash is null
    or first_hash !~ '^([0-9a-f]{40}|[0-9a-f]{64})$'
    or second_hash is not null and (second_hash !~ '^[0-9a-f]{64}$' or length(first_hash) = 64 and second_hash <> first_hash)
    or coalesce(p_metainfo ->> 'piece_length', '') !~ '^[1-9][0-9]{0,8}$'
    or coalesce(jsonb_typeof(p_metainfo -> 'files'), 'null') <> 'array'
    or jsonb_array_length(p_metainfo -> 'files') not between 1 and core.setting_integer('tracker.max_files')
    or exists (
      select
      from jsonb_array_elements(p_metainfo -> 'files') as file (entry)
      where jsonb_typeof(file.entry) <> 'object'
        or coalesce(file.entry ->> 'size_bytes', '') !~ '^[0-9]{1,18}$'
        or coalesce(length(file.entry ->> 'path'), 0) not between 1 and 4096
        or file.entry ->> 'path' ~ '(^|/)\.{0,2}(/|$)'
    )
  then
    perform core.fail('torrent.metainfo_invalid');
  end if;

  select sum((file.entry ->> 'size_bytes')::numeric) into size
  from jsonb_array_elements(p_metainfo -> 'files') as file (entry);
  if size not between 1 and 9000000000000000000 then
    perform core.fail('torrent.metainfo_invalid');
  end if;
  identity.info_hash := decode(first_hash, 'hex');
  identity.info_hash_v2 := decode(case when length(first_hash) = 64 then first_hash else second_hash end, 'hex');
  identity.piece_length := (p_metainfo ->> 'piece_length')::integer;
  identity.file_count := jsonb_array_length(p_metainfo -> 'files');
  identity.size_bytes := size;
  return identity;
end
$$;

comment on function tracker.read_metainfo(jsonb) is
  'Internal. The identity and the sizes that metainfo states. Refuses what is not of the form expected, empty or doubled separators, paths that lead out of the torrent, and no bytes at all (torrent.metainfo_invalid).';

revoke all on function tracker.read_metainfo(jsonb) from public;

-- Object: tracker/functions/record_decision.sql
create or replace function tracker.record_decision(
  p_torrent_id uuid,
  p_action text,
  p_reason text default null,
  p_changes jsonb default '{}'
)
returns void
language sql
volatile
set search_path = ''
begin atomic
  insert into tracker.torrent_moderation (torrent_id, moderator_id, action, reason, changes)
  values (p_torrent_id, core.current_user_id(), p_action, p_reason, p_changes);
end;

comment on function tracker.record_decision(uuid, text, text, jsonb) is
  'Internal. Adds a row to the history of a torrent: what the caller did, why, and what it changed.';

revoke all on function tracker.record_decision(uuid, text, text, jsonb) from public;

-- Object: tracker/functions/record_view.sql
create or replace function tracker.record_view(p_torrent_id uuid)
returns void
language plpgsql
volatile
-- Nobody has a right to update statistics.
security definer
set search_path = ''
as $$
begin
  perform core.require_member();
  perform tracker.visible_torrent(p_torrent_id);
  update tracker.torrent_statistics as statistics
  set view_count = statistics.view_count + 1
  where statistics.torrent_id = p_torrent_id;
end
$$;

comment on function tracker.record_view(uuid) is
  E'@name record_torrent_view\nCounts one view of the page of a torrent. Whoever calls it decides how often one reader counts. One update of a small row. Refuses torrent.unknown.';

revoke all on function tracker.record_view(uuid) from public;
grant execute on function tracker.record_view(uuid) to stoa_member;

-- Object: tracker/functions/refresh_borrowed_figures.sql
create or replace function tracker.refresh_borrowed_figures()
returns integer
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
declare
  changed integer;
begin
  execute format(
    $query$
      with figures as (
        select totals.user_id, coalesce(posts.value, 0)::integer + coalesce(comments.value, 0)::integer as forum_post_count,
          coalesce(warnings.value, 0)::integer as warning_points
        from tracker.user_statistics as totals
        left join (%s) as posts on posts.user_id = totals.user_id
        left join (%s) as comments on comments.user_id = totals.user_id
        left join (%s) as warnings on warnings.user_id = totals.user_id
      ),
      held as (
        select totals.user_id, figures.forum_post_count, figures.warning_points
        from tracker.user_statistics as totals
        join figures on figures.user_id = totals.user_id
        where totals.forum_post_count <> figures.forum_post_count
           or totals.warning_points <> figures.warning_points
        order by totals.user_id
        for no key update of totals
      )
      update tracker.user_statistics as totals
      set forum_post_count = held.forum_post_count,
          warning_points = held.warning_points
      from held
      where totals.user_id = held.user_id
    $query$,
    core.metric_query('forum_posts'),
    core.metric_query('forum_comments'),
    core.metric_query('warning_points')
  );
  get diagnostics changed = row_count;
  return changed;
end
$$;

comment on function tracker.refresh_borrowed_figures() is
  'For the worker, nightly: writes posts in the forums and points of warnings into the totals, from the metrics of those modules (none where a module is left out), and returns how many rows changed.';

revoke all on function tracker.refresh_borrowed_figures() from public;
grant execute on function tracker.refresh_borrowed_figures() to stoa_worker;

-- Object: tracker/functions/refresh_top_lists.sql
create or replace function tracker.refresh_top_lists()
returns integer
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
declare
  placed integer;
begin
  delete from tracker.top_lists;
  insert into tracker.top_lists (list, place, user_id, value)
  select ranked.list, ranked.place, ranked.user_id, ranked.value
  from (
    select
      figure.list,
      figure.value,
      totals.user_id,
      row_number() over (partition by figure.list order by figure.value desc, totals.user_id) as place
    from tracker.user_statistics as totals
    join core.users as person
      on person.id = totals.user_id
     and person.is_active
     and person.deleted_at is null
     and person.erased_at is null
    cross join lateral (
      values
        ('uploaded', totals.uploaded::numeric),
        ('downloaded', totals.downloaded::numeric),
        -- A ratio says something once a gibibyte was downloaded.
        ('ratio', case when totals.downloaded >= 1073741824 then totals.ratio end),
        ('seedbonus', totals.seedbonus),
        ('seed_seconds', totals.seed_seconds::numeric),
        ('torrents_uploaded', totals.torrents_uploaded::numeric),
        ('torrents_snatched', totals.torrents_snatched::numeric),
        ('requests_filled', totals.requests_filled::numeric)
    ) as figure (list, value)
    where figure.value > 0
      and not exists (
        select
        from core.user_settings as settings
        where settings.user_id = totals.user_id
          and settings.paranoia_level >= 2
      )
  ) as ranked
  where ranked.place <= 100;
  get diagnostics placed = row_count;
  return placed;
end
$$;

comment on function tracker.refresh_top_lists() is
  'For the worker, nightly: makes the top lists anew, in one transaction, and returns how many places there are. People who keep their statistics to themselves (paranoia level 2 and more) have no place. Scans everybody''s totals once.';

revoke all on function tracker.refresh_top_lists() from public;
grant execute on function tracker.refresh_top_lists() to stoa_worker;

-- Object: tracker/functions/refresh_torrent_statistics.sql
create or replace function tracker.refresh_torrent_statistics(p_after uuid default null, p_limit integer default 5000)
returns table (refreshed integer, next_after uuid)
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
declare
  due uuid[];
  held uuid[];
begin
  -- Torrents that have a swarm now, or had one at the last refresh.
  due := array(
    select touched.torrent_id
    from (
      (
        select distinct session.torrent_id
        from tracker.peers as session
        where p_after is null or session.torrent_id > p_after
        order by session.torrent_id
        limit p_limit
      )
      union
      (
        select figures.torrent_id
        from tracker.torrent_statistics as figures
        where (figures.seeders > 0 or figures.leechers > 0)
          and (p_after is null or figures.torrent_id > p_after)
        order by figures.torrent_id
        limit p_limit
      )
    ) as touched
    order by touched.torrent_id
    limit p_limit
  );

  -- Locked in order, then counted in a later statement. What an announce holds at the moment has its turn in a minute.
  held := array(
    select figures.torrent_id
    from tracker.torrent_statistics as figures
    where figures.torrent_id = any (due)
    order by figures.torrent_id
    for no key update skip locked
  );
  update tracker.torrent_statistics as figures
  set seeders = counted.seeders,
      leechers = counted.leechers,
      last_announce_at = greatest(figures.last_announce_at, counted.last_announce_at),
      last_seeded_at = greatest(figures.last_seeded_at, counted.last_seeded_at),
      updated_at = now()
  from (
    select
      listed.torrent_id,
      (count(session.peer_id) filter (where session.is_seeder))::integer as seeders,
      (count(session.peer_id) filter (where not session.is_seeder))::integer as leechers,
      max(session.last_announce_at) as last_announce_at,
      max(session.last_announce_at) filter (where session.is_seeder) as last_seeded_at
    from unnest(held) as listed (torrent_id)
    left join tracker.peers as session on session.torrent_id = listed.torrent_id
    group by listed.torrent_id
  ) as counted
  where figures.torrent_id = counted.torrent_id
    -- Most swarms stand still from one minute to the next: their times need not be exact to the minute.
    and (
      figures.seeders <> counted.seeders
      or figures.leechers <> counted.leechers
      or counted.last_announce_at > coalesce(figures.last_announce_at + interval '10 minutes', '-infinity')
    );
  get diagnostics refreshed = row_count;
  next_after := case when cardinality(due) = p_limit then due[p_limit] end;
  return next;
end
$$;

comment on function tracker.refresh_torrent_statistics(uuid, integer) is
  'For the worker, every minute: counts the peers of a batch of torrents anew, those that have a swarm or had one, and writes what changed. Returns how many rows it wrote and after which torrent the next batch starts; null there means that the pass is complete. Absolute figures: whatever was lost, an empty table of peers too, is right again after a pass. Waits for no announce.';

revoke all on function tracker.refresh_torrent_statistics(uuid, integer) from public;
grant execute on function tracker.refresh_torrent_statistics(uuid, integer) to stoa_worker;

-- Object: tracker/functions/refund_bounties.sql
create or replace function tracker.refund_bounties(p_request tracker.requests)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  bounty tracker.request_bounties;
begin
  -- By person, as everything that moves points of several people; the request is locked, so none is added meanwhile.
  for bounty in
    select *
    from tracker.request_bounties as held
    where held.request_id = p_request.id
      and held.refund_transaction_id is null
    order by held.user_id, held.id
  loop
    update tracker.request_bounties as held
    set refund_transaction_id = tracker.post_bonus(
      bounty.user_id, bounty.amount, 'bounty_refund',
      p_request_id => p_request.id, p_description => left(p_request.title, 300)
    )
    where held.id = bounty.id;
  end loop;
end
$$;

comment on function tracker.refund_bounties(tracker.requests) is
  'Internal. Gives every contribution to a request that is locked back to whoever made it, once.';

revoke all on function tracker.refund_bounties(tracker.requests) from public;

-- Object: tracker/functions/refuse_duplicate.sql
create or replace function tracker.refuse_duplicate(p_identity tracker.torrents)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  known core.error_codes;
  same tracker.torrents;
begin
  select * into same
  from tracker.torrents as candidate
  where candidate.info_hash = p_identity.info_hash
    or candidate.info_hash_v2 = p_identity.info_hash_v2
  limit 1;
  if not found then
    return;
  end if;
  if core.current_role_rank() < 2
    and same.uploader_id is distinct from core.current_user_id()
    and not (same.moderation_status = 'approved' and same.is_active and same.deleted_at is null)
  then
    perform core.fail('torrent.duplicate');
  end if;

  -- Like core.fail, with the torrent that the uploader should go to instead.
  select * into known from core.error_codes as code where code.reason = 'torrent.duplicate';
  raise exception using
    errcode = known.sqlstate,
    message = known.message || ' It is "' || same.name || '" (' || same.id || ').',
    hint = known.cure,
    detail = known.reason;
end
$$;

comment on function tracker.refuse_duplicate(tracker.torrents) is
  'Internal. Refuses an identity that a torrent has already, in whatever state it is (torrent.duplicate), and names that torrent where the caller may see it. Two look-ups by unique keys.';

revoke all on function tracker.refuse_duplicate(tracker.torrents) from public;

-- Object: tracker/functions/reject_fill.sql
create or replace function tracker.reject_fill(p_request_id uuid, p_reason text)
returns tracker.requests
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000);
  before tracker.requests;
  request tracker.requests;
begin
  before := tracker.proposed_request(p_request_id);
  update tracker.requests as target
  set status = 'pending',
      filled_torrent_id = null,
      filled_by = null,
      filled_at = null
  where target.id = p_request_id
  returning * into request;
  perform audit.record(
    'reject_fill', 'tracker.requests', p_request_id,
    jsonb_build_object('filled_by', before.filled_by, 'filled_torrent_id', before.filled_torrent_id), null, why
  );
  perform notifications.notify(
    before.filled_by, 'request_fill_rejected', 'Your fill was rejected: ' || before.title, why,
    jsonb_build_object('request_id', p_request_id, 'torrent_id', before.filled_torrent_id)
  );
  return request;
end
$$;

comment on function tracker.reject_fill(uuid, text) is
  E'@name reject_request_fill\nTurns the proposed fill down, for a reason that its proposer is told; the request waits again. The requester or a moderator (request.not_requester). Refuses request.unknown, request.closed, request.nothing_proposed and no reason (input.empty). Audited.';

revoke all on function tracker.reject_fill(uuid, text) from public;
grant execute on function tracker.reject_fill(uuid, text) to stoa_member;

-- Object: tracker/functions/reject_torrent.sql
create or replace function tracker.reject_torrent(p_torrent_id uuid, p_reason text)
returns tracker.torrents
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  why constant text := core.clean_text(p_reason, 1000);
  torrent tracker.torrents;
begin
  torrent := tracker.locked_torrent(p_torrent_id);
  if torrent.uploader_id = me then
    perform core.fail('torrent.own');
  end if;
  if torrent.deleted_at is not null or torrent.moderation_status <> 'pending' then
    perform core.fail('torrent.not_waiting');
  end if;

  update tracker.torrents as target
  set moderation_status = 'rejected'
  where target.id = p_torrent_id
  returning * into torrent;
  perform tracker.record_decision(p_torrent_id, 'rejected', why, '{"moderation_status": ["pending", "rejected"]}');
  perform tracker.close_approval(p_torrent_id, 'rejected', why);
  perform audit.record('reject_torrent', 'tracker.torrents', p_torrent_id, p_reason => why);
  perform notifications.notify(
    torrent.uploader_id, 'torrent_rejected', 'Your torrent was rejected: ' || torrent.name, why,
    jsonb_build_object('torrent_id', p_torrent_id)
  );
  return torrent;
end
$$;

comment on function tracker.reject_torrent(uuid, text) is
  'Moderators only: turns a torrent that waits down, for a reason that its uploader is told. It can be approved later. Refuses torrent.unknown, own uploads (torrent.own), what does not wait (torrent.not_waiting), and no reason (input.empty). Audited.';

revoke all on function tracker.reject_torrent(uuid, text) from public;
grant execute on function tracker.reject_torrent(uuid, text) to stoa_moderator;

-- Object: tracker/functions/remove_item.sql
create or replace function tracker.remove_item(p_collection_id uuid, p_torrent_id uuid)
returns boolean
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  collection tracker.collections;
  item tracker.collection_items;
begin
  collection := tracker.fillable_collection(p_collection_id);
  select * into item
  from tracker.collection_items as held
  where held.collection_id = p_collection_id and held.torrent_id = p_torrent_id;
  if not found then
    return false;
  end if;
  if collection.owner_id is distinct from me and item.added_by is distinct from me and core.current_role_rank() < 2 then
    perform core.fail('collection.not_owner');
  end if;
  delete from tracker.collection_items as held
  where held.collection_id = p_collection_id and held.torrent_id = p_torrent_id;
  return true;
end
$$;

comment on function tracker.remove_item(uuid, uuid) is
  E'@name remove_collection_item\nTakes a torrent out of a collection; tells whether it was in it. The owner, moderators, and in a collage who put it in (collection.not_owner). Refuses collection.unknown and collection.locked.';

revoke all on function tracker.remove_item(uuid, uuid) from public;
grant execute on function tracker.remove_item(uuid, uuid) to stoa_member;

-- Object: tracker/functions/rename_tag.sql
create or replace function tracker.rename_tag(p_tag_id uuid, p_name text)
returns tracker.tags
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  before tracker.tags;
  after tracker.tags;
begin
  perform core.require_role('moderator');
  select * into before from tracker.tags as tag where tag.id = p_tag_id for update;
  if not found then
    perform core.fail('tag.unknown');
  end if;
  begin
    update tracker.tags as tag
    set name = tracker.clean_tag(p_name)
    where tag.id = p_tag_id
    returning * into after;
  exception
    when unique_violation then perform core.fail('tag.taken');
  end;
  perform audit.record(
    'rename_tag', 'tracker.tags', p_tag_id, jsonb_build_object('name', before.name), jsonb_build_object('name', after.name)
  );
  return after;
end
$$;

comment on function tracker.rename_tag(uuid, text) is
  'Moderators only: gives a tag another name, on every torrent at once. Refuses tag.unknown, tag.malformed, and a name that another tag has (tag.taken; merge the two). Audited.';

revoke all on function tracker.rename_tag(uuid, text) from public;
grant execute on function tracker.rename_tag(uuid, text) to stoa_moderator;

-- Object: tracker/functions/reorder_items.sql
create or replace function tracker.reorder_items(p_collection_id uuid, p_torrent_ids uuid[])
returns tracker.collections
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  collection tracker.collections;
begin
  collection := tracker.fillable_collection(p_collection_id);
  if array(select distinct sent.id from unnest(p_torrent_ids) as sent (id) order by 1)
      is distinct from array(
        select held.torrent_id from tracker.collection_items as held where held.collection_id = p_collection_id order by 1
      )
    or cardinality(p_torrent_ids) <> collection.item_count
  then
    perform core.fail('collection.order_invalid');
  end if;
  update tracker.collection_items as held
  set position = sent.place - 1
  from unnest(p_torrent_ids) with ordinality as sent (id, place)
  where held.collection_id = p_collection_id
    and held.torrent_id = sent.id
    and held.position <> sent.place - 1;
  return collection;
end
$$;

comment on function tracker.reorder_items(uuid, uuid[]) is
  E'@name reorder_collection_items\nPuts the torrents of a collection into this order: all of them, each once (collection.order_invalid). The owner, of a collage every member. Refuses collection.unknown, collection.not_owner and collection.locked.';

revoke all on function tracker.reorder_items(uuid, uuid[]) from public;
grant execute on function tracker.reorder_items(uuid, uuid[]) to stoa_member;

-- Object: tracker/functions/repair_counters.sql
create or replace function tracker.repair_counters(p_ids uuid[])
returns integer
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
declare
  wrong record;
  repaired integer := 0;
begin
  -- Rows are locked first, in the order of the module, and counted in a later statement: one statement that does both
  -- keeps its old snapshot while it waits for a lock, and would overwrite what was counted meanwhile.
  perform from tracker.requests as request where request.id = any (p_ids) order by request.id for no key update;
  perform from tracker.collections as collection where collection.id = any (p_ids) order by collection.id for no key update;
  perform from tracker.torrent_statistics as figures where figures.torrent_id = any (p_ids) order by figures.torrent_id for no key update;
  perform
  from tracker.torrent_tag_assignments as worn
  where worn.torrent_id = any (p_ids)
  order by worn.torrent_id, worn.tag_id
  for no key update;
  perform from tracker.tags as tag where tag.id = any (p_ids) order by tag.id for no key update;

  for wrong in
    select cached.*
    from tracker.requests as request
    cross join lateral (
      values
        (
          'requests', 'total_bounty', 'id', request.id, null::uuid, request.total_bounty,
          (
            select coalesce(sum(bounty.amount), 0)
            from tracker.request_bounties as bounty
            where bounty.request_id = request.id and bounty.refund_transaction_id is null
          )
        ),
        (
          'requests', 'vote_count', 'id', request.id, null, request.vote_count,
          (select count(*) from tracker.request_votes as vote where vote.request_id = request.id)
        ),
        (
          'requests', 'comment_count', 'id', request.id, null, request.comment_count,
          (select count(*) from tracker.comments as comment where comment.request_id = request.id and comment.deleted_at is null)
        )
    ) as cached (relation, counter, key_column, id, tag_id, value, true_value)
    where request.id = any (p_ids) and cached.value <> cached.true_value
    union all
    select cached.*
    from tracker.collections as collection
    cross join lateral (
      values
        (
          'collections', 'item_count', 'id', collection.id, null::uuid, collection.item_count::numeric,
          (select count(*) from tracker.collection_items as item where item.collection_id = collection.id)::numeric
        ),
        (
          'collections', 'subscriber_count', 'id', collection.id, null, collection.subscriber_count,
          (select count(*) from tracker.collection_subscriptions as held where held.collection_id = collection.id)
        ),
        (
          'collections', 'comment_count', 'id', collection.id, null, collection.comment_count,
          (select count(*) from tracker.comments as comment where comment.collection_id = collection.id and comment.deleted_at is null)
        )
    ) as cached (relation, counter, key_column, id, tag_id, value, true_value)
    where collection.id = any (p_ids) and cached.value <> cached.true_value
    union all
    select 'torrent_statistics', 'comment_count', 'torrent_id', figures.torrent_id, null, figures.comment_count, counted.value
    from tracker.torrent_statistics as figures
    cross join lateral (
      select count(*) as value
      from tracker.comments as comment
      where comment.torrent_id = figures.torrent_id and comment.deleted_at is null
    ) as counted
    where figures.torrent_id = any (p_ids) and figures.comment_count <> counted.value
    union all
    select 'torrent_tag_assignments', 'score', 'torrent_id', worn.torrent_id, worn.tag_id, worn.score, counted.value
    from tracker.torrent_tag_assignments as worn
    cross join lateral (
      select coalesce(sum(vote.value), 0) as value
      from tracker.torrent_tag_votes as vote
      where vote.torrent_id = worn.torrent_id and vote.tag_id = worn.tag_id
    ) as counted
    where worn.torrent_id = any (p_ids) and worn.score <> counted.value
    union all
    select 'tags', 'usage_count', 'id', tag.id, null, tag.usage_count, counted.value
    from tracker.tags as tag
    cross join lateral (
      select count(*) as value from tracker.torrent_tag_assignments as worn where worn.tag_id = tag.id
    ) as counted
    where tag.id = any (p_ids) and tag.usage_count <> counted.value
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    values (
      format('tracker.%s.%s', wrong.relation, wrong.counter),
      jsonb_strip_nulls(jsonb_build_object(wrong.key_column, wrong.id, 'tag_id', wrong.tag_id)),
      wrong.value,
      wrong.true_value
    );
    execute format(
      'update tracker.%I set %I = $1 where %I = $2 %s',
      wrong.relation, wrong.counter, wrong.key_column, case when wrong.tag_id is not null then 'and tag_id = $3' else '' end
    )
    using wrong.true_value, wrong.id, wrong.tag_id;
    repaired := repaired + 1;
  end loop;
  return repaired;
end
$$;

comment on function tracker.repair_counters(uuid[]) is
  'For the worker: recounts what is cached of these torrents, requests, collections and tags, corrects what is wrong, writes each difference to ops.counter_repairs and returns how many figures it corrected. Who writes to them waits meanwhile: call it with some at a time.';

revoke all on function tracker.repair_counters(uuid[]) from public;
grant execute on function tracker.repair_counters(uuid[]) to stoa_worker;

-- Object: tracker/functions/repair_statistics.sql
create or replace function tracker.repair_statistics(p_user_ids uuid[])
returns integer
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
declare
  wrong record;
  repaired integer := 0;
begin
  -- Locked first and counted in a later statement: one that does both keeps its old snapshot while it waits for a lock,
  -- and would overwrite what was counted meanwhile.
  perform
  from tracker.user_statistics as totals
  where totals.user_id = any (p_user_ids)
  order by totals.user_id
  for no key update;
  for wrong in
    select totals.user_id, cached.name, cached.value, cached.true_value
    from tracker.user_statistics as totals
    cross join lateral (
      select
        coalesce(sum(movement.amount), 0) as seedbonus,
        coalesce(-sum(movement.amount) filter (where movement.kind in ('bounty_escrow', 'bounty_refund')), 0) as bounty_spent,
        coalesce(sum(movement.amount) filter (where movement.kind = 'bounty_payout'), 0) as bounty_earned
      from tracker.bonus_transactions as movement
      where movement.user_id = totals.user_id
    ) as ledger
    cross join lateral (
      select
        coalesce(sum(history.uploaded), 0) as uploaded,
        coalesce(sum(history.downloaded), 0) as downloaded,
        coalesce(sum(history.seed_seconds), 0) as seed_seconds,
        count(history.completed_at) as torrents_snatched
      from tracker.user_torrents as history
      where history.user_id = totals.user_id
    ) as moved
    cross join lateral (
      values
        ('seedbonus', totals.seedbonus, ledger.seedbonus),
        ('bounty_spent', totals.bounty_spent, ledger.bounty_spent),
        ('bounty_earned', totals.bounty_earned, ledger.bounty_earned),
        -- History goes with a torrent that is purged and totals do not: they are never less than it.
        ('uploaded', totals.uploaded, greatest(totals.uploaded, moved.uploaded)),
        ('downloaded', totals.downloaded, greatest(totals.downloaded, moved.downloaded)),
        ('seed_seconds', totals.seed_seconds, greatest(totals.seed_seconds, moved.seed_seconds)),
        ('torrents_snatched', totals.torrents_snatched, greatest(totals.torrents_snatched, moved.torrents_snatched)),
        ('torrents_uploaded', totals.torrents_uploaded, (
          select count(*)
          from tracker.torrents as torrent
          where torrent.uploader_id = totals.user_id
            and torrent.moderation_status = 'approved'
            and torrent.deleted_at is null
        )),
        ('requests_filled', totals.requests_filled, (
          select count(*)
          from tracker.requests as request
          where request.filled_by = totals.user_id
            and request.status = 'filled'
        )),
        ('comment_count', totals.comment_count, (
          select count(*)
          from tracker.comments as comment
          where comment.author_id = totals.user_id
            and comment.deleted_at is null
        ))
    ) as cached (name, value, true_value)
    where totals.user_id = any (p_user_ids)
      and cached.value <> cached.true_value
    order by totals.user_id, cached.name
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    values (
      'tracker.user_statistics.' || wrong.name,
      jsonb_build_object('user_id', wrong.user_id),
      wrong.value,
      wrong.true_value
    );
    execute format('update tracker.user_statistics set %I = $1 where user_id = $2', wrong.name)
    using wrong.true_value, wrong.user_id;
    repaired := repaired + 1;
  end loop;
  return repaired;
end
$$;

comment on function tracker.repair_statistics(uuid[]) is
  'For the worker: recounts the totals of these people from the ledger of points, their torrents, fills and comments, and raises what they moved to the sum of their history where it is less; corrects what is wrong, writes each difference to ops.counter_repairs and returns how many figures it corrected. Announces of these people wait meanwhile: call it with some at a time.';

revoke all on function tracker.repair_statistics(uuid[]) from public;
grant execute on function tracker.repair_statistics(uuid[]) to stoa_worker;

-- Object: tracker/functions/report_implausible.sql
create or replace function tracker.report_implausible(p_user_id uuid, p_evidence jsonb)
returns boolean
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
begin
  if to_regclass('moderation.queue_items') is null
    or not exists (select from core.users as person where person.id = p_user_id and person.erased_at is null)
  then
    return false;
  end if;
  -- Not named in a static call: this module stands without that one.
  execute
    'select moderation.enqueue(
       p_queue_type => ''investigation'', p_item_type => ''user'', p_item_id => $1, p_subject_user_id => $1,
       p_priority => 20, p_metadata => jsonb_build_object(''implausible_announce'', $2)
     )'
  using p_user_id, p_evidence;
  return true;
end
$$;

comment on function tracker.report_implausible(uuid, jsonb) is
  'For the worker: asks moderators to look into somebody whose client claimed to move more than is possible; joins the open item about them. False where there is no module for that, or nobody to look into.';

revoke all on function tracker.report_implausible(uuid, jsonb) from public;
grant execute on function tracker.report_implausible(uuid, jsonb) to stoa_worker;

-- Object: tracker/functions/reset_passkey.sql
create or replace function tracker.reset_passkey(p_passkey_hash bytea, p_passkey_ciphertext bytea, p_key_id text)
returns void
language plpgsql
volatile
-- Passkeys are granted to nobody.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  if coalesce(octet_length(p_passkey_hash), 0) <> 32
    or coalesce(octet_length(p_passkey_ciphertext), 0) = 0
    or coalesce(length(p_key_id), 0) not between 1 and 64
  then
    perform core.fail('passkey.invalid');
  end if;

  -- Waits for an announce with the old key; one that comes later finds it revoked.
  update tracker.passkeys as key
  set revoked_at = now()
  where key.user_id = me
    and key.revoked_at is null;
  perform tracker.forget_peers(me);
  begin
    insert into tracker.passkeys (passkey_hash, user_id, passkey_ciphertext, key_id)
    values (p_passkey_hash, me, p_passkey_ciphertext, p_key_id);
  exception
    -- Another reset of the same person came first, or the key is not fresh: which of the two is nobody's business.
    when unique_violation then
      perform core.fail('passkey.invalid');
  end;
end
$$;

comment on function tracker.reset_passkey(bytea, bytea, text) is
  E'@internal\nGives the caller a passkey, which the application made and encrypted; SQL sees its digest only. The one before is revoked and its peers leave every swarm, in the same moment. Refuses passkey.invalid, also when another reset of the caller came in between.';

revoke all on function tracker.reset_passkey(bytea, bytea, text) from public;
grant execute on function tracker.reset_passkey(bytea, bytea, text) to stoa_member;

-- Object: tracker/functions/restore_torrent.sql
create or replace function tracker.restore_torrent(p_torrent_id uuid, p_reason text default null)
returns tracker.torrents
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  why constant text := core.clean_text(p_reason, 1000, false);
  torrent tracker.torrents;
begin
  perform core.require_role('moderator');
  torrent := tracker.locked_torrent(p_torrent_id);
  if torrent.deleted_at is null then
    perform core.fail('torrent.not_deleted');
  end if;

  update tracker.torrents as target
  set deleted_at = null
  where target.id = p_torrent_id
  returning * into torrent;
  perform tracker.record_decision(p_torrent_id, 'restored', why);
  if torrent.moderation_status = 'pending' then
    perform tracker.queue_approval(torrent);
  end if;
  perform audit.record('restore_torrent', 'tracker.torrents', p_torrent_id, p_reason => why);
  return torrent;
end
$$;

comment on function tracker.restore_torrent(uuid, text) is
  'Moderators only: brings a deleted torrent back as it was, within the 30 days before it is purged; what waited for approval waits again. Refuses torrent.unknown and torrent.not_deleted. Audited.';

revoke all on function tracker.restore_torrent(uuid, text) from public;
grant execute on function tracker.restore_torrent(uuid, text) to stoa_moderator;

-- Object: tracker/functions/revoke_passkey.sql
create or replace function tracker.revoke_passkey(p_user_id uuid)
returns boolean
language plpgsql
volatile
-- Passkeys are granted to nobody.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  if p_user_id is distinct from me then
    perform core.require_role('admin');
  end if;
  update tracker.passkeys as key
  set revoked_at = now()
  where key.user_id = p_user_id
    and key.revoked_at is null;
  if not found then
    perform core.fail('passkey.none');
  end if;
  perform tracker.forget_peers(p_user_id);
  perform audit.record('revoke_passkey', 'tracker.passkeys', p_user_id);
  return true;
end
$$;

comment on function tracker.revoke_passkey(uuid) is
  'Withdraws the passkey of the caller, or by administrators of anybody: their clients are refused from then on and leave every swarm. The next .torrent file that the person downloads has a new one. Refuses passkey.none and, for others, role.insufficient. Audited.';

revoke all on function tracker.revoke_passkey(uuid) from public;
grant execute on function tracker.revoke_passkey(uuid) to stoa_member;

-- Object: tracker/functions/reward.sql
create or replace function tracker.reward(p_user_id uuid, p_event text, p_torrent_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  rule tracker.bonus_rules;
begin
  if p_user_id is null or p_torrent_id is null then
    return;
  end if;
  for rule in
    select candidate.*
    from tracker.bonus_rules as candidate
    where candidate.event = p_event
      and candidate.is_active
      and (candidate.starts_at is null or candidate.starts_at <= now())
      and (candidate.ends_at is null or candidate.ends_at > now())
      and (
        not candidate.conditions ? 'min_size_bytes'
        or exists (
          select
          from tracker.torrents as torrent
          where torrent.id = p_torrent_id
            and torrent.size_bytes >= (candidate.conditions ->> 'min_size_bytes')::numeric
        )
      )
    order by candidate.id
  loop
    begin
      perform tracker.post_bonus(
        p_user_id, rule.amount, 'earned', rule.id, p_torrent_id => p_torrent_id, p_description => rule.name
      );
    exception
      -- Paid for this torrent before: bonus_transactions_rule_torrent_key.
      when unique_violation then null;
    end;
  end loop;
end
$$;

comment on function tracker.reward(uuid, text, uuid) is
  'Internal. Pays a person by the active rules of an event, for one torrent: once for each rule, whatever happens to the torrent afterwards. Nothing is refused.';

revoke all on function tracker.reward(uuid, text, uuid) from public;

-- Object: tracker/functions/sample_peers.sql
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

-- Object: tracker/functions/save_bonus_rule.sql
create or replace function tracker.save_bonus_rule(
  p_name text,
  p_event text,
  p_amount numeric,
  p_period text default 'hour',
  p_conditions jsonb default '{}',
  p_max_per_period numeric default null,
  p_description text default null,
  p_starts_at timestamptz default null,
  p_ends_at timestamptz default null,
  p_is_active boolean default true,
  p_rule_id uuid default null
)
returns tracker.bonus_rules
language plpgsql
volatile
-- Clients have no right to write rules; who may is decided here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('admin');
  title constant text := core.clean_text(p_name, 100);
  words constant text := core.clean_text(p_description, 2000, false);
  before tracker.bonus_rules;
  rule tracker.bonus_rules;
begin
  if p_event is null
    or p_event not in ('seeding', 'upload_approved', 'request_filled', 'comment', 'forum_post', 'achievement')
    or p_period is null
    or p_period not in ('once', 'hour', 'day')
    or coalesce(round(p_amount, 4) <= 0 or p_amount >= 1e9, true)
    or coalesce(round(p_max_per_period, 4) <= 0 or p_max_per_period >= 1e9, false)
    or coalesce(p_ends_at <= p_starts_at, false)
    or p_is_active is null
    or coalesce(jsonb_typeof(p_conditions) <> 'object', true)
  then
    perform core.fail('bonus.rule_invalid');
  end if;
  if exists (
    select
    from jsonb_each(p_conditions) as condition
    where case p_event
        when 'seeding' then
          condition.key not in ('min_seeders', 'max_seeders', 'min_size_bytes', 'min_age_days', 'min_seed_seconds')
        when 'upload_approved' then condition.key <> 'min_size_bytes'
        else true
      end
       or condition.value::text !~ '^[0-9]{1,15}$'
       or (condition.key in ('min_seeders', 'max_seeders', 'min_age_days') and length(condition.value::text) > 6)
  ) then
    perform core.fail('bonus.rule_invalid');
  end if;

  begin
    if p_rule_id is null then
      insert into tracker.bonus_rules (
        name, description, event, conditions, amount, period, max_per_period, is_active, starts_at, ends_at
      )
      values (
        title, words, p_event, p_conditions, p_amount, p_period, p_max_per_period, p_is_active, p_starts_at, p_ends_at
      )
      returning * into rule;
    else
      select * into before from tracker.bonus_rules as known where known.id = p_rule_id for no key update;
      if not found then
        perform core.fail('bonus.rule_unknown');
      end if;
      update tracker.bonus_rules as known
      set name = title,
          description = words,
          event = p_event,
          conditions = p_conditions,
          amount = p_amount,
          period = p_period,
          max_per_period = p_max_per_period,
          is_active = p_is_active,
          starts_at = p_starts_at,
          ends_at = p_ends_at
      where known.id = p_rule_id
      returning * into rule;
    end if;
  exception
    when unique_violation then
      perform core.fail('bonus.rule_name_taken');
  end;
  perform audit.record(
    'save_bonus_rule', 'tracker.bonus_rules', rule.id,
    case when before.id is not null then to_jsonb(before) end, to_jsonb(rule)
  );
  return rule;
end
$$;

comment on function tracker.save_bonus_rule(text, text, numeric, text, jsonb, numeric, text, timestamptz, timestamptz, boolean, uuid) is
  'Administrators only: makes a rule that earns points, or writes one anew. Conditions, whole numbers, of seeding: min_seeders, max_seeders, min_size_bytes, min_age_days, min_seed_seconds; of upload_approved: min_size_bytes. Refuses bonus.rule_invalid, bonus.rule_unknown, bonus.rule_name_taken and an empty name. Audited. A rule that has paid stays: switch it off.';

revoke all on function tracker.save_bonus_rule(text, text, numeric, text, jsonb, numeric, text, timestamptz, timestamptz, boolean, uuid) from public;
grant execute on function tracker.save_bonus_rule(text, text, numeric, text, jsonb, numeric, text, timestamptz, timestamptz, boolean, uuid) to stoa_admin;

-- Object: tracker/functions/scrape.sql
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

-- Object: tracker/functions/search.sql
create or replace function tracker.search(
  p_query text,
  p_category_id integer default null,
  p_tags text[] default null,
  p_is_freeleech boolean default false,
  p_first integer default 25
)
returns setof tracker.torrents
language plpgsql
stable
rows 25
-- The match operator is not leak-proof: under a policy it would scan the table. The rule of the policy is repeated here.
security definer
set search_path = ''
as $$
declare
  words constant tsquery := websearch_to_tsquery('simple'::regconfig, core.clean_text(p_query, 500));
  category_ids integer[];
  torrent tracker.torrents;
begin
  if p_category_id is not null then
    category_ids := array(select tracker.category_ids(p_category_id));
  end if;
  if numnode(words) = 0 or not tracker.catalogue_is_open() then
    return;
  end if;

  for torrent in
    select candidate.*
    from tracker.torrents as candidate
    where candidate.search @@ words
      and candidate.moderation_status = 'approved'
      and candidate.is_active
      and candidate.deleted_at is null
      and (category_ids is null or candidate.category_id = any (category_ids))
      and (
        not coalesce(p_is_freeleech, false)
        or candidate.is_freeleech and (candidate.freeleech_until is null or candidate.freeleech_until > now())
      )
      and (
        coalesce(cardinality(p_tags), 0) = 0
        or not exists (
          select
          from unnest(p_tags) as sent (name)
          where not exists (
            select
            from tracker.tags as tag
            join tracker.torrent_tag_assignments as worn on worn.tag_id = tag.id
            where tag.name = lower(sent.name) and worn.torrent_id = candidate.id
          )
        )
      )
    order by ts_rank_cd(candidate.search, words) desc, candidate.id desc
    limit tracker.page_size(p_first)
  loop
    return next tracker.as_shown(torrent);
  end loop;
end
$$;

comment on function tracker.search(text, integer, text[], boolean, integer) is
  E'@name search_torrents\n@simpleCollections only\nTorrents whose title or description holds these words, the best match first, a word in the title counting more; the query may hold "phrases", or, and -words. Narrowed to a category and what stands under it, to all of these tags, to what is free. first: 1 to 50. Finds only what the catalogue lists, for visitors only if it is public. Refuses an empty query (input.empty), one over 500 characters (input.too_long) and torrent_category.unknown. Ranks every match, so a common word in a large catalogue is slow.';

revoke all on function tracker.search(text, integer, text[], boolean, integer) from public;
grant execute on function tracker.search(text, integer, text[], boolean, integer) to stoa_anonymous;

-- Object: tracker/functions/search_files.sql
create or replace function tracker.search_files(p_query text, p_first integer default 25)
returns setof tracker.torrents
language plpgsql
stable
rows 25
-- Matching parts of words is not leak-proof: under a policy it would scan the table. The rule of the policy is repeated here.
security definer
set search_path = ''
as $$
declare
  wanted constant text := core.clean_text(p_query, 200);
  torrent tracker.torrents;
begin
  perform core.require_member();
  if length(wanted) < 3 then
    perform core.fail('torrent.query_too_short');
  end if;

  for torrent in
    select candidate.*
    from tracker.torrents as candidate
    where candidate.id in (
        select file.torrent_id
        from tracker.torrent_files as file
        where file.path ilike '%' || regexp_replace(wanted, '([\\%_])', '\\\1', 'g') || '%'
      )
      and candidate.moderation_status = 'approved'
      and candidate.is_active
      and candidate.deleted_at is null
    order by candidate.id desc
    limit tracker.page_size(p_first)
  loop
    return next tracker.as_shown(torrent);
  end loop;
end
$$;

comment on function tracker.search_files(text, integer) is
  E'@name search_torrent_files\n@simpleCollections only\nTorrents with a file whose path holds this text anywhere, whatever the case; the newest first. first: 1 to 50. Only what the catalogue lists. Refuses input.empty, input.too_long (200 characters) and torrent.query_too_short (fewer than three). Finds candidates by their letters, so that a very common text is slow.';

revoke all on function tracker.search_files(text, integer) from public;
grant execute on function tracker.search_files(text, integer) to stoa_member;

-- Object: tracker/functions/seeded_torrents.sql
create or replace function tracker.seeded_torrents(p_conditions jsonb, p_now timestamptz)
returns table (user_id uuid, times bigint)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
    select session.user_id, count(distinct session.torrent_id)
    from tracker.peers as session
    join tracker.torrents as torrent on torrent.id = session.torrent_id
    join tracker.torrent_statistics as figures on figures.torrent_id = session.torrent_id
    left join tracker.user_torrents as history
      on history.user_id = session.user_id
     and history.torrent_id = session.torrent_id
    where session.is_seeder
      and session.last_announce_at > p_now - tracker.stale_after()
      and torrent.moderation_status = 'approved'
      and torrent.is_active
      and torrent.deleted_at is null
      and figures.seeders >= coalesce((p_conditions ->> 'min_seeders')::integer, 0)
      and figures.seeders <= coalesce((p_conditions ->> 'max_seeders')::integer, 2147483647)
      and torrent.size_bytes >= coalesce((p_conditions ->> 'min_size_bytes')::bigint, 0)
      and torrent.inserted_at <= p_now - make_interval(days => coalesce((p_conditions ->> 'min_age_days')::integer, 0))
      and coalesce(history.seed_seconds, 0) >= coalesce((p_conditions ->> 'min_seed_seconds')::bigint, 0)
    group by session.user_id;
end
$$;

comment on function tracker.seeded_torrents(jsonb, timestamptz) is
  'Internal, for bonus rules: how many torrents each person seeds now that meet the conditions of a rule; several clients on one torrent count once. Scans the peers once.';

revoke all on function tracker.seeded_torrents(jsonb, timestamptz) from public;

-- Object: tracker/functions/set_active.sql
create or replace function tracker.set_active(p_torrent_id uuid, p_is_active boolean, p_reason text)
returns tracker.torrents
language plpgsql
volatile
set search_path = ''
as $$
declare
  torrent tracker.torrents;
begin
  torrent := tracker.locked_torrent(p_torrent_id);
  if torrent.deleted_at is not null then
    perform core.fail('torrent.deleted');
  end if;
  if torrent.is_active = p_is_active then
    return torrent;
  end if;

  update tracker.torrents as target
  set is_active = p_is_active
  where target.id = p_torrent_id
  returning * into torrent;
  perform tracker.record_decision(
    p_torrent_id,
    case when p_is_active then 'reactivated' else 'deactivated' end,
    p_reason,
    jsonb_build_object('is_active', jsonb_build_array(not p_is_active, p_is_active))
  );
  perform audit.record(
    case when p_is_active then 'reactivate_torrent' else 'deactivate_torrent' end,
    'tracker.torrents', p_torrent_id, p_reason => p_reason
  );
  perform notifications.notify(
    torrent.uploader_id,
    'moderation',
    case when p_is_active then 'Your torrent is listed again: ' else 'Your torrent was taken off the list: ' end || torrent.name,
    p_reason,
    jsonb_build_object('torrent_id', p_torrent_id),
    core.current_user_id()
  );
  return torrent;
end
$$;

comment on function tracker.set_active(uuid, boolean, text) is
  'Internal. Lists and tracks a torrent, or stops that; tells the uploader. Refuses torrent.unknown and torrent.deleted. Audited.';

revoke all on function tracker.set_active(uuid, boolean, text) from public;

-- Object: tracker/functions/set_freeleech.sql
create or replace function tracker.set_freeleech(
  p_torrent_id uuid,
  p_is_freeleech boolean default true,
  p_until timestamptz default null
)
returns tracker.torrents
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  before tracker.torrents;
  torrent tracker.torrents;
begin
  perform core.require_role('moderator');
  if p_is_freeleech is null or p_until is not null and (not p_is_freeleech or p_until <= now()) then
    perform core.fail('torrent.freeleech_invalid');
  end if;
  before := tracker.locked_torrent(p_torrent_id);
  if before.deleted_at is not null then
    perform core.fail('torrent.deleted');
  end if;

  update tracker.torrents as target
  set is_freeleech = p_is_freeleech,
      freeleech_until = p_until
  where target.id = p_torrent_id
  returning * into torrent;
  perform tracker.record_decision(p_torrent_id, 'freeleech', null, tracker.changes_between(before, torrent));
  perform audit.record(
    'set_freeleech', 'tracker.torrents', p_torrent_id, null,
    jsonb_build_object('is_freeleech', p_is_freeleech, 'freeleech_until', p_until)
  );
  return torrent;
end
$$;

comment on function tracker.set_freeleech(uuid, boolean, timestamptz) is
  'Moderators only: makes downloads of a torrent free, for everybody, until a time or for good, or ends that. Refuses torrent.unknown, torrent.deleted, and an end that has passed or belongs to nothing (torrent.freeleech_invalid). Audited.';

revoke all on function tracker.set_freeleech(uuid, boolean, timestamptz) from public;
grant execute on function tracker.set_freeleech(uuid, boolean, timestamptz) to stoa_moderator;

-- Object: tracker/functions/set_metadata.sql
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

-- Object: tracker/functions/snapshot_peers.sql
create or replace function tracker.snapshot_peers(p_now timestamptz default now())
returns integer
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
declare
  moment constant timestamptz := date_bin('30 minutes', p_now, '2000-01-01 00:00:00+00');
  written integer;
begin
  insert into tracker.peer_history (
    observed_at, torrent_id, user_id, peer_id, uploaded, downloaded, left_bytes, is_seeder
  )
  select
    moment, session.torrent_id, session.user_id, session.peer_id, session.uploaded, session.downloaded,
    session.left_bytes, session.is_seeder
  from tracker.peers as session
  where session.last_announce_at > p_now - tracker.stale_after()
  on conflict (torrent_id, user_id, peer_id, observed_at) do nothing;
  get diagnostics written = row_count;
  return written;
end
$$;

comment on function tracker.snapshot_peers(timestamptz) is
  'For the worker, every half hour: writes the swarms as they are into tracker.peer_history and returns how many rows. The time is that of the half hour, so that a second run of it adds only what it lacks.';

revoke all on function tracker.snapshot_peers(timestamptz) from public;
grant execute on function tracker.snapshot_peers(timestamptz) to stoa_worker;

-- Object: tracker/functions/stale_after.sql
create or replace function tracker.stale_after()
returns interval
language sql
stable
begin atomic
  select make_interval(secs => 2 * core.setting_integer('tracker.swarm.announce_interval_seconds')) + interval '10 minutes';
end;

comment on function tracker.stale_after() is
  'Internal. How long a peer may be silent: two announce intervals and ten minutes.';

revoke all on function tracker.stale_after() from public;

-- Object: tracker/functions/statistics_due_for_repair.sql
create or replace function tracker.statistics_due_for_repair(p_since timestamptz, p_sample integer default 500)
returns setof uuid
language plpgsql
stable
rows 1000
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
begin
  return query
    select totals.user_id
    from tracker.user_statistics as totals
    where totals.updated_at >= p_since
    union
    (select totals.user_id from tracker.user_statistics as totals order by random() limit p_sample);
end
$$;

comment on function tracker.statistics_due_for_repair(timestamptz, integer) is
  'For the worker: the people whose totals the nightly check recounts: those that changed since p_since, and a random sample of the rest. Scans the totals once.';

revoke all on function tracker.statistics_due_for_repair(timestamptz, integer) from public;
grant execute on function tracker.statistics_due_for_repair(timestamptz, integer) to stoa_worker;

-- Object: tracker/functions/store_metadata.sql
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

-- Object: tracker/functions/subscribe_collection.sql
create or replace function tracker.subscribe_collection(p_collection_id uuid)
returns tracker.collection_subscriptions
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  subscription tracker.collection_subscriptions;
begin
  perform tracker.locked_collection(p_collection_id);
  insert into tracker.collection_subscriptions as existing (user_id, collection_id)
  values (me, p_collection_id)
  on conflict (user_id, collection_id) do update
  set last_seen_at = now()
  returning * into subscription;
  return subscription;
end
$$;

comment on function tracker.subscribe_collection(uuid) is
  'Follows a collection, or says that the caller has seen what is new in it. Refuses collection.unknown.';

revoke all on function tracker.subscribe_collection(uuid) from public;
grant execute on function tracker.subscribe_collection(uuid) to stoa_member;

-- Object: tracker/functions/sum_up_day.sql
create or replace function tracker.sum_up_day(p_day date)
returns integer
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
declare
  day_start constant timestamptz := p_day::timestamp at time zone 'UTC';
  written integer;
begin
  insert into tracker.peer_history_daily as summed (
    user_id, torrent_id, day, seed_seconds, leech_seconds, uploaded, downloaded, snapshots
  )
  select
    observed.user_id,
    observed.torrent_id,
    p_day,
    least(count(*) filter (where observed.is_seeding) * 1800, 86400),
    least(count(*) filter (where not observed.is_seeding) * 1800, 86400),
    sum(observed.uploaded),
    sum(observed.downloaded),
    count(*)
  from (
    -- One row a snapshot: two clients at once are one person, who seeds when one of them does.
    select
      moved.user_id,
      moved.torrent_id,
      moved.observed_at,
      bool_or(moved.is_seeder) as is_seeding,
      sum(moved.uploaded)::bigint as uploaded,
      sum(moved.downloaded)::bigint as downloaded
    from (
      select
        snapshot.user_id,
        snapshot.torrent_id,
        snapshot.observed_at,
        snapshot.is_seeder,
        coalesce(greatest(snapshot.uploaded - lag(snapshot.uploaded) over session, 0), 0) as uploaded,
        coalesce(greatest(snapshot.downloaded - lag(snapshot.downloaded) over session, 0), 0) as downloaded
      from tracker.peer_history as snapshot
      -- The last snapshots of the day before are what the first of this day is compared with.
      where snapshot.observed_at >= day_start - interval '2 hours'
        and snapshot.observed_at < day_start + interval '1 day'
      window session as (
        partition by snapshot.user_id, snapshot.torrent_id, snapshot.peer_id
        order by snapshot.observed_at
      )
    ) as moved
    where moved.observed_at >= day_start
    group by moved.user_id, moved.torrent_id, moved.observed_at
  ) as observed
  join core.users as person on person.id = observed.user_id and person.erased_at is null
  join tracker.torrents as torrent on torrent.id = observed.torrent_id
  group by observed.user_id, observed.torrent_id
  order by observed.user_id, observed.torrent_id
  on conflict (user_id, torrent_id, day) do update
  set seed_seconds = excluded.seed_seconds,
      leech_seconds = excluded.leech_seconds,
      uploaded = excluded.uploaded,
      downloaded = excluded.downloaded,
      snapshots = excluded.snapshots;
  get diagnostics written = row_count;
  return written;
end
$$;

comment on function tracker.sum_up_day(date) is
  'For the worker: sums the snapshots of one day, in UTC, up into tracker.peer_history_daily, in absolute figures, and returns how many rows it wrote. What a session moved before its first snapshot is not in it. Reads one day of snapshots.';

revoke all on function tracker.sum_up_day(date) from public;
grant execute on function tracker.sum_up_day(date) to stoa_worker;

-- Object: tracker/functions/sweep_peers.sql
create or replace function tracker.sweep_peers(p_now timestamptz default now())
returns integer
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
declare
  removed integer;
begin
  -- Never waits: a row that an announce holds is alive, or is looked at in five minutes.
  delete from tracker.peers as session
  using (
    select silent.torrent_id, silent.user_id, silent.peer_id
    from tracker.peers as silent
    join core.users as person on person.id = silent.user_id
    join tracker.torrents as torrent on torrent.id = silent.torrent_id
    where silent.last_announce_at < p_now - tracker.stale_after()
       or not person.is_active
       or person.deleted_at is not null
       or person.erased_at is not null
       or person.banned_until > p_now
       or torrent.moderation_status <> 'approved'
       or not torrent.is_active
       or torrent.deleted_at is not null
       or exists (
         select
         from core.user_restrictions as restriction
         where restriction.user_id = silent.user_id
           and restriction.activity = 'tracker'
           and restriction.until > p_now
       )
    for update of silent skip locked
  ) as gone
  where session.torrent_id = gone.torrent_id
    and session.user_id = gone.user_id
    and session.peer_id = gone.peer_id;
  get diagnostics removed = row_count;
  return removed;
end
$$;

comment on function tracker.sweep_peers(timestamptz) is
  'For the worker, every five minutes: removes peers that have been silent for two announce intervals and ten minutes, those of people who may not announce any more and those of torrents that are not offered any more, and returns how many. Scans the peers once; waits for nothing.';

revoke all on function tracker.sweep_peers(timestamptz) from public;
grant execute on function tracker.sweep_peers(timestamptz) to stoa_worker;

-- Object: tracker/functions/tag_torrent.sql
create or replace function tracker.tag_torrent(p_torrent_id uuid, p_tag text)
returns tracker.torrent_tag_assignments
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  wanted text;
  assignment tracker.torrent_tag_assignments;
begin
  perform core.require_member();
  perform core.require_unrestricted('tracker');
  wanted := tracker.clean_tag(p_tag);
  -- Locked, so that two people at once do not pass the limit of tags together.
  if (tracker.locked_torrent(p_torrent_id)).deleted_at is not null then
    perform core.fail('torrent.deleted');
  end if;
  perform tracker.put_tags(p_torrent_id, array[wanted]);
  select held.* into assignment
  from tracker.torrent_tag_assignments as held
  join tracker.tags as tag on tag.id = held.tag_id
  where held.torrent_id = p_torrent_id
    and tag.name = wanted;
  -- It may have been put there by an uploader who asked not to be named.
  if assignment.assigned_by is distinct from core.current_user_id() and core.current_role_rank() < 2 then
    assignment.assigned_by := null;
  end if;
  return assignment;
end
$$;

comment on function tracker.tag_torrent(uuid, text) is
  'Puts a tag on a torrent; one that is there stays as it is. The tag is made when it does not exist: lower-case letters, digits, dots and hyphens, at most 50; spaces become dots. Refuses torrent.unknown, torrent.deleted, tag.malformed, and more tags than tracker.tags_per_torrent (tag.too_many).';

revoke all on function tracker.tag_torrent(uuid, text) from public;
grant execute on function tracker.tag_torrent(uuid, text) to stoa_member;

-- Object: tracker/functions/tell_contributors.sql
create or replace function tracker.tell_contributors(p_request tracker.requests, p_text text, p_body text, p_actor_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  -- In the order of their ids, in which everybody notifies several people.
  perform notifications.notify(
    told.user_id, 'request_refund', p_text || p_request.title, p_body,
    jsonb_build_object('request_id', p_request.id), p_actor_id
  )
  from (
    select distinct bounty.user_id
    from tracker.request_bounties as bounty
    where bounty.request_id = p_request.id
    order by bounty.user_id
  ) as told;
end
$$;

comment on function tracker.tell_contributors(tracker.requests, text, text, uuid) is
  'Internal. Tells everybody who gave points for a request what became of it.';

revoke all on function tracker.tell_contributors(tracker.requests, text, text, uuid) from public;

-- Object: tracker/functions/unsubscribe_collection.sql
create or replace function tracker.unsubscribe_collection(p_collection_id uuid)
returns boolean
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  -- The collection first, whose counter follows; one that is hidden or deleted can be left too.
  perform from tracker.collections as collection where collection.id = p_collection_id for no key update;
  delete from tracker.collection_subscriptions as held
  where held.user_id = me and held.collection_id = p_collection_id;
  return found;
end
$$;

comment on function tracker.unsubscribe_collection(uuid) is
  'Follows a collection no more; tells whether the caller did.';

revoke all on function tracker.unsubscribe_collection(uuid) from public;
grant execute on function tracker.unsubscribe_collection(uuid) to stoa_member;

-- Object: tracker/functions/untag_torrent.sql
create or replace function tracker.untag_torrent(p_torrent_id uuid, p_tag_id uuid)
returns boolean
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  torrent tracker.torrents;
  assignment tracker.torrent_tag_assignments;
begin
  perform core.require_unrestricted('tracker');
  torrent := tracker.locked_torrent(p_torrent_id);
  select * into assignment
  from tracker.torrent_tag_assignments as held
  where held.torrent_id = p_torrent_id and held.tag_id = p_tag_id;
  if not found then
    return false;
  end if;
  if core.current_role_rank() < 2
    and torrent.uploader_id is distinct from me
    and (assignment.assigned_by is distinct from me or assignment.score > 0)
  then
    perform core.fail('tag.not_allowed');
  end if;

  perform from tracker.tags as tag where tag.id = p_tag_id for key share;
  delete from tracker.torrent_tag_assignments as held
  where held.torrent_id = p_torrent_id and held.tag_id = p_tag_id;
  return true;
end
$$;

comment on function tracker.untag_torrent(uuid, uuid) is
  'Takes a tag off a torrent with the votes on it; tells whether it was there. The uploader, moderators, and who put it there while no more than they like it (tag.not_allowed). Refuses torrent.unknown.';

revoke all on function tracker.untag_torrent(uuid, uuid) from public;
grant execute on function tracker.untag_torrent(uuid, uuid) to stoa_member;

-- Object: tracker/functions/unvote_request.sql
create or replace function tracker.unvote_request(p_request_id uuid)
returns tracker.requests
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  request tracker.requests;
begin
  perform tracker.locked_request(p_request_id);
  delete from tracker.request_votes as vote where vote.request_id = p_request_id and vote.user_id = me;
  select * into request from tracker.requests as candidate where candidate.id = p_request_id;
  return request;
end
$$;

comment on function tracker.unvote_request(uuid) is
  E'@name withdraw_request_vote\nTakes the caller''s vote for a request back; without one nothing changes. Refuses request.unknown.';

revoke all on function tracker.unvote_request(uuid) from public;
grant execute on function tracker.unvote_request(uuid) to stoa_member;

-- Object: tracker/functions/update_category.sql
create or replace function tracker.update_category(p_category_id integer, p_patch jsonb)
returns tracker.categories
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  before tracker.categories;
  after tracker.categories;
begin
  perform core.require_role('admin');
  perform core.check_patch(
    p_patch, array['name', 'slug', 'parent_id', 'position', 'icon_url', 'metadata_provider', 'is_active']
  );
  if coalesce(jsonb_typeof(p_patch -> 'parent_id') not in ('number', 'null'), false)
    or coalesce(jsonb_typeof(p_patch -> 'position') <> 'number', false)
    or coalesce(jsonb_typeof(p_patch -> 'is_active') <> 'boolean', false)
    or exists (
      select
      from jsonb_each_text(p_patch - 'is_active') as sent (name, value)
      where sent.name in ('parent_id', 'position') and sent.value !~ '^-?[0-9]{1,9}$'
    )
  then
    perform core.fail('input.malformed');
  end if;

  if p_patch ? 'parent_id' then
    -- Before any row: whoever holds a row and waits for the tree would be waited for by who holds the tree.
    perform tracker.lock_category_tree();
  end if;
  select * into before from tracker.categories as category where category.id = p_category_id for no key update;
  if not found then
    perform core.fail('torrent_category.unknown');
  end if;
  after := before;
  if p_patch ? 'name' then after.name := core.clean_text(core.patch_text(p_patch, 'name', null, 100), 100); end if;
  after.slug := core.patch_text(p_patch, 'slug', before.slug, 100);
  after.icon_url := core.patch_text(p_patch, 'icon_url', before.icon_url, 2000);
  after.metadata_provider := core.patch_text(p_patch, 'metadata_provider', before.metadata_provider, 20);
  perform tracker.check_category(after.slug, after.icon_url, after.metadata_provider);
  if p_patch ? 'parent_id' then after.parent_id := (p_patch ->> 'parent_id')::integer; end if;
  if p_patch ? 'position' then after.position := (p_patch ->> 'position')::integer; end if;
  if p_patch ? 'is_active' then after.is_active := (p_patch ->> 'is_active')::boolean; end if;
  if after.parent_id is distinct from before.parent_id and after.parent_id is not null then
    if after.parent_id = p_category_id then
      perform core.fail('torrent_category.too_deep');
    end if;
    perform from tracker.categories as parent where parent.id = after.parent_id;
    if not found then
      perform core.fail('torrent_category.unknown');
    end if;
  end if;

  begin
    update tracker.categories as target
    set name = after.name,
        slug = after.slug,
        parent_id = after.parent_id,
        position = after.position,
        icon_url = after.icon_url,
        metadata_provider = after.metadata_provider,
        is_active = after.is_active
    where target.id = p_category_id
    returning * into after;
  exception
    when unique_violation then perform core.fail('torrent_category.slug_taken');
  end;
  perform audit.record(
    'update_category', 'tracker.categories', null, to_jsonb(before), to_jsonb(after),
    p_resource_key => jsonb_build_object('id', p_category_id)
  );
  return after;
end
$$;

comment on function tracker.update_category(integer, jsonb) is
  E'@name update_torrent_category\nAdministrators only: changes a category. The patch may name name, slug, parent_id (null = to the top), position, icon_url, metadata_provider and is_active; one that is not active takes no uploads and no requests, and keeps what it has. Refuses what create_torrent_category refuses, circles too. Audited.';

revoke all on function tracker.update_category(integer, jsonb) from public;
grant execute on function tracker.update_category(integer, jsonb) to stoa_admin;

-- Object: tracker/functions/update_collection.sql
create or replace function tracker.update_collection(p_collection_id uuid, p_patch jsonb)
returns tracker.collections
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  before tracker.collections;
  after tracker.collections;
begin
  perform core.require_unrestricted('tracker');
  perform core.check_patch(p_patch, array['name', 'description', 'is_public', 'is_locked']);
  if coalesce(jsonb_typeof(p_patch -> 'is_public') <> 'boolean', false)
    or coalesce(jsonb_typeof(p_patch -> 'is_locked') <> 'boolean', false)
  then
    perform core.fail('input.malformed');
  end if;
  before := tracker.locked_collection(p_collection_id);
  if before.owner_id is distinct from me and core.current_role_rank() < 2 then
    perform core.fail('collection.not_owner');
  end if;

  after := before;
  if p_patch ? 'name' then after.name := core.clean_text(core.patch_text(p_patch, 'name', null, 200), 200); end if;
  after.description := coalesce(core.patch_text(p_patch, 'description', before.description, 20000), '');
  if p_patch ? 'is_public' then after.is_public := (p_patch ->> 'is_public')::boolean; end if;
  if p_patch ? 'is_locked' then after.is_locked := (p_patch ->> 'is_locked')::boolean; end if;
  if before.kind = 'collage' and not after.is_public then
    perform core.fail('collection.kind_invalid');
  end if;
  update tracker.collections as target
  set name = after.name,
      description = after.description,
      is_public = after.is_public,
      is_locked = after.is_locked
  where target.id = p_collection_id
  returning * into after;
  if before.owner_id is distinct from me then
    perform audit.record(
      'update_collection', 'tracker.collections', p_collection_id,
      jsonb_build_object('name', before.name, 'description', before.description, 'is_locked', before.is_locked),
      jsonb_build_object('name', after.name, 'description', after.description, 'is_locked', after.is_locked)
    );
  end if;
  return after;
end
$$;

comment on function tracker.update_collection(uuid, jsonb) is
  'Changes a collection: its owner or a moderator (collection.not_owner). The patch may name name, description, is_public and is_locked; while it is locked nobody adds, removes or reorders. Refuses collection.unknown, and hiding a collage (collection.kind_invalid). What staff does is audited.';

revoke all on function tracker.update_collection(uuid, jsonb) from public;
grant execute on function tracker.update_collection(uuid, jsonb) to stoa_member;

-- Object: tracker/functions/upload_torrent.sql
create or replace function tracker.upload_torrent(
  p_metainfo jsonb,
  p_category_id integer,
  p_name text,
  p_description text default '',
  p_tags text[] default '{}',
  p_metadata jsonb default '{}',
  p_is_anonymous boolean default false,
  p_torrent_upload_id uuid default null,
  p_key text default null
)
returns tracker.torrents
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(
    p_metainfo, p_category_id, p_name, p_description, p_tags, p_metadata, p_is_anonymous, p_torrent_upload_id
  );
  earlier jsonb;
  identity tracker.torrents;
  torrent tracker.torrents;
begin
  perform core.require_unrestricted('tracker');
  earlier := core.recall('tracker.upload_torrent', p_key, arguments);
  if earlier is not null then
    select * into torrent from tracker.torrents as made where made.id = (earlier ->> 'id')::uuid;
    return torrent;
  end if;

  if tracker.in_classes('tracker.upload_barred_classes') then
    perform core.fail('torrent.class_may_not_upload');
  end if;
  if p_metadata is null or jsonb_typeof(p_metadata) <> 'object' or pg_column_size(p_metadata) > 65536 then
    perform core.fail('input.malformed');
  end if;
  identity := tracker.read_metainfo(p_metainfo);
  perform tracker.open_category(p_category_id, true);
  perform tracker.refuse_duplicate(identity);
  if p_torrent_upload_id is not null then
    perform
    from media.uploads as upload
    where upload.id = p_torrent_upload_id
      and upload.user_id = me
      and upload.status = 'ready'
      and upload.deleted_at is null
      and upload.content_type = 'application/x-bittorrent'
    for no key update;
    if not found then
      perform core.fail('torrent.upload_unusable');
    end if;
  end if;

  begin
    insert into tracker.torrents (
      info_hash, info_hash_v2, name, description, category_id, uploader_id, is_anonymous, torrent_upload_id,
      size_bytes, file_count, piece_length, metadata
    )
    values (
      identity.info_hash,
      identity.info_hash_v2,
      core.clean_text(p_name, 500),
      coalesce(core.clean_text(p_description, 100000, false), ''),
      p_category_id,
      me,
      coalesce(p_is_anonymous, false),
      p_torrent_upload_id,
      identity.size_bytes,
      identity.file_count,
      identity.piece_length,
      p_metadata
    )
    returning * into torrent;
  exception
    -- Somebody uploads the same at this moment: the key makes one wait for the other, who is visible now.
    when unique_violation then
      perform tracker.refuse_duplicate(identity);
      raise;
  end;
  insert into tracker.torrent_files (torrent_id, position, path, size_bytes)
  select torrent.id, file.place - 1, file.entry ->> 'path', (file.entry ->> 'size_bytes')::bigint
  from jsonb_array_elements(p_metainfo -> 'files') with ordinality as file (entry, place);
  insert into tracker.torrent_statistics (torrent_id) values (torrent.id);
  perform tracker.put_tags(torrent.id, p_tags);
  perform tracker.record_decision(torrent.id, 'submitted');

  if tracker.in_classes('tracker.trusted_classes') then
    torrent := tracker.approve(torrent, null);
  else
    perform tracker.queue_approval(torrent);
  end if;
  perform core.remember('tracker.upload_torrent', p_key, arguments, jsonb_build_object('id', torrent.id));
  return torrent;
end
$$;

comment on function tracker.upload_torrent(jsonb, integer, text, text, text[], jsonb, boolean, uuid, text) is
  'Offers a torrent. metainfo is what the file says: info_hash (hex; of a torrent of version 2 alone its SHA-256), info_hash_v2 (hex, of a hybrid), piece_length, files: a list of path and size_bytes in the order of the file. category: a category that takes uploads. tags: at most tracker.tags_per_torrent. is_anonymous hides the uploader from members. torrent_upload: a finished file of the caller, of type application/x-bittorrent. The torrent waits for approval, unless the class of the caller is trusted. key: send the same again after a lost answer and get the same torrent. Refuses a class that may not upload (torrent.class_may_not_upload), metainfo that is not of this form (torrent.metainfo_invalid), torrent_category.unknown, torrent_category.closed, an identity that is there already, deleted and rejected ones included (torrent.duplicate; the message names it where the caller may see it), torrent.upload_unusable, tag.malformed, tag.too_many. One row a file.';

revoke all on function tracker.upload_torrent(jsonb, integer, text, text, text[], jsonb, boolean, uuid, text) from public;
grant execute on function tracker.upload_torrent(jsonb, integer, text, text, text[], jsonb, boolean, uuid, text) to stoa_member;

-- Object: tracker/functions/uploader_of.sql
create or replace function tracker.uploader_of(p_torrent_id uuid)
returns uuid
language plpgsql
stable
-- Says who asked not to be named; for staff alone.
security definer
set search_path = ''
as $$
begin
  perform core.require_role('moderator');
  return (tracker.visible_torrent(p_torrent_id)).uploader_id;
end
$$;

comment on function tracker.uploader_of(uuid) is
  E'@name torrent_uploader_id\nModerators only: the account that uploaded a torrent, also where it asked not to be named. Refuses torrent.unknown.';

revoke all on function tracker.uploader_of(uuid) from public;
grant execute on function tracker.uploader_of(uuid) to stoa_moderator;

-- Object: tracker/functions/visible_collection.sql
create or replace function tracker.visible_collection(p_collection_id uuid)
returns tracker.collections
language plpgsql
stable
set search_path = ''
as $$
declare
  collection tracker.collections;
begin
  select * into collection from tracker.collections as candidate where candidate.id = p_collection_id;
  if not found
    or collection.deleted_at is not null
    or not (
      collection.is_public
      or core.current_role_rank() >= 2
      or collection.owner_id = core.current_user_id()
    )
  then
    perform core.fail('collection.unknown');
  end if;
  return collection;
end
$$;

comment on function tracker.visible_collection(uuid) is
  'Internal. A live collection that the caller may read. Refuses collection.unknown.';

revoke all on function tracker.visible_collection(uuid) from public;

-- Object: tracker/functions/visible_torrent.sql
create or replace function tracker.visible_torrent(p_torrent_id uuid, p_is_listed boolean default false)
returns tracker.torrents
language plpgsql
stable
set search_path = ''
as $$
declare
  torrent tracker.torrents;
begin
  select * into torrent from tracker.torrents as candidate where candidate.id = p_torrent_id;
  if not found
    or not (
      torrent.moderation_status = 'approved' and torrent.is_active and torrent.deleted_at is null
      or not p_is_listed and (core.current_role_rank() >= 2 or torrent.uploader_id = core.current_user_id())
    )
    or not tracker.catalogue_is_open()
  then
    perform core.fail('torrent.unknown');
  end if;
  return torrent;
end
$$;

comment on function tracker.visible_torrent(uuid, boolean) is
  'Internal. A torrent that the caller may read: the rule of its policies once more; with p_is_listed only one that is approved, active and not deleted. Refuses torrent.unknown.';

revoke all on function tracker.visible_torrent(uuid, boolean) from public;

-- Object: tracker/functions/vote_request.sql
create or replace function tracker.vote_request(p_request_id uuid)
returns tracker.requests
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  request tracker.requests;
begin
  perform core.require_unrestricted('tracker');
  perform tracker.open_request(p_request_id);
  insert into tracker.request_votes (request_id, user_id)
  values (p_request_id, me)
  on conflict (request_id, user_id) do nothing;
  select * into request from tracker.requests as candidate where candidate.id = p_request_id;
  return request;
end
$$;

comment on function tracker.vote_request(uuid) is
  E'@name vote_for_request\nSays that the caller wants this too; again changes nothing. Refuses request.unknown, request.fill_proposed and request.closed.';

revoke all on function tracker.vote_request(uuid) from public;
grant execute on function tracker.vote_request(uuid) to stoa_member;

-- Object: tracker/functions/vote_tag.sql
create or replace function tracker.vote_tag(
  p_torrent_id uuid,
  p_tag_id uuid,
  p_value integer,
  out score integer,
  out is_removed boolean
)
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  me constant uuid := core.require_member();
begin
  perform core.require_unrestricted('tracker');
  if p_value is null or p_value not in (-1, 0, 1) then
    perform core.fail('tag.vote_invalid');
  end if;
  perform tracker.visible_torrent(p_torrent_id);
  -- The tag before what hangs on it: a merge, which locks it wholly, comes before or after this vote.
  perform from tracker.tags as tag where tag.id = p_tag_id for key share;
  perform
  from tracker.torrent_tag_assignments as held
  where held.torrent_id = p_torrent_id and held.tag_id = p_tag_id
  for no key update;
  if not found then
    perform core.fail('tag.unknown');
  end if;

  if p_value = 0 then
    delete from tracker.torrent_tag_votes as vote
    where vote.torrent_id = p_torrent_id and vote.tag_id = p_tag_id and vote.user_id = me;
  else
    insert into tracker.torrent_tag_votes as existing (torrent_id, tag_id, user_id, value)
    values (p_torrent_id, p_tag_id, me, p_value)
    on conflict (torrent_id, tag_id, user_id) do update
    set value = excluded.value
    where existing.value <> excluded.value;
  end if;

  select held.score into vote_tag.score
  from tracker.torrent_tag_assignments as held
  where held.torrent_id = p_torrent_id and held.tag_id = p_tag_id;
  vote_tag.is_removed := vote_tag.score <= core.setting_integer('tracker.tag_removal_score');
  if vote_tag.is_removed then
    delete from tracker.torrent_tag_assignments as held
    where held.torrent_id = p_torrent_id and held.tag_id = p_tag_id;
  end if;
end
$$;

comment on function tracker.vote_tag(uuid, uuid, integer) is
  'Says whether a tag fits a torrent: 1 it does, -1 it does not, 0 takes the vote back; the same again changes nothing. Returns the score, and whether the tag fell off, which it does at tracker.tag_removal_score. Refuses torrent.unknown, tag.unknown (also: not on this torrent) and tag.vote_invalid. Votes on one tag of one torrent queue up.';

revoke all on function tracker.vote_tag(uuid, uuid, integer) from public;
grant execute on function tracker.vote_tag(uuid, uuid, integer) to stoa_member;

-- Object: tracker/triggers/bonus_rules.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on tracker.bonus_rules
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on tracker.bonus_rules is 'Keeps updated_at.';

-- Object: tracker/triggers/bonus_transactions.guard.sql
create or replace trigger guard
before update or delete on tracker.bonus_transactions
for each row
execute function tracker.guard_movement();

comment on trigger guard on tracker.bonus_transactions is 'A movement stays as it is.';

-- Object: tracker/triggers/bonus_transactions.guard_truncate.sql
create or replace trigger guard_truncate
before truncate on tracker.bonus_transactions
for each statement
execute function tracker.guard_movement();

comment on trigger guard_truncate on tracker.bonus_transactions is 'A movement stays.';

-- Object: tracker/triggers/categories.check_nesting.sql
create or replace trigger check_nesting
before insert or update of parent_id on tracker.categories
for each row
execute function tracker.check_category_nesting();

comment on trigger check_nesting on tracker.categories is 'Four levels at most, no circles.';

-- Object: tracker/triggers/categories.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on tracker.categories
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on tracker.categories is 'Keeps updated_at.';

-- Object: tracker/triggers/collection_items.count_delete.sql
create or replace trigger count_delete
after delete on tracker.collection_items
referencing old table as changed
for each statement
execute function tracker.count_collection_items();

comment on trigger count_delete on tracker.collection_items is 'Keeps item_count of the collection.';

-- Object: tracker/triggers/collection_items.count_insert.sql
create or replace trigger count_insert
after insert on tracker.collection_items
referencing new table as changed
for each statement
execute function tracker.count_collection_items();

comment on trigger count_insert on tracker.collection_items is 'Keeps item_count of the collection.';

-- Object: tracker/triggers/collection_subscriptions.count_delete.sql
create or replace trigger count_delete
after delete on tracker.collection_subscriptions
referencing old table as changed
for each statement
execute function tracker.count_subscriptions();

comment on trigger count_delete on tracker.collection_subscriptions is 'Keeps subscriber_count of the collection.';

-- Object: tracker/triggers/collection_subscriptions.count_insert.sql
create or replace trigger count_insert
after insert on tracker.collection_subscriptions
referencing new table as changed
for each statement
execute function tracker.count_subscriptions();

comment on trigger count_insert on tracker.collection_subscriptions is 'Keeps subscriber_count of the collection.';

-- Object: tracker/triggers/collections.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on tracker.collections
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on tracker.collections is 'Keeps updated_at.';

-- Object: tracker/triggers/comments.count_delete.sql
create or replace trigger count_delete
after delete on tracker.comments
referencing old table as changed
for each statement
execute function tracker.count_comments();

comment on trigger count_delete on tracker.comments is 'Keeps comment_count of what the comments are about.';

-- Object: tracker/triggers/comments.count_deletion.sql
create or replace trigger count_deletion
after update of deleted_at on tracker.comments
for each row
when ((old.deleted_at is null) <> (new.deleted_at is null))
execute function tracker.count_comment_deletion();

comment on trigger count_deletion on tracker.comments is 'Keeps comment_count of what a comment is about when it is deleted.';

-- Object: tracker/triggers/comments.count_insert.sql
create or replace trigger count_insert
after insert on tracker.comments
referencing new table as changed
for each statement
execute function tracker.count_comments();

comment on trigger count_insert on tracker.comments is 'Keeps comment_count of what the comments are about.';

-- Object: tracker/triggers/comments.credit_author_delete.sql
create or replace trigger credit_author_delete
after delete on tracker.comments
referencing old table as removed
for each statement
execute function tracker.credit_author();

comment on trigger credit_author_delete on tracker.comments is 'A comment counts for its author.';

-- Object: tracker/triggers/comments.credit_author_insert.sql
create or replace trigger credit_author_insert
after insert on tracker.comments
referencing new table as added
for each statement
execute function tracker.credit_author();

comment on trigger credit_author_insert on tracker.comments is 'A comment counts for its author.';

-- Object: tracker/triggers/comments.credit_author_update.sql
create or replace trigger credit_author_update
after update on tracker.comments
referencing old table as removed new table as added
for each statement
execute function tracker.credit_author();

comment on trigger credit_author_update on tracker.comments is 'A comment counts for its author.';

-- Object: tracker/triggers/comments.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on tracker.comments
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on tracker.comments is 'Keeps updated_at.';

-- Object: tracker/triggers/request_bounties.count_insert.sql
create or replace trigger count_insert
after insert on tracker.request_bounties
referencing new table as changed
for each statement
execute function tracker.count_request_bounties();

comment on trigger count_insert on tracker.request_bounties is 'Keeps total_bounty of the request.';

-- Object: tracker/triggers/request_bounties.count_update.sql
create or replace trigger count_update
after update on tracker.request_bounties
referencing old table as earlier new table as changed
for each statement
execute function tracker.count_request_bounties();

comment on trigger count_update on tracker.request_bounties is 'Keeps total_bounty of the request when a contribution goes back.';

-- Object: tracker/triggers/request_votes.count_delete.sql
create or replace trigger count_delete
after delete on tracker.request_votes
referencing old table as changed
for each statement
execute function tracker.count_request_votes();

comment on trigger count_delete on tracker.request_votes is 'Keeps vote_count of the request.';

-- Object: tracker/triggers/request_votes.count_insert.sql
create or replace trigger count_insert
after insert on tracker.request_votes
referencing new table as changed
for each statement
execute function tracker.count_request_votes();

comment on trigger count_insert on tracker.request_votes is 'Keeps vote_count of the request.';

-- Object: tracker/triggers/requests.credit_filler_delete.sql
create or replace trigger credit_filler_delete
after delete on tracker.requests
referencing old table as removed
for each statement
execute function tracker.credit_filler();

comment on trigger credit_filler_delete on tracker.requests is 'A confirmed fill counts for whoever filled.';

-- Object: tracker/triggers/requests.credit_filler_insert.sql
create or replace trigger credit_filler_insert
after insert on tracker.requests
referencing new table as added
for each statement
execute function tracker.credit_filler();

comment on trigger credit_filler_insert on tracker.requests is 'A confirmed fill counts for whoever filled.';

-- Object: tracker/triggers/requests.credit_filler_update.sql
create or replace trigger credit_filler_update
after update on tracker.requests
referencing old table as removed new table as added
for each statement
execute function tracker.credit_filler();

comment on trigger credit_filler_update on tracker.requests is 'A confirmed fill counts for whoever filled.';

-- Object: tracker/triggers/requests.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on tracker.requests
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on tracker.requests is 'Keeps updated_at; votes and comments count as a change, so that the nightly check recounts.';

-- Object: tracker/triggers/torrent_tag_assignments.count_delete.sql
create or replace trigger count_delete
after delete on tracker.torrent_tag_assignments
referencing old table as changed
for each statement
execute function tracker.count_tag_usage();

comment on trigger count_delete on tracker.torrent_tag_assignments is 'Keeps usage_count of the tags.';

-- Object: tracker/triggers/torrent_tag_assignments.count_insert.sql
create or replace trigger count_insert
after insert on tracker.torrent_tag_assignments
referencing new table as changed
for each statement
execute function tracker.count_tag_usage();

comment on trigger count_insert on tracker.torrent_tag_assignments is 'Keeps usage_count of the tags.';

-- Object: tracker/triggers/torrent_tag_votes.count_delete.sql
create or replace trigger count_delete
after delete on tracker.torrent_tag_votes
referencing old table as removed
for each statement
execute function tracker.count_tag_votes();

comment on trigger count_delete on tracker.torrent_tag_votes is 'Keeps the score of the tag on the torrent.';

-- Object: tracker/triggers/torrent_tag_votes.count_insert.sql
create or replace trigger count_insert
after insert on tracker.torrent_tag_votes
referencing new table as added
for each statement
execute function tracker.count_tag_votes();

comment on trigger count_insert on tracker.torrent_tag_votes is 'Keeps the score of the tag on the torrent.';

-- Object: tracker/triggers/torrent_tag_votes.count_update.sql
create or replace trigger count_update
after update on tracker.torrent_tag_votes
referencing old table as removed new table as added
for each statement
execute function tracker.count_tag_votes();

comment on trigger count_update on tracker.torrent_tag_votes is 'Keeps the score of the tag on the torrent.';

-- Object: tracker/triggers/torrents.credit_uploader_delete.sql
create or replace trigger credit_uploader_delete
after delete on tracker.torrents
referencing old table as removed
for each statement
execute function tracker.credit_uploader();

comment on trigger credit_uploader_delete on tracker.torrents is 'An approved upload counts for its uploader.';

-- Object: tracker/triggers/torrents.credit_uploader_insert.sql
create or replace trigger credit_uploader_insert
after insert on tracker.torrents
referencing new table as added
for each statement
execute function tracker.credit_uploader();

comment on trigger credit_uploader_insert on tracker.torrents is 'An approved upload counts for its uploader.';

-- Object: tracker/triggers/torrents.credit_uploader_update.sql
create or replace trigger credit_uploader_update
after update on tracker.torrents
referencing old table as removed new table as added
for each statement
execute function tracker.credit_uploader();

comment on trigger credit_uploader_update on tracker.torrents is 'An approved upload counts for its uploader.';

-- Object: tracker/triggers/torrents.mark_attached.sql
create or replace trigger mark_attached
after insert on tracker.torrents
for each row
when (new.torrent_upload_id is not null)
execute function tracker.mark_metainfo_attached();

comment on trigger mark_attached on tracker.torrents is 'Keeps media.uploads.attached_at.';

-- Object: tracker/triggers/torrents.mark_detached.sql
create or replace trigger mark_detached
after delete on tracker.torrents
for each row
when (old.torrent_upload_id is not null)
execute function tracker.mark_metainfo_attached();

comment on trigger mark_detached on tracker.torrents is 'Hands the metainfo file of a purged torrent to the sweep.';

-- Object: tracker/triggers/torrents.queue_search.sql
create or replace trigger queue_search
after update of name, description, category_id, moderation_status, is_active, deleted_at on tracker.torrents
for each row
when (old.moderation_status = 'approved' or new.moderation_status = 'approved')
execute function tracker.queue_torrent_search();

comment on trigger queue_search on tracker.torrents is 'What an external search engine knows of a torrent follows its row.';

-- Object: tracker/triggers/torrents.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on tracker.torrents
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on tracker.torrents is 'Keeps updated_at.';

-- Object: tracker/policies/announces.sql
revoke all on tracker.announces from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (
  announced_at, user_id, torrent_id, event, peer_id, port, uploaded, downloaded, left_bytes, uploaded_delta,
  downloaded_delta, user_agent
) on tracker.announces to stoa_member;
grant select (ip_address) on tracker.announces to stoa_moderator;

drop policy if exists read_own on tracker.announces;
create policy read_own on tracker.announces
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy read_own on tracker.announces is 'Members see their own announces, without the address.';

drop policy if exists read_as_moderator on tracker.announces;
create policy read_as_moderator on tracker.announces
for select
to stoa_moderator
using (true);

comment on policy read_as_moderator on tracker.announces is 'Moderators see every announce, with the address.';

-- Object: tracker/policies/bonus_rules.sql
revoke all on tracker.bonus_rules from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.bonus_rules to stoa_member;

drop policy if exists read_active on tracker.bonus_rules;
create policy read_active on tracker.bonus_rules
for select
to stoa_member
using (is_active);

comment on policy read_active on tracker.bonus_rules is 'Members see what is in force.';

drop policy if exists read_as_moderator on tracker.bonus_rules;
create policy read_as_moderator on tracker.bonus_rules
for select
to stoa_moderator
using (true);

comment on policy read_as_moderator on tracker.bonus_rules is 'Moderators see every rule.';

-- Object: tracker/policies/bonus_transactions.sql
revoke all on tracker.bonus_transactions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.bonus_transactions to stoa_member;

drop policy if exists read_own on tracker.bonus_transactions;
create policy read_own on tracker.bonus_transactions
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy read_own on tracker.bonus_transactions is 'Members see their own account.';

drop policy if exists read_as_moderator on tracker.bonus_transactions;
create policy read_as_moderator on tracker.bonus_transactions
for select
to stoa_moderator
using (true);

comment on policy read_as_moderator on tracker.bonus_transactions is 'Moderators see every account.';

-- Object: tracker/policies/categories.sql
revoke all on tracker.categories from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.categories to stoa_anonymous;

drop policy if exists active on tracker.categories;
create policy active on tracker.categories
for select
to stoa_anonymous
using (is_active);

comment on policy active on tracker.categories is 'Everybody reads the categories that are in use.';

drop policy if exists all_for_members on tracker.categories;
create policy all_for_members on tracker.categories
for select
to stoa_member
using (true);

comment on policy all_for_members on tracker.categories is 'Members also read those that take nothing new: torrents still stand there.';

-- Object: tracker/policies/collection_items.sql
revoke all on tracker.collection_items from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.collection_items to stoa_member;

drop policy if exists readable on tracker.collection_items;
-- Not exists (…): the planner may make that a hash of all collections, for one page of rows.
create policy readable on tracker.collection_items
for select
to stoa_member
using ((select true from tracker.collections as collection where collection.id = collection_items.collection_id));

comment on policy readable on tracker.collection_items is 'Members who may read a collection read what is in it: the policies of tracker.collections hold inside.';

-- Object: tracker/policies/collection_subscriptions.sql
revoke all on tracker.collection_subscriptions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.collection_subscriptions to stoa_member;

drop policy if exists own on tracker.collection_subscriptions;
create policy own on tracker.collection_subscriptions
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on tracker.collection_subscriptions is 'Members read what they follow.';

drop policy if exists all_for_admins on tracker.collection_subscriptions;
create policy all_for_admins on tracker.collection_subscriptions
for select
to stoa_admin
using (true);

comment on policy all_for_admins on tracker.collection_subscriptions is 'Administrators read every subscription.';

-- Object: tracker/policies/collections.sql
revoke all on tracker.collections from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.collections to stoa_member;

drop policy if exists readable on tracker.collections;
create policy readable on tracker.collections
for select
to stoa_member
using (deleted_at is null and (is_public or owner_id = (select core.current_user_id())));

comment on policy readable on tracker.collections is 'Members read public collections and their own.';

drop policy if exists staff on tracker.collections;
create policy staff on tracker.collections
for select
to stoa_moderator
using (true);

comment on policy staff on tracker.collections is 'Staff reads every collection.';

-- Object: tracker/policies/comments.sql
revoke all on tracker.comments from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.comments to stoa_member;

drop policy if exists readable on tracker.comments;
-- Not exists (…): the planner may make that a hash of all torrents, for one page of rows.
create policy readable on tracker.comments
for select
to stoa_member
using (
  deleted_at is null
  and case
    when torrent_id is not null then (select true from tracker.torrents as torrent where torrent.id = comments.torrent_id)
    when collection_id is not null then (select true from tracker.collections as collection where collection.id = comments.collection_id)
    else request_id is not null
  end
);

comment on policy readable on tracker.comments is 'Members read the live comments on what they may read: the policies of torrents and collections hold inside; every request is readable.';

drop policy if exists staff on tracker.comments;
create policy staff on tracker.comments
for select
to stoa_moderator
using (true);

comment on policy staff on tracker.comments is 'Staff reads every comment.';

-- Object: tracker/policies/freeleech_tokens.sql
revoke all on tracker.freeleech_tokens from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.freeleech_tokens to stoa_member;

drop policy if exists read_own on tracker.freeleech_tokens;
create policy read_own on tracker.freeleech_tokens
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy read_own on tracker.freeleech_tokens is 'Members see their own tokens.';

drop policy if exists read_as_moderator on tracker.freeleech_tokens;
create policy read_as_moderator on tracker.freeleech_tokens
for select
to stoa_moderator
using (true);

comment on policy read_as_moderator on tracker.freeleech_tokens is 'Moderators see everybody''s.';

-- Object: tracker/policies/passkeys.sql
revoke all on tracker.passkeys from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- Object: tracker/policies/peer_history.sql
revoke all on tracker.peer_history from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.peer_history to stoa_member;

drop policy if exists read_own on tracker.peer_history;
create policy read_own on tracker.peer_history
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy read_own on tracker.peer_history is 'Members see their own history.';

drop policy if exists read_as_moderator on tracker.peer_history;
create policy read_as_moderator on tracker.peer_history
for select
to stoa_moderator
using (true);

comment on policy read_as_moderator on tracker.peer_history is 'Moderators see everybody''s.';

-- Object: tracker/policies/peer_history_daily.sql
revoke all on tracker.peer_history_daily from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.peer_history_daily to stoa_member;

drop policy if exists read_own on tracker.peer_history_daily;
create policy read_own on tracker.peer_history_daily
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy read_own on tracker.peer_history_daily is 'Members see their own days.';

drop policy if exists read_as_moderator on tracker.peer_history_daily;
create policy read_as_moderator on tracker.peer_history_daily
for select
to stoa_moderator
using (true);

comment on policy read_as_moderator on tracker.peer_history_daily is 'Moderators see everybody''s.';

-- Object: tracker/policies/peers.sql
revoke all on tracker.peers from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (
  torrent_id, user_id, peer_id, port, uploaded, downloaded, left_bytes, is_seeder, user_agent, started_at, last_announce_at
) on tracker.peers to stoa_member;
grant select (ip_address) on tracker.peers to stoa_moderator;

drop policy if exists read_own on tracker.peers;
create policy read_own on tracker.peers
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy read_own on tracker.peers is 'Members see their own sessions, without the address.';

drop policy if exists read_as_moderator on tracker.peers;
create policy read_as_moderator on tracker.peers
for select
to stoa_moderator
using (true);

comment on policy read_as_moderator on tracker.peers is 'Moderators see every session, with the address.';

-- Object: tracker/policies/request_bounties.sql
-- Which movements took and gave the points is between the ledger and its owner.
revoke all on tracker.request_bounties from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (id, request_id, user_id, amount, is_initial, inserted_at) on tracker.request_bounties to stoa_member;
grant select (debit_transaction_id, refund_transaction_id) on tracker.request_bounties to stoa_moderator;

drop policy if exists all_for_members on tracker.request_bounties;
create policy all_for_members on tracker.request_bounties
for select
to stoa_member
using (true);

comment on policy all_for_members on tracker.request_bounties is 'Members read who gave how much.';

-- Object: tracker/policies/request_votes.sql
revoke all on tracker.request_votes from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.request_votes to stoa_member;

drop policy if exists own on tracker.request_votes;
create policy own on tracker.request_votes
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on tracker.request_votes is 'Members read their own votes.';

drop policy if exists staff on tracker.request_votes;
create policy staff on tracker.request_votes
for select
to stoa_moderator
using (true);

comment on policy staff on tracker.request_votes is 'Staff reads every vote, to look into manipulation.';

-- Object: tracker/policies/requests.sql
revoke all on tracker.requests from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.requests to stoa_member;

drop policy if exists all_for_members on tracker.requests;
create policy all_for_members on tracker.requests
for select
to stoa_member
using (true);

comment on policy all_for_members on tracker.requests is 'Members read every request.';

-- Object: tracker/policies/tags.sql
revoke all on tracker.tags from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.tags to stoa_anonymous;

drop policy if exists everybody on tracker.tags;
create policy everybody on tracker.tags
for select
to stoa_anonymous
using (true);

comment on policy everybody on tracker.tags is 'Everybody reads the tags.';

-- Object: tracker/policies/top_lists.sql
revoke all on tracker.top_lists from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.top_lists to stoa_member;

drop policy if exists read_open on tracker.top_lists;
create policy read_open on tracker.top_lists
for select
to stoa_member
using (user_id = (select core.current_user_id()) or user_id not in (select tracker.private_user_ids()));

comment on policy read_open on tracker.top_lists is 'Members see the lists, but nobody in them who has since chosen to keep their statistics to themselves.';

drop policy if exists read_as_moderator on tracker.top_lists;
create policy read_as_moderator on tracker.top_lists
for select
to stoa_moderator
using (true);

comment on policy read_as_moderator on tracker.top_lists is 'Moderators see every place.';

-- Object: tracker/policies/torrent_files.sql
revoke all on tracker.torrent_files from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.torrent_files to stoa_member;

drop policy if exists readable on tracker.torrent_files;
-- Not exists (…): the planner may make that a hash of all torrents, for one page of rows.
create policy readable on tracker.torrent_files
for select
to stoa_member
using ((select true from tracker.torrents as torrent where torrent.id = torrent_files.torrent_id));

comment on policy readable on tracker.torrent_files is 'Members who may read a torrent read its files: the policies of tracker.torrents hold inside. Visitors never do.';

-- Object: tracker/policies/torrent_metadata.sql
revoke all on tracker.torrent_metadata from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.torrent_metadata to stoa_anonymous;

drop policy if exists readable on tracker.torrent_metadata;
create policy readable on tracker.torrent_metadata
for select
to stoa_anonymous
using ((select true from tracker.torrents as torrent where torrent.id = torrent_metadata.torrent_id));

comment on policy readable on tracker.torrent_metadata is 'Whoever may read a torrent reads which work it is: the policies of tracker.torrents hold inside.';

-- Object: tracker/policies/torrent_moderation.sql
revoke all on tracker.torrent_moderation from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (id, torrent_id, action, reason, changes, inserted_at) on tracker.torrent_moderation to stoa_member;
grant select (moderator_id) on tracker.torrent_moderation to stoa_moderator;

drop policy if exists of_own_torrents on tracker.torrent_moderation;
create policy of_own_torrents on tracker.torrent_moderation
for select
to stoa_member
using (torrent_id = any (array(select tracker.my_torrent_ids())));

comment on policy of_own_torrents on tracker.torrent_moderation is 'Uploaders read what was decided about their torrents and why, without by whom.';

drop policy if exists staff on tracker.torrent_moderation;
create policy staff on tracker.torrent_moderation
for select
to stoa_moderator
using (true);

comment on policy staff on tracker.torrent_moderation is 'Staff reads every decision.';

-- Object: tracker/policies/torrent_statistics.sql
revoke all on tracker.torrent_statistics from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.torrent_statistics to stoa_anonymous;

drop policy if exists readable on tracker.torrent_statistics;
create policy readable on tracker.torrent_statistics
for select
to stoa_anonymous
using ((select true from tracker.torrents as torrent where torrent.id = torrent_statistics.torrent_id));

comment on policy readable on tracker.torrent_statistics is 'Whoever may read a torrent reads its figures: the policies of tracker.torrents hold inside.';

-- Object: tracker/policies/torrent_tag_assignments.sql
revoke all on tracker.torrent_tag_assignments from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (torrent_id, tag_id, score, inserted_at) on tracker.torrent_tag_assignments to stoa_anonymous;
grant select (assigned_by) on tracker.torrent_tag_assignments to stoa_moderator;

drop policy if exists readable on tracker.torrent_tag_assignments;
create policy readable on tracker.torrent_tag_assignments
for select
to stoa_anonymous
using ((select true from tracker.torrents as torrent where torrent.id = torrent_tag_assignments.torrent_id));

comment on policy readable on tracker.torrent_tag_assignments is 'Whoever may read a torrent reads its tags: the policies of tracker.torrents hold inside. Who put them there is for staff: it may be an uploader who asked not to be named.';

-- Object: tracker/policies/torrent_tag_votes.sql
revoke all on tracker.torrent_tag_votes from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.torrent_tag_votes to stoa_member;

drop policy if exists own on tracker.torrent_tag_votes;
create policy own on tracker.torrent_tag_votes
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on tracker.torrent_tag_votes is 'Members read their own votes.';

drop policy if exists staff on tracker.torrent_tag_votes;
create policy staff on tracker.torrent_tag_votes
for select
to stoa_moderator
using (true);

comment on policy staff on tracker.torrent_tag_votes is 'Staff reads every vote, to look into manipulation.';

-- Object: tracker/policies/torrents.sql
-- uploader_id may be somebody who asked not to be named, and the metainfo file is handed out by a procedure alone.
revoke all on tracker.torrents from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (
  id, info_hash, info_hash_v2, name, description, category_id, is_anonymous, public_uploader_id, size_bytes, file_count,
  piece_length, metadata, moderation_status, approved_at, is_active, is_freeleech, freeleech_until, upload_factor,
  search, deleted_at, inserted_at, updated_at
) on tracker.torrents to stoa_anonymous;
grant select (uploader_id, torrent_upload_id) on tracker.torrents to stoa_moderator;

drop policy if exists listed on tracker.torrents;
create policy listed on tracker.torrents
for select
to stoa_anonymous
using (
  moderation_status = 'approved'
  and is_active
  and deleted_at is null
  and (select tracker.catalogue_is_open())
);

comment on policy listed on tracker.torrents is 'Members read what is approved and listed; visitors too, where the catalogue is public.';

drop policy if exists own on tracker.torrents;
create policy own on tracker.torrents
for select
to stoa_member
using (uploader_id = (select core.current_user_id()));

comment on policy own on tracker.torrents is 'Uploaders read their own in any state.';

drop policy if exists staff on tracker.torrents;
create policy staff on tracker.torrents
for select
to stoa_moderator
using (true);

comment on policy staff on tracker.torrents is 'Staff reads every torrent.';

-- Object: tracker/policies/user_statistics.sql
revoke all on tracker.user_statistics from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.user_statistics to stoa_member;

drop policy if exists read_open on tracker.user_statistics;
create policy read_open on tracker.user_statistics
for select
to stoa_member
using (user_id = (select core.current_user_id()) or user_id not in (select tracker.private_user_ids()));

comment on policy read_open on tracker.user_statistics is 'Members see their own, and those of people who do not keep their statistics to themselves.';

drop policy if exists read_as_moderator on tracker.user_statistics;
create policy read_as_moderator on tracker.user_statistics
for select
to stoa_moderator
using (true);

comment on policy read_as_moderator on tracker.user_statistics is 'Moderators see everybody''s.';

-- Object: tracker/policies/user_torrents.sql
revoke all on tracker.user_torrents from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.user_torrents to stoa_member;

drop policy if exists read_open on tracker.user_torrents;
create policy read_open on tracker.user_torrents
for select
to stoa_member
using (user_id = (select core.current_user_id()) or user_id not in (select tracker.private_user_ids()));

comment on policy read_open on tracker.user_torrents is 'Members see their own, and those of people who do not keep their statistics to themselves.';

drop policy if exists read_as_moderator on tracker.user_torrents;
create policy read_as_moderator on tracker.user_torrents
for select
to stoa_moderator
using (true);

comment on policy read_as_moderator on tracker.user_torrents is 'Moderators see everybody''s.';

-- End of objects

-- Down Migration

drop policy read_as_moderator on tracker.user_torrents;
drop policy read_open on tracker.user_torrents;
drop policy read_as_moderator on tracker.user_statistics;
drop policy read_open on tracker.user_statistics;
drop policy staff on tracker.torrents;
drop policy own on tracker.torrents;
drop policy listed on tracker.torrents;
drop policy staff on tracker.torrent_tag_votes;
drop policy own on tracker.torrent_tag_votes;
drop policy readable on tracker.torrent_tag_assignments;
drop policy readable on tracker.torrent_statistics;
drop policy staff on tracker.torrent_moderation;
drop policy of_own_torrents on tracker.torrent_moderation;
drop policy readable on tracker.torrent_metadata;
drop policy readable on tracker.torrent_files;
drop policy read_as_moderator on tracker.top_lists;
drop policy read_open on tracker.top_lists;
drop policy everybody on tracker.tags;
drop policy all_for_members on tracker.requests;
drop policy staff on tracker.request_votes;
drop policy own on tracker.request_votes;
drop policy all_for_members on tracker.request_bounties;
drop policy read_as_moderator on tracker.peers;
drop policy read_own on tracker.peers;
drop policy read_as_moderator on tracker.peer_history_daily;
drop policy read_own on tracker.peer_history_daily;
drop policy read_as_moderator on tracker.peer_history;
drop policy read_own on tracker.peer_history;
drop policy read_as_moderator on tracker.freeleech_tokens;
drop policy read_own on tracker.freeleech_tokens;
drop policy staff on tracker.comments;
drop policy readable on tracker.comments;
drop policy staff on tracker.collections;
drop policy readable on tracker.collections;
drop policy all_for_admins on tracker.collection_subscriptions;
drop policy own on tracker.collection_subscriptions;
drop policy readable on tracker.collection_items;
drop policy all_for_members on tracker.categories;
drop policy active on tracker.categories;
drop policy read_as_moderator on tracker.bonus_transactions;
drop policy read_own on tracker.bonus_transactions;
drop policy read_as_moderator on tracker.bonus_rules;
drop policy read_active on tracker.bonus_rules;
drop policy read_as_moderator on tracker.announces;
drop policy read_own on tracker.announces;
drop trigger touch_updated_at on tracker.torrents;
drop trigger queue_search on tracker.torrents;
drop trigger mark_detached on tracker.torrents;
drop trigger mark_attached on tracker.torrents;
drop trigger credit_uploader_update on tracker.torrents;
drop trigger credit_uploader_insert on tracker.torrents;
drop trigger credit_uploader_delete on tracker.torrents;
drop trigger count_update on tracker.torrent_tag_votes;
drop trigger count_insert on tracker.torrent_tag_votes;
drop trigger count_delete on tracker.torrent_tag_votes;
drop trigger count_insert on tracker.torrent_tag_assignments;
drop trigger count_delete on tracker.torrent_tag_assignments;
drop trigger touch_updated_at on tracker.requests;
drop trigger credit_filler_update on tracker.requests;
drop trigger credit_filler_insert on tracker.requests;
drop trigger credit_filler_delete on tracker.requests;
drop trigger count_insert on tracker.request_votes;
drop trigger count_delete on tracker.request_votes;
drop trigger count_update on tracker.request_bounties;
drop trigger count_insert on tracker.request_bounties;
drop trigger touch_updated_at on tracker.comments;
drop trigger credit_author_update on tracker.comments;
drop trigger credit_author_insert on tracker.comments;
drop trigger credit_author_delete on tracker.comments;
drop trigger count_insert on tracker.comments;
drop trigger count_deletion on tracker.comments;
drop trigger count_delete on tracker.comments;
drop trigger touch_updated_at on tracker.collections;
drop trigger count_insert on tracker.collection_subscriptions;
drop trigger count_delete on tracker.collection_subscriptions;
drop trigger count_insert on tracker.collection_items;
drop trigger count_delete on tracker.collection_items;
drop trigger touch_updated_at on tracker.categories;
drop trigger check_nesting on tracker.categories;
drop trigger guard_truncate on tracker.bonus_transactions;
drop trigger guard on tracker.bonus_transactions;
drop trigger touch_updated_at on tracker.bonus_rules;
drop function tracker.vote_tag(uuid, uuid, integer);
drop function tracker.vote_request(uuid);
drop function tracker.visible_torrent(uuid, boolean);
drop function tracker.visible_collection(uuid);
drop function tracker.uploader_of(uuid);
drop function tracker.upload_torrent(jsonb, integer, text, text, text[], jsonb, boolean, uuid, text);
drop function tracker.update_collection(uuid, jsonb);
drop function tracker.update_category(integer, jsonb);
drop function tracker.unvote_request(uuid);
drop function tracker.untag_torrent(uuid, uuid);
drop function tracker.unsubscribe_collection(uuid);
drop function tracker.tell_contributors(tracker.requests, text, text, uuid);
drop function tracker.tag_torrent(uuid, text);
drop function tracker.sweep_peers(timestamptz);
drop function tracker.sum_up_day(date);
drop function tracker.subscribe_collection(uuid);
drop function tracker.store_metadata(uuid, text, text, text, integer, jsonb);
drop function tracker.statistics_due_for_repair(timestamptz, integer);
drop function tracker.stale_after();
drop function tracker.snapshot_peers(timestamptz);
drop function tracker.set_metadata(uuid, text, text);
drop function tracker.set_freeleech(uuid, boolean, timestamptz);
drop function tracker.set_active(uuid, boolean, text);
drop function tracker.seeded_torrents(jsonb, timestamptz);
drop function tracker.search_files(text, integer);
drop function tracker.search(text, integer, text[], boolean, integer);
drop function tracker.scrape(bytea, bytea[]);
drop function tracker.save_bonus_rule(text, text, numeric, text, jsonb, numeric, text, timestamptz, timestamptz, boolean, uuid);
drop function tracker.sample_peers(uuid, uuid, boolean, integer, integer);
drop function tracker.reward(uuid, text, uuid);
drop function tracker.revoke_passkey(uuid);
drop function tracker.restore_torrent(uuid, text);
drop function tracker.reset_passkey(bytea, bytea, text);
drop function tracker.report_implausible(uuid, jsonb);
drop function tracker.repair_statistics(uuid[]);
drop function tracker.repair_counters(uuid[]);
drop function tracker.reorder_items(uuid, uuid[]);
drop function tracker.rename_tag(uuid, text);
drop function tracker.remove_item(uuid, uuid);
drop function tracker.reject_torrent(uuid, text);
drop function tracker.reject_fill(uuid, text);
drop function tracker.refuse_duplicate(tracker.torrents);
drop function tracker.refund_bounties(tracker.requests);
drop function tracker.refresh_torrent_statistics(uuid, integer);
drop function tracker.refresh_top_lists();
drop function tracker.refresh_borrowed_figures();
drop function tracker.record_view(uuid);
drop function tracker.record_decision(uuid, text, text, jsonb);
drop function tracker.read_metainfo(jsonb);
drop function tracker.reactivate_torrent(uuid, text);
drop function tracker.queue_torrent_search();
drop function tracker.queue_approval(tracker.torrents);
drop function tracker.put_tags(uuid, text[]);
drop function tracker.proposed_request(uuid);
drop function tracker.propose_fill(uuid, uuid);
drop function tracker.private_user_ids();
drop function tracker.post_bonus(uuid, numeric, text, uuid, timestamptz, uuid, uuid, uuid, text);
drop function tracker.pay_rule(uuid, timestamptz, uuid[], numeric[]);
drop function tracker.pay_fill(tracker.requests);
drop function tracker.page_size(integer);
drop function tracker.open_requests(integer, text, text, integer);
drop function tracker.open_request(uuid);
drop function tracker.open_category(integer, boolean);
drop function tracker.my_torrents(uuid, integer);
drop function tracker.my_torrent_ids();
drop function tracker.my_passkey();
drop function tracker.metadata_to_fetch(integer);
drop function tracker.merge_tags(uuid, uuid);
drop function tracker.mark_metainfo_attached();
drop function tracker.locked_torrent(uuid);
drop function tracker.locked_request(uuid);
drop function tracker.locked_comment(uuid);
drop function tracker.locked_collection(uuid);
drop function tracker.lock_category_tree();
drop function tracker.in_classes(text);
drop function tracker.hit_and_runs(uuid);
drop function tracker.guard_movement();
drop function tracker.grant_tokens(uuid, integer, text, timestamptz);
drop function tracker.grant_freeleech(uuid, integer, timestamptz);
drop function tracker.gift_bonus(uuid, numeric, text, text);
drop function tracker.forget_peers(uuid);
drop function tracker.fillable_collection(uuid);
drop function tracker.expire_requests(timestamptz);
drop function tracker.ensure_statistics(uuid[]);
drop function tracker.end_freeleech(timestamptz, integer);
drop function tracker.edit_torrent(uuid, jsonb, text);
drop function tracker.edit_request(uuid, jsonb);
drop function tracker.edit_comment(uuid, text);
drop function tracker.download_torrent(uuid);
drop function tracker.delete_torrent(uuid, text);
drop function tracker.delete_tag(uuid);
drop function tracker.delete_comment(uuid, text);
drop function tracker.delete_collection(uuid, text);
drop function tracker.deactivate_torrent(uuid, text);
drop function tracker.cursor_id(text, text);
drop function tracker.credit_uploader();
drop function tracker.credit_people(tracker.announce_work[]);
drop function tracker.credit_filler();
drop function tracker.credit_author();
drop function tracker.create_request(integer, text, numeric, text, timestamptz, text);
drop function tracker.create_collection(text, text, text, boolean);
drop function tracker.create_category(text, text, integer, integer, text, text);
drop function tracker.counters_due_for_repair(timestamptz, integer);
drop function tracker.count_tag_votes();
drop function tracker.count_tag_usage();
drop function tracker.count_subscriptions();
drop function tracker.count_request_votes();
drop function tracker.count_request_bounties();
drop function tracker.count_events(text, timestamptz, timestamptz);
drop function tracker.count_comments();
drop function tracker.count_comment_deletion();
drop function tracker.count_collection_items();
drop function tracker.contribute(tracker.requests, numeric, boolean);
drop function tracker.confirm_fill(uuid);
drop function tracker.confirm_due_fills(timestamptz);
drop function tracker.comment(text, uuid, text, text);
drop function tracker.close_approval(uuid, text, text);
drop function tracker.clean_tag(text);
drop function tracker.check_category_nesting();
drop function tracker.check_category(text, text, text);
drop function tracker.check_amount(numeric, numeric);
drop function tracker.changes_between(tracker.torrents, tracker.torrents);
drop function tracker.category_ids(integer);
drop function tracker.catalogue_is_open();
drop function tracker.cancel_request(uuid, text);
drop function tracker.can_see_statistics(uuid);
drop function tracker.buy_freeleech(integer, text);
drop function tracker.browse(integer, text[], boolean, text, text, integer);
drop function tracker.award_bonus(timestamptz, uuid, integer);
drop function tracker.as_shown(tracker.torrents);
drop function tracker.approve_torrent(uuid, text);
drop function tracker.approve(tracker.torrents, text);
drop function tracker.announce(bytea, bytea, bytea, inet, integer, bigint, bigint, bigint, text, text, integer);
drop function tracker.announce_many(jsonb);
drop function tracker.adjust_bonus(uuid, numeric, text);
drop function tracker.add_to_totals(text, uuid[], bigint[]);
drop function tracker.add_to_tag_scores(uuid[], uuid[], integer[]);
drop function tracker.add_to_comment_counts(uuid[], integer[]);
drop function tracker.add_item(uuid, uuid, text);
drop function tracker.add_bounty(uuid, numeric, text);
drop function tracker.activate_freeleech(uuid);
revoke all on table tracker.announces from stoa_member, stoa_moderator;
revoke all on table tracker.bonus_rules from stoa_member;
revoke all on table tracker.bonus_transactions from stoa_member;
revoke all on table tracker.categories from stoa_anonymous;
revoke all on table tracker.collection_items from stoa_member;
revoke all on table tracker.collection_subscriptions from stoa_member;
revoke all on table tracker.collections from stoa_member;
revoke all on table tracker.comments from stoa_member;
revoke all on table tracker.freeleech_tokens from stoa_member;
revoke all on table tracker.peer_history from stoa_member;
revoke all on table tracker.peer_history_daily from stoa_member;
revoke all on table tracker.peers from stoa_member, stoa_moderator;
revoke all on table tracker.request_bounties from stoa_member, stoa_moderator;
revoke all on table tracker.request_votes from stoa_member;
revoke all on table tracker.requests from stoa_member;
revoke all on table tracker.tags from stoa_anonymous;
revoke all on table tracker.top_lists from stoa_member;
revoke all on table tracker.torrent_files from stoa_member;
revoke all on table tracker.torrent_metadata from stoa_anonymous;
revoke all on table tracker.torrent_moderation from stoa_member, stoa_moderator;
revoke all on table tracker.torrent_statistics from stoa_anonymous;
revoke all on table tracker.torrent_tag_assignments from stoa_anonymous, stoa_moderator;
revoke all on table tracker.torrent_tag_votes from stoa_member;
revoke all on table tracker.torrents from stoa_anonymous, stoa_moderator;
revoke all on table tracker.user_statistics from stoa_member;
revoke all on table tracker.user_torrents from stoa_member;
