-- Why: registers what must hold about the tables of this module, for "stoa doctor invariants". How many seed and leech a
-- torrent is a figure of the last minute, which the next announce overtakes: nothing of it is promised for the moment.
-- Locks: none. Back: deletes the rows of this module.

-- Up Migration

insert into ops.invariants (name, module, description, query) values
  (
    'tracker.torrents.files',
    'tracker',
    'A torrent has the files that it counts, and is as large as they are together.',
    $query$
      select
        torrent.id::text as subject,
        coalesce(counted.files, 0) || ' files of ' || coalesce(counted.bytes, 0) as expected,
        torrent.file_count || ' files of ' || torrent.size_bytes as found
      from tracker.torrents as torrent
      left join (
        select file.torrent_id, count(*) as files, sum(file.size_bytes) as bytes
        from tracker.torrent_files as file
        group by file.torrent_id
      ) as counted on counted.torrent_id = torrent.id
      where torrent.file_count <> coalesce(counted.files, 0)
        or torrent.size_bytes <> coalesce(counted.bytes, 0)
    $query$
  ),
  (
    'tracker.torrents.upload',
    'tracker',
    'The metainfo file of a torrent is marked as in use, so that it is not removed as an orphan.',
    $query$
      select upload.id::text as subject, 'marked as attached' as expected, 'not marked' as found
      from tracker.torrents as torrent
      join media.uploads as upload on upload.id = torrent.torrent_upload_id
      where upload.attached_at is null
    $query$
  ),
  (
    'tracker.torrent_statistics.row',
    'tracker',
    'A torrent has a row for its figures: without one nothing of it is counted.',
    $query$
      select torrent.id::text as subject, 'a row of figures' as expected, 'none' as found
      from tracker.torrents as torrent
      where not exists (select from tracker.torrent_statistics as figures where figures.torrent_id = torrent.id)
    $query$
  ),
  (
    'tracker.torrent_statistics.times_completed',
    'tracker',
    'A torrent was completed at least as often as people are known to have completed it. It may be more often: what a person did is forgotten with them.',
    $query$
      select
        figures.torrent_id::text as subject,
        'at least ' || counted.people as expected,
        figures.times_completed::text as found
      from tracker.torrent_statistics as figures
      join (
        select history.torrent_id, count(history.completed_at) as people
        from tracker.user_torrents as history
        group by history.torrent_id
      ) as counted on counted.torrent_id = figures.torrent_id
      where figures.times_completed < counted.people
    $query$
  ),
  (
    'tracker.comments.comment_count',
    'tracker',
    'A torrent, a request and a collection count the live comments on them.',
    $query$
      select
        subject.kind || ' ' || subject.id as subject,
        coalesce(counted.amount, 0)::text as expected,
        subject.comment_count::text as found
      from (
        select 'torrent' as kind, figures.torrent_id as id, figures.comment_count from tracker.torrent_statistics as figures
        union all
        select 'request', request.id, request.comment_count from tracker.requests as request
        union all
        select 'collection', collection.id, collection.comment_count from tracker.collections as collection
      ) as subject
      left join (
        select coalesce(comment.torrent_id, comment.request_id, comment.collection_id) as id, count(*) as amount
        from tracker.comments as comment
        where comment.deleted_at is null
        group by 1
      ) as counted on counted.id = subject.id
      where subject.comment_count <> coalesce(counted.amount, 0)
    $query$
  ),
  (
    'tracker.torrent_tag_assignments.score',
    'tracker',
    'The score of a tag on a torrent is the sum of the votes on it.',
    $query$
      select
        worn.torrent_id || ' ' || worn.tag_id as subject,
        coalesce(counted.total, 0)::text as expected,
        worn.score::text as found
      from tracker.torrent_tag_assignments as worn
      left join (
        select vote.torrent_id, vote.tag_id, sum(vote.value) as total
        from tracker.torrent_tag_votes as vote
        group by vote.torrent_id, vote.tag_id
      ) as counted on counted.torrent_id = worn.torrent_id and counted.tag_id = worn.tag_id
      where worn.score <> coalesce(counted.total, 0)
    $query$
  ),
  (
    'tracker.tags.usage_count',
    'tracker',
    'A tag counts the torrents that wear it.',
    $query$
      select tag.id::text as subject, coalesce(counted.amount, 0)::text as expected, tag.usage_count::text as found
      from tracker.tags as tag
      left join (
        select worn.tag_id, count(*) as amount from tracker.torrent_tag_assignments as worn group by worn.tag_id
      ) as counted on counted.tag_id = tag.id
      where tag.usage_count <> coalesce(counted.amount, 0)
    $query$
  ),
  (
    'tracker.requests.vote_count',
    'tracker',
    'A request counts the people who want it too.',
    $query$
      select request.id::text as subject, coalesce(counted.amount, 0)::text as expected, request.vote_count::text as found
      from tracker.requests as request
      left join (
        select vote.request_id, count(*) as amount from tracker.request_votes as vote group by vote.request_id
      ) as counted on counted.request_id = request.id
      where request.vote_count <> coalesce(counted.amount, 0)
    $query$
  ),
  (
    'tracker.requests.total_bounty',
    'tracker',
    'The bounty of a request is the sum of the contributions to it that were not given back.',
    $query$
      select request.id::text as subject, coalesce(counted.total, 0)::text as expected, request.total_bounty::text as found
      from tracker.requests as request
      left join (
        select bounty.request_id, sum(bounty.amount) as total
        from tracker.request_bounties as bounty
        where bounty.refund_transaction_id is null
        group by bounty.request_id
      ) as counted on counted.request_id = request.id
      where request.total_bounty <> coalesce(counted.total, 0)
    $query$
  ),
  (
    'tracker.requests.escrow',
    'tracker',
    'No points come or go by a request: what its movements took from people is what it holds while it is open, and nothing once it is closed.',
    $query$
      select
        request.id::text as subject,
        held.points::text as expected,
        coalesce(-moved.total, 0)::text as found
      from tracker.requests as request
      cross join lateral (
        select case when request.status in ('pending', 'fill_proposed') then request.total_bounty else 0 end as points
      ) as held
      left join (
        select movement.request_id, sum(movement.amount) as total
        from tracker.bonus_transactions as movement
        where movement.kind in ('bounty_escrow', 'bounty_payout', 'bounty_refund')
        group by movement.request_id
      ) as moved on moved.request_id = request.id
      where held.points <> coalesce(-moved.total, 0)
    $query$
  ),
  (
    'tracker.request_bounties.movements',
    'tracker',
    'A contribution to a request was taken from its contributor by one movement of that amount and, if it went back, given back by another.',
    $query$
      select
        bounty.id::text as subject,
        '-' || bounty.amount || case when bounty.refund_transaction_id is not null then ' +' || bounty.amount else '' end as expected,
        concat_ws(' ', debit.kind, debit.amount, refund.kind, refund.amount) as found
      from tracker.request_bounties as bounty
      left join tracker.bonus_transactions as debit
        on debit.user_id = bounty.user_id and debit.id = bounty.debit_transaction_id
      left join tracker.bonus_transactions as refund
        on refund.user_id = bounty.user_id and refund.id = bounty.refund_transaction_id
      where (debit.kind, debit.amount, debit.request_id) is distinct from ('bounty_escrow', -bounty.amount, bounty.request_id)
        or (
          bounty.refund_transaction_id is not null
          and (refund.kind, refund.amount, refund.request_id) is distinct from ('bounty_refund', bounty.amount, bounty.request_id)
        )
    $query$
  ),
  (
    'tracker.bonus_transactions.balance',
    'tracker',
    'The movements of a person lead from nothing to the points that they have: each begins at a balance that another left behind.',
    $query$
      -- Movements of one moment have no order to go by. But whoever walks from one balance to the next leaves each as
      -- often as they arrive there, whatever the order.
      select
        step.user_id || ' ' || step.balance as subject,
        'left as often as reached' as expected,
        case when sum(step.arrivals) > 0 then 'reached ' else 'left ' end || abs(sum(step.arrivals)) || ' times more' as found
      from (
        select movement.user_id, movement.balance_after as balance, 1 as arrivals
        from tracker.bonus_transactions as movement
        union all
        select movement.user_id, movement.balance_after - movement.amount, -1
        from tracker.bonus_transactions as movement
        union all
        select totals.user_id, 0, 1
        from tracker.user_statistics as totals
        union all
        select totals.user_id, totals.seedbonus, -1
        from tracker.user_statistics as totals
      ) as step
      -- Totals are erased with a person, movements are not.
      join core.users as person on person.id = step.user_id and person.erased_at is null
      group by step.user_id, step.balance
      having sum(step.arrivals) <> 0
    $query$
  ),
  (
    'tracker.user_statistics.points',
    'tracker',
    'The points that a person has, spent on bounties and earned by them are the sums of their movements.',
    $query$
      select
        totals.user_id::text as subject,
        concat_ws(' ', ledger.seedbonus, ledger.bounty_spent, ledger.bounty_earned) as expected,
        concat_ws(' ', totals.seedbonus, totals.bounty_spent, totals.bounty_earned) as found
      from (
        select
          person.user_id,
          coalesce(sum(movement.amount), 0) as seedbonus,
          coalesce(-sum(movement.amount) filter (where movement.kind in ('bounty_escrow', 'bounty_refund')), 0) as bounty_spent,
          coalesce(sum(movement.amount) filter (where movement.kind = 'bounty_payout'), 0) as bounty_earned
        from tracker.user_statistics as person
        left join tracker.bonus_transactions as movement on movement.user_id = person.user_id
        group by person.user_id
      ) as ledger
      join tracker.user_statistics as totals on totals.user_id = ledger.user_id
      where (totals.seedbonus, totals.bounty_spent, totals.bounty_earned)
        <> (ledger.seedbonus, ledger.bounty_spent, ledger.bounty_earned)
    $query$
  ),
  (
    'tracker.user_statistics.counts',
    'tracker',
    'A person counts their listed torrents, accepted fills and live comments.',
    $query$
      select
        totals.user_id::text as subject,
        concat_ws(' ', coalesce(torrents.amount, 0), coalesce(fills.amount, 0), coalesce(comments.amount, 0)) as expected,
        concat_ws(' ', totals.torrents_uploaded, totals.requests_filled, totals.comment_count) as found
      from tracker.user_statistics as totals
      left join (
        select torrent.uploader_id, count(*) as amount
        from tracker.torrents as torrent
        where torrent.moderation_status = 'approved' and torrent.deleted_at is null
        group by torrent.uploader_id
      ) as torrents on torrents.uploader_id = totals.user_id
      left join (
        select request.filled_by, count(*) as amount
        from tracker.requests as request
        where request.status = 'filled'
        group by request.filled_by
      ) as fills on fills.filled_by = totals.user_id
      left join (
        select comment.author_id, count(*) as amount
        from tracker.comments as comment
        where comment.deleted_at is null
        group by comment.author_id
      ) as comments on comments.author_id = totals.user_id
      where (totals.torrents_uploaded, totals.requests_filled, totals.comment_count)
        <> (coalesce(torrents.amount, 0), coalesce(fills.amount, 0), coalesce(comments.amount, 0))
    $query$
  ),
  (
    'tracker.user_statistics.history',
    'tracker',
    'What a person moved, seeded and completed altogether is never less than what is known of single torrents. It may be more: torrents are purged, totals stay.',
    $query$
      select
        totals.user_id::text as subject,
        'at least ' || concat_ws(' ', moved.uploaded, moved.downloaded, moved.seed_seconds, moved.snatched) as expected,
        concat_ws(' ', totals.uploaded, totals.downloaded, totals.seed_seconds, totals.torrents_snatched) as found
      from (
        select
          history.user_id,
          sum(history.uploaded) as uploaded,
          sum(history.downloaded) as downloaded,
          sum(history.seed_seconds) as seed_seconds,
          count(history.completed_at) as snatched
        from tracker.user_torrents as history
        group by history.user_id
      ) as moved
      join tracker.user_statistics as totals on totals.user_id = moved.user_id
      where totals.uploaded < moved.uploaded
        or totals.downloaded < moved.downloaded
        or totals.seed_seconds < moved.seed_seconds
        or totals.torrents_snatched < moved.snatched
    $query$
  ),
  (
    'tracker.collections.item_count',
    'tracker',
    'A collection counts the torrents in it.',
    $query$
      select collection.id::text as subject, coalesce(counted.amount, 0)::text as expected, collection.item_count::text as found
      from tracker.collections as collection
      left join (
        select item.collection_id, count(*) as amount from tracker.collection_items as item group by item.collection_id
      ) as counted on counted.collection_id = collection.id
      where collection.item_count <> coalesce(counted.amount, 0)
    $query$
  ),
  (
    'tracker.collections.subscriber_count',
    'tracker',
    'A collection counts the people who follow it.',
    $query$
      select
        collection.id::text as subject,
        coalesce(counted.amount, 0)::text as expected,
        collection.subscriber_count::text as found
      from tracker.collections as collection
      left join (
        select subscription.collection_id, count(*) as amount
        from tracker.collection_subscriptions as subscription
        group by subscription.collection_id
      ) as counted on counted.collection_id = collection.id
      where collection.subscriber_count <> coalesce(counted.amount, 0)
    $query$
  );

-- Down Migration

delete from ops.invariants where module = 'tracker';
