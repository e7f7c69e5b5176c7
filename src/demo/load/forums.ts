import { inParts, type LoadModule, share, sizeByRank } from './step.ts';

/** Forums in which few posts get most of the votes and answers. Answers come in trees of four, three deep. */
export const forums: LoadModule = {
  schemas: ['forums'],
  bulk: [
    'forums.subscriptions',
    'forums.posts',
    'forums.post_votes',
    'forums.comments',
    'forums.comment_votes',
  ],
  steps: (plan) => {
    const { members, nowMs, seed } = plan;
    const boards = share(plan, 100, 6);
    const posts = share(plan, 60_000, 120);
    const comments = posts * 4;
    const votes = posts * 7;
    const subscriptions = Math.min(members * 3, boards * Math.floor(members / 2));
    const half = Math.floor(members / 2);
    const forum = 'pg_temp.id_at(board.start_ms, board.f, 60)';
    const commentMs = (place: string): string => `(post.at_ms + ${place} * post.gap_ms)`;
    const commentId = (place: string): string =>
      `pg_temp.id_at(${commentMs(place)}, post.p * 100003 + ${place}, 66)`;
    return [
      {
        name: 'posts drawn',
        isHidden: true,
        statements: [
          `create temporary table load_boards on commit drop as
           select
             rank - 1 as f, ${nowMs - 95 * 86_400_000} + rank as start_ms,
             least(${sizeByRank(subscriptions, boards)}, ${Math.floor(members * 0.9)}) as subscribers,
             ${sizeByRank(posts, boards)} as posts
           from generate_series(1::bigint, ${boards}) as rank`,
          `create temporary table load_posts on commit drop as
           select
             drawn.*, pg_temp.id_at(drawn.at_ms, drawn.p, 61) as id,
             drawn.ups + drawn.downs as voters,
             greatest(1, (least(${nowMs} - 1000 - drawn.at_ms, 3 * 86400000) / (drawn.comments + 1)))::bigint as gap_ms
           from (
             select
               ranked.p, board.f, pg_temp.id_at(board.start_ms, board.f, 60) as forum_id,
               ${nowMs} - 60000 - floor(power(pg_temp.chance(ranked.p, 62), 1.5) * 90 * 86400000)::bigint as at_ms,
               ranked.comments,
               ranked.voters - floor(ranked.voters * 0.4 * pg_temp.chance(ranked.p, 63))::integer as ups,
               floor(ranked.voters * 0.4 * pg_temp.chance(ranked.p, 63))::integer as downs
             from (
               select
                 numbered.p,
                 least(${sizeByRank(comments, posts)} - 1, 5000) as comments,
                 least(${sizeByRank(votes, posts)}, ${half}) as voters
               from (
                 select p, row_number() over (order by pg_temp.dice(p, 64)) as rank
                 from generate_series(0::bigint, ${posts - 1}) as p
               ) as numbered
             ) as ranked
             join (
               select f, start_ms, sum(posts) over (order by f) - posts as first, sum(posts) over (order by f) as below
               from load_boards
             ) as board on ranked.p >= board.first and ranked.p < board.below
           ) as drawn
           order by at_ms`,
          'analyze load_boards',
          'analyze load_posts',
        ],
      },
      {
        name: 'forums',
        statements: [
          `insert into forums.forums
             (id, name, slug, description, owner_id, position, subscriber_count, post_count, last_post_id, last_post_at, inserted_at, updated_at)
           select
             ${forum}, 'Forum ' || board.f, 'load-${seed}-' || board.f, pg_temp.words(board.f, 65),
             pg_temp.person(board.f * 499), board.f, board.subscribers, counted.amount, newest.id,
             pg_temp.moment(newest.at_ms), pg_temp.moment(board.start_ms), pg_temp.moment(board.start_ms)
           from load_boards as board
           cross join lateral (
             select count(*)::integer as amount from load_posts as post where post.f = board.f
           ) as counted
           left join lateral (
             select post.id, post.at_ms from load_posts as post where post.f = board.f order by post.id desc limit 1
           ) as newest on true`,
        ],
      },
      {
        name: 'subscriptions',
        statements: [
          `insert into forums.subscriptions (user_id, forum_id, inserted_at)
           select pg_temp.person(board.f * 499 + seat), ${forum}, pg_temp.moment(board.start_ms + seat)
           from load_boards as board
           cross join lateral generate_series(0, board.subscribers - 1) as seat
           order by 1, 2`,
        ],
      },
      {
        name: 'posts',
        statements: inParts(
          posts,
          6,
          (from, below) => `
            insert into forums.posts
              (id, forum_id, author_id, title, content, score, upvote_count, downvote_count, comment_count, view_count,
               last_comment_id, last_comment_at, last_activity_at, inserted_at, updated_at)
            select
              post.id, post.forum_id, pg_temp.person(pg_temp.dice(post.p, 67)), pg_temp.words(post.p, 68),
              concat_ws(' ', pg_temp.words(post.p, 69), pg_temp.words(post.p, 70), pg_temp.words(post.p, 71)),
              post.ups - post.downs, post.ups, post.downs, post.comments, post.voters * 12,
              case when post.comments > 0 then ${commentId('post.comments')} end,
              case when post.comments > 0 then pg_temp.moment(${commentMs('post.comments')}) end,
              pg_temp.moment(${commentMs('post.comments')}), pg_temp.moment(post.at_ms), pg_temp.moment(post.at_ms)
            from load_posts as post
            where post.p >= ${from} and post.p < ${below}
            order by post.id`,
        ),
      },
      {
        name: 'votes on posts',
        statements: inParts(
          posts,
          4,
          (from, below) => `
            insert into forums.post_votes (post_id, user_id, direction, inserted_at, updated_at)
            select
              post.id, pg_temp.person(pg_temp.dice(post.p, 72) % ${members} + seat),
              case when seat <= post.ups then 1 else -1 end,
              pg_temp.moment(post.at_ms + seat), pg_temp.moment(post.at_ms + seat)
            from load_posts as post
            cross join lateral generate_series(1, post.voters) as seat
            where post.p >= ${from} and post.p < ${below}
            order by post.id`,
        ),
      },
      {
        name: 'comments',
        statements: inParts(
          posts,
          6,
          (from, below) => `
            insert into forums.comments
              (id, post_id, author_id, parent_id, depth, path, content, score, upvote_count, reply_count, inserted_at, updated_at)
            select
              ${commentId('place')}, post.id, pg_temp.person(pg_temp.dice(post.p * 100003 + place, 73)),
              case place % 4
                when 2 then ${commentId('(place - 1)')}
                when 3 then ${commentId('(place - 1)')}
                when 0 then ${commentId('(place - 3)')}
              end,
              case place % 4 when 1 then 0 when 3 then 2 else 1 end,
              case place % 4
                when 1 then array[${commentId('place')}]
                when 2 then array[${commentId('(place - 1)')}, ${commentId('place')}]
                when 3 then array[${commentId('(place - 2)')}, ${commentId('(place - 1)')}, ${commentId('place')}]
                else array[${commentId('(place - 3)')}, ${commentId('place')}]
              end,
              pg_temp.words(post.p * 100003 + place, 74), liked.amount, liked.amount,
              case place % 4
                when 1 then (place + 1 <= post.comments)::integer + (place + 3 <= post.comments)::integer
                when 2 then (place + 1 <= post.comments)::integer
                else 0
              end,
              pg_temp.moment(${commentMs('place')}), pg_temp.moment(${commentMs('place')})
            from load_posts as post
            cross join lateral generate_series(1, post.comments) as place
            cross join lateral (select (pg_temp.dice(post.p * 100003 + place, 75) % 4)::integer as amount) as liked
            where post.p >= ${from} and post.p < ${below}
            order by 1`,
        ),
      },
      {
        name: 'votes on comments',
        statements: inParts(
          posts,
          4,
          (from, below) => `
            insert into forums.comment_votes (comment_id, user_id, direction, inserted_at, updated_at)
            select
              ${commentId('place')}, pg_temp.person(pg_temp.dice(post.p * 100003 + place, 76) % ${members} + seat), 1,
              pg_temp.moment(${commentMs('place')} + seat), pg_temp.moment(${commentMs('place')} + seat)
            from load_posts as post
            cross join lateral generate_series(1, post.comments) as place
            cross join lateral generate_series(1, (pg_temp.dice(post.p * 100003 + place, 75) % 4)::integer) as seat
            where post.p >= ${from} and post.p < ${below}
            order by 1`,
        ),
      },
    ];
  },
};
