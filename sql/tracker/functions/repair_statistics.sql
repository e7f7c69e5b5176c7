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
