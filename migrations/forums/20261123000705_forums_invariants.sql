-- Why: registers what must hold about the tables of this module, for "stoa doctor invariants".
-- Locks: none. Back: deletes the rows of this module.

-- Up Migration

insert into ops.invariants (name, module, description, query) values
  (
    'forums.forums.post_count',
    'forums',
    'A forum counts its live posts.',
    $query$
      select forum.id::text as subject, coalesce(counted.amount, 0)::text as expected, forum.post_count::text as found
      from forums.forums as forum
      left join (
        select post.forum_id, count(*) as amount
        from forums.posts as post
        where post.deleted_at is null
        group by post.forum_id
      ) as counted on counted.forum_id = forum.id
      where forum.post_count <> coalesce(counted.amount, 0)
    $query$
  ),
  (
    'forums.forums.subscriber_count',
    'forums',
    'A forum counts its subscribers.',
    $query$
      select
        forum.id::text as subject,
        coalesce(counted.amount, 0)::text as expected,
        forum.subscriber_count::text as found
      from forums.forums as forum
      left join (
        select subscription.forum_id, count(*) as amount
        from forums.subscriptions as subscription
        group by subscription.forum_id
      ) as counted on counted.forum_id = forum.id
      where forum.subscriber_count <> coalesce(counted.amount, 0)
    $query$
  ),
  (
    'forums.forums.last_post',
    'forums',
    'A forum names its newest live post and when it was made.',
    $query$
      select
        forum.id::text as subject,
        coalesce(newest.id || ' of ' || newest.inserted_at, 'none') as expected,
        coalesce(forum.last_post_id || ' of ' || forum.last_post_at, 'none') as found
      from forums.forums as forum
      left join lateral (
        select post.id, post.inserted_at
        from forums.posts as post
        where post.forum_id = forum.id and post.deleted_at is null
        order by post.id desc
        limit 1
      ) as newest on true
      where forum.last_post_id is distinct from newest.id
        or forum.last_post_at is distinct from newest.inserted_at
    $query$
  ),
  (
    'forums.posts.votes',
    'forums',
    'A post counts the votes on it, on top of those that it brought when it was imported.',
    $query$
      select
        post.id::text as subject,
        '+' || coalesce(origin.upvote_count, 0) + coalesce(counted.up, 0)
          || ' -' || coalesce(origin.downvote_count, 0) + coalesce(counted.down, 0) as expected,
        '+' || post.upvote_count || ' -' || post.downvote_count as found
      from forums.posts as post
      left join forums.imported_posts as origin on origin.post_id = post.id
      left join (
        select
          vote.post_id,
          count(*) filter (where vote.direction = 1) as up,
          count(*) filter (where vote.direction = -1) as down
        from forums.post_votes as vote
        group by vote.post_id
      ) as counted on counted.post_id = post.id
      where post.upvote_count <> coalesce(origin.upvote_count, 0) + coalesce(counted.up, 0)
        or post.downvote_count <> coalesce(origin.downvote_count, 0) + coalesce(counted.down, 0)
    $query$
  ),
  (
    'forums.posts.comment_count',
    'forums',
    'A post counts its live comments.',
    $query$
      select post.id::text as subject, coalesce(counted.amount, 0)::text as expected, post.comment_count::text as found
      from forums.posts as post
      left join (
        select comment.post_id, count(*) as amount
        from forums.comments as comment
        where comment.deleted_at is null
        group by comment.post_id
      ) as counted on counted.post_id = post.id
      where post.comment_count <> coalesce(counted.amount, 0)
    $query$
  ),
  (
    'forums.posts.last_activity',
    'forums',
    'A post names its newest live comment, and its last activity is that comment or, without one, the post itself.',
    $query$
      select
        post.id::text as subject,
        concat_ws(' ', newest.id, newest.inserted_at, greatest(post.inserted_at, newest.inserted_at)) as expected,
        concat_ws(' ', post.last_comment_id, post.last_comment_at, post.last_activity_at) as found
      from forums.posts as post
      left join (
        select distinct on (comment.post_id) comment.post_id, comment.id, comment.inserted_at
        from forums.comments as comment
        where comment.deleted_at is null
        order by comment.post_id, comment.id desc
      ) as newest on newest.post_id = post.id
      where post.last_comment_id is distinct from newest.id
        or post.last_comment_at is distinct from newest.inserted_at
        or post.last_activity_at <> greatest(post.inserted_at, newest.inserted_at)
    $query$
  ),
  (
    'forums.polls.choices',
    'forums',
    'A poll post has a poll, with two choices or more, and no other post has one.',
    $query$
      select
        post.id::text as subject,
        case post.type when 'poll' then 'a poll with choices' else 'no poll' end as expected,
        case when poll.post_id is null then 'no poll' else coalesce(choices.amount, 0) || ' choices' end as found
      from forums.posts as post
      left join forums.polls as poll on poll.post_id = post.id
      left join (
        select choice.post_id, count(*) as amount from forums.poll_options as choice group by choice.post_id
      ) as choices on choices.post_id = post.id
      where (post.type = 'poll' and coalesce(choices.amount, 0) < 2)
        or (post.type <> 'poll' and poll.post_id is not null)
    $query$
  ),
  (
    'forums.poll_options.vote_count',
    'forums',
    'A choice of a poll counts its ballots.',
    $query$
      select
        choice.post_id || ' choice ' || choice.position as subject,
        coalesce(counted.amount, 0)::text as expected,
        choice.vote_count::text as found
      from forums.poll_options as choice
      left join (
        select ballot.post_id, ballot.position, count(*) as amount
        from forums.poll_votes as ballot
        group by ballot.post_id, ballot.position
      ) as counted on counted.post_id = choice.post_id and counted.position = choice.position
      where choice.vote_count <> coalesce(counted.amount, 0)
    $query$
  ),
  (
    'forums.poll_votes.single_choice',
    'forums',
    'In a poll with one answer nobody has two.',
    $query$
      select
        ballot.post_id || ' by ' || ballot.user_id as subject,
        '1 ballot' as expected,
        count(*) || ' ballots' as found
      from forums.poll_votes as ballot
      join forums.polls as poll on poll.post_id = ballot.post_id and not poll.multiple_choice
      group by ballot.post_id, ballot.user_id
      having count(*) > 1
    $query$
  ),
  (
    'forums.comments.votes',
    'forums',
    'A comment counts the votes on it.',
    $query$
      select
        comment.id::text as subject,
        '+' || coalesce(counted.up, 0) || ' -' || coalesce(counted.down, 0) as expected,
        '+' || comment.upvote_count || ' -' || comment.downvote_count as found
      from forums.comments as comment
      left join (
        select
          vote.comment_id,
          count(*) filter (where vote.direction = 1) as up,
          count(*) filter (where vote.direction = -1) as down
        from forums.comment_votes as vote
        group by vote.comment_id
      ) as counted on counted.comment_id = comment.id
      where comment.upvote_count <> coalesce(counted.up, 0)
        or comment.downvote_count <> coalesce(counted.down, 0)
    $query$
  ),
  (
    'forums.comments.reply_count',
    'forums',
    'A comment counts its live direct replies.',
    $query$
      select
        comment.id::text as subject,
        coalesce(counted.amount, 0)::text as expected,
        comment.reply_count::text as found
      from forums.comments as comment
      left join (
        select reply.parent_id, count(*) as amount
        from forums.comments as reply
        where reply.parent_id is not null and reply.deleted_at is null
        group by reply.parent_id
      ) as counted on counted.parent_id = comment.id
      where comment.reply_count <> coalesce(counted.amount, 0)
    $query$
  ),
  (
    'forums.comments.path',
    'forums',
    'The path of a comment is that of the comment it answers, and itself: reading order rests on it.',
    $query$
      select
        comment.id::text as subject,
        array_to_string(parent.path || comment.id, ' ') as expected,
        array_to_string(comment.path, ' ') as found
      from forums.comments as comment
      left join forums.comments as parent on parent.post_id = comment.post_id and parent.id = comment.parent_id
      where comment.path <> parent.path || comment.id
        or (comment.parent_id is null and comment.path <> array[comment.id])
    $query$
  ),
  (
    'forums.removed_texts.tombstone',
    'forums',
    'A text that was put aside belongs to a comment that is deleted.',
    $query$
      select removed.comment_id::text as subject, 'a deleted comment' as expected, 'a live one' as found
      from forums.removed_texts as removed
      join forums.comments as comment on comment.id = removed.comment_id
      where comment.deleted_at is null
    $query$
  ),
  (
    'forums.post_attachments.upload',
    'forums',
    'A picture that hangs on a post is marked as in use, so that it is not removed as an orphan.',
    $query$
      select upload.id::text as subject, 'marked as attached' as expected, 'not marked' as found
      from forums.post_attachments as attachment
      join media.uploads as upload on upload.id = attachment.upload_id
      where upload.attached_at is null
    $query$
  );

-- Down Migration

delete from ops.invariants where module = 'forums';
