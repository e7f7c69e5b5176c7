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
