create or replace function forums.repair_counters(p_post_ids uuid[])
returns integer
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
declare
  target record;
  wrong record;
  repaired integer := 0;
begin
  -- Rows are locked first, in the lock order of the module, and counted in later statements: one statement that does
  -- both keeps its old snapshot while it waits for a lock, and would overwrite what was counted meanwhile.
  for target in
    select distinct post.forum_id
    from forums.posts as post
    where post.id = any (p_post_ids)
    order by post.forum_id
  loop
    perform from forums.forums as forum where forum.id = target.forum_id for no key update;
    for wrong in
      select forum.id, forum.post_count, forum.subscriber_count, forum.last_post_id,
        (
          select count(*)::integer from forums.posts as post
          where post.forum_id = forum.id and post.deleted_at is null
        ) as true_post_count,
        (
          select count(*)::integer from forums.subscriptions as subscription
          where subscription.forum_id = forum.id
        ) as true_subscriber_count,
        newest.id as true_last_post_id,
        newest.inserted_at as true_last_post_at
      from forums.forums as forum
      left join lateral (
        select post.id, post.inserted_at
        from forums.posts as post
        where post.forum_id = forum.id and post.deleted_at is null
        order by post.id desc
        limit 1
      ) as newest on true
      where forum.id = target.forum_id
    loop
      insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
      select 'forums.forums.' || found_wrong.name, jsonb_build_object('id', wrong.id), found_wrong.cached, found_wrong.counted
      from (
        values
          ('post_count', wrong.post_count, wrong.true_post_count),
          ('subscriber_count', wrong.subscriber_count, wrong.true_subscriber_count)
      ) as found_wrong (name, cached, counted)
      where found_wrong.cached <> found_wrong.counted;
      if wrong.post_count <> wrong.true_post_count
        or wrong.subscriber_count <> wrong.true_subscriber_count
        or wrong.last_post_id is distinct from wrong.true_last_post_id
      then
        update forums.forums as forum
        set post_count = wrong.true_post_count,
            subscriber_count = wrong.true_subscriber_count,
            last_post_id = wrong.true_last_post_id,
            last_post_at = wrong.true_last_post_at
        where forum.id = wrong.id;
        repaired := repaired + 1;
      end if;
    end loop;
  end loop;

  perform from forums.posts as post where post.id = any (p_post_ids) order by post.id for no key update;
  for wrong in
    select counted.*
    from (
      select
        post.id, post.upvote_count, post.downvote_count, post.comment_count, post.last_comment_id,
        coalesce(origin.upvote_count, 0) + votes.up as true_upvote_count,
        coalesce(origin.downvote_count, 0) + votes.down as true_downvote_count,
        live.amount as true_comment_count,
        newest.id as true_last_comment_id,
        newest.inserted_at as true_last_comment_at,
        greatest(post.inserted_at, newest.inserted_at) as true_last_activity_at
      from forums.posts as post
      left join forums.imported_posts as origin on origin.post_id = post.id
      cross join lateral (
        select
          (count(*) filter (where vote.direction = 1))::integer as up,
          (count(*) filter (where vote.direction = -1))::integer as down
        from forums.post_votes as vote
        where vote.post_id = post.id
      ) as votes
      cross join lateral (
        select count(*)::integer as amount
        from forums.comments as comment
        where comment.post_id = post.id and comment.deleted_at is null
      ) as live
      left join lateral (
        select comment.id, comment.inserted_at
        from forums.comments as comment
        where comment.post_id = post.id and comment.deleted_at is null
        order by comment.id desc
        limit 1
      ) as newest on true
      where post.id = any (p_post_ids)
    ) as counted
    where (counted.upvote_count, counted.downvote_count, counted.comment_count)
      <> (counted.true_upvote_count, counted.true_downvote_count, counted.true_comment_count)
      or counted.last_comment_id is distinct from counted.true_last_comment_id
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    select 'forums.posts.' || found_wrong.name, jsonb_build_object('id', wrong.id), found_wrong.cached, found_wrong.counted
    from (
      values
        ('upvote_count', wrong.upvote_count, wrong.true_upvote_count),
        ('downvote_count', wrong.downvote_count, wrong.true_downvote_count),
        ('comment_count', wrong.comment_count, wrong.true_comment_count)
    ) as found_wrong (name, cached, counted)
    where found_wrong.cached <> found_wrong.counted;
    update forums.posts as post
    set upvote_count = wrong.true_upvote_count,
        downvote_count = wrong.true_downvote_count,
        score = wrong.true_upvote_count - wrong.true_downvote_count,
        comment_count = wrong.true_comment_count,
        last_comment_id = wrong.true_last_comment_id,
        last_comment_at = wrong.true_last_comment_at,
        last_activity_at = wrong.true_last_activity_at
    where post.id = wrong.id;
    repaired := repaired + 1;
  end loop;

  perform
  from forums.comments as comment
  where comment.post_id = any (p_post_ids)
  order by comment.id
  for no key update;
  for wrong in
    select counted.*
    from (
      select
        comment.id, comment.upvote_count, comment.downvote_count, comment.reply_count,
        votes.up as true_upvote_count,
        votes.down as true_downvote_count,
        (
          select count(*)::integer
          from forums.comments as reply
          where reply.post_id = comment.post_id and reply.parent_id = comment.id and reply.deleted_at is null
        ) as true_reply_count
      from forums.comments as comment
      cross join lateral (
        select
          (count(*) filter (where vote.direction = 1))::integer as up,
          (count(*) filter (where vote.direction = -1))::integer as down
        from forums.comment_votes as vote
        where vote.comment_id = comment.id
      ) as votes
      where comment.post_id = any (p_post_ids)
    ) as counted
    where (counted.upvote_count, counted.downvote_count, counted.reply_count)
      <> (counted.true_upvote_count, counted.true_downvote_count, counted.true_reply_count)
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    select 'forums.comments.' || found_wrong.name, jsonb_build_object('id', wrong.id), found_wrong.cached, found_wrong.counted
    from (
      values
        ('upvote_count', wrong.upvote_count, wrong.true_upvote_count),
        ('downvote_count', wrong.downvote_count, wrong.true_downvote_count),
        ('reply_count', wrong.reply_count, wrong.true_reply_count)
    ) as found_wrong (name, cached, counted)
    where found_wrong.cached <> found_wrong.counted;
    update forums.comments as comment
    set upvote_count = wrong.true_upvote_count,
        downvote_count = wrong.true_downvote_count,
        score = wrong.true_upvote_count - wrong.true_downvote_count,
        reply_count = wrong.true_reply_count
    where comment.id = wrong.id;
    repaired := repaired + 1;
  end loop;

  perform from forums.polls as poll where poll.post_id = any (p_post_ids) order by poll.post_id for no key update;
  perform
  from forums.poll_options as option
  where option.post_id = any (p_post_ids)
  order by option.post_id, option.position
  for no key update;
  for wrong in
    select option.post_id, option.position, option.vote_count, ballots.amount as true_vote_count
    from forums.poll_options as option
    cross join lateral (
      select count(*)::integer as amount
      from forums.poll_votes as vote
      where vote.post_id = option.post_id and vote.position = option.position
    ) as ballots
    where option.post_id = any (p_post_ids)
      and option.vote_count <> ballots.amount
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    values (
      'forums.poll_options.vote_count',
      jsonb_build_object('post_id', wrong.post_id, 'position', wrong.position),
      wrong.vote_count,
      wrong.true_vote_count
    );
    update forums.poll_options as option
    set vote_count = wrong.true_vote_count
    where option.post_id = wrong.post_id
      and option.position = wrong.position;
    repaired := repaired + 1;
  end loop;
  return repaired;
end
$$;

comment on function forums.repair_counters(uuid[]) is
  'For the worker: recounts everything that is cached about these posts, their comments, options and forums, corrects what is wrong, writes each difference to ops.counter_repairs and returns how many rows it corrected. The votes of an imported post are counted on top of its recorded origin. Locks the forums and posts for the time of the count: call it with some hundred posts at a time.';

revoke all on function forums.repair_counters(uuid[]) from public;
grant execute on function forums.repair_counters(uuid[]) to stoa_worker;
