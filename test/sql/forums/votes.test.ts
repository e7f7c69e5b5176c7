import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { type Comment, type Forum, type Person, type Post, type Scene, scene } from './scene.ts';

let world: Scene;
let owner: Person;
let voter: Person;
let forum: Forum;
let post: Post;
let comment: Comment;
beforeAll(async () => {
  world = await scene();
  [owner, voter] = [await world.person(), await world.person()];
  forum = await world.forum(owner, 'ballots');
  post = await world.post(owner, forum);
  comment = await world.comment(owner, post);
});

describe('a vote', () => {
  it('on a post is cast, repeated, turned and withdrawn', async () => {
    const vote = (direction: number) => voter.call('vote_post', { post_id: post.id, direction });
    expect(await vote(1)).toEqual({ score: 2, mine: 1 });
    expect(await vote(1)).toEqual({ score: 2, mine: 1 });
    const up = await world.postNow(post.id);
    expect(await vote(-1)).toEqual({ score: 0, mine: -1 });
    expect(await world.postNow(post.id)).toMatchObject({ upvote_count: 1, downvote_count: 1, hot_rank: 0 });
    expect(await vote(0)).toEqual({ score: 1, mine: 0 });
    expect(await vote(0)).toEqual({ score: 1, mine: 0 });
    expect(up.hot_rank).toBeGreaterThan((await world.postNow(post.id)).hot_rank);
    expect(await world.drift()).toEqual([]);
  });

  it('on a comment is cast, repeated, turned and withdrawn', async () => {
    const vote = (direction: number) => voter.call('vote_comment', { comment_id: comment.id, direction });
    expect(await vote(-1)).toEqual({ score: -1, mine: -1 });
    expect(await vote(-1)).toEqual({ score: -1, mine: -1 });
    expect(await vote(1)).toEqual({ score: 1, mine: 1 });
    expect(await vote(0)).toEqual({ score: 0, mine: 0 });
    expect(await world.drift()).toEqual([]);
  });

  it('is 1, -1 or 0, on something that is there', async () => {
    for (const direction of [2, -2, null]) {
      expect(await reasonOf(voter.call('vote_post', { post_id: post.id, direction }))).toBe(
        'vote.direction_invalid',
      );
      expect(await reasonOf(voter.call('vote_comment', { comment_id: comment.id, direction }))).toBe(
        'vote.direction_invalid',
      );
    }
    expect(await reasonOf(voter.call('vote_post', { post_id: forum.id, direction: 1 }))).toBe('post.unknown');
    expect(await reasonOf(voter.call('vote_comment', { comment_id: forum.id, direction: 1 }))).toBe(
      'comment.unknown',
    );
  });

  it('does not make the post look changed', async () => {
    const before = await world.postNow(post.id);
    await voter.call('vote_post', { post_id: post.id, direction: 1 });
    expect((await world.postNow(post.id)).updated_at).toEqual(before.updated_at);
  });

  it('is counted right when many are written in one statement', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, () => world.person()));
    const posts = await Promise.all(
      Array.from({ length: 3 }, (_, index) => world.post(owner, forum, `Bulk ${index}`)),
    );
    const insert = `insert into forums.post_votes (post_id, user_id, direction)
      select post_id, user_id, case when user_id = $3 then -1 else 1 end
      from unnest($1::uuid[]) as post_id, unnest($2::uuid[]) as user_id`;
    const [first] = people;
    await world.db.query(insert, [posts.map((one) => one.id), people.map((one) => one.id), first?.id]);
    expect(await world.postNow(posts[0]?.id ?? '')).toMatchObject({
      score: 5,
      upvote_count: 6,
      downvote_count: 1,
    });
    await world.db.query('update forums.post_votes set direction = -direction where user_id = any ($1)', [
      people.map((one) => one.id),
    ]);
    expect(await world.postNow(posts[1]?.id ?? '')).toMatchObject({
      score: -3,
      upvote_count: 2,
      downvote_count: 5,
    });
    await world.db.query('delete from forums.post_votes where user_id = any ($1)', [
      people.map((one) => one.id),
    ]);
    expect(await world.postNow(posts[2]?.id ?? '')).toMatchObject({
      score: 1,
      upvote_count: 1,
      downvote_count: 0,
    });

    await world.db.query(
      'insert into forums.comment_votes (comment_id, user_id, direction) select $1, user_id, 1 from unnest($2::uuid[]) as user_id',
      [comment.id, people.map((one) => one.id)],
    );
    await world.db.query('update forums.comment_votes set direction = -1 where user_id = $1', [first?.id]);
    expect(await world.commentNow(comment.id)).toMatchObject({ score: 4 });
    await world.db.query('delete from forums.comment_votes where user_id = any ($1)', [
      people.map((one) => one.id),
    ]);
    expect(await world.commentNow(comment.id)).toMatchObject({ score: 0 });
    expect(await world.drift()).toEqual([]);
  });
});

describe('a poll', () => {
  const poll = (more: Record<string, unknown> = {}) =>
    owner.call<Post>('create_post', {
      forum_id: forum.id,
      title: 'Which?',
      type: 'poll',
      poll_options: ['red', 'green', 'blue'],
      ...more,
    });
  const counts = async (ballot: Promise<{ vote_count?: number }[]>): Promise<(number | undefined)[]> =>
    (await ballot).map((option) => option.vote_count);
  const ballot = (person: Person, on: Post, positions: number[]) =>
    person.list<{ vote_count: number }>('vote_poll', { post_id: on.id, positions });

  it('takes one choice a person and replaces it', async () => {
    const here = await poll();
    expect(await counts(ballot(voter, here, [1]))).toEqual([0, 1, 0]);
    expect(await counts(ballot(voter, here, [2]))).toEqual([0, 0, 1]);
    expect(await counts(ballot(owner, here, [2]))).toEqual([0, 0, 2]);
    expect(await counts(ballot(voter, here, []))).toEqual([0, 0, 1]);
  });

  it('takes several choices where it says so', async () => {
    const here = await poll({ poll_multiple_choice: true });
    expect(await counts(ballot(voter, here, [0, 2]))).toEqual([1, 0, 1]);
    expect(await counts(ballot(voter, here, [2, 1]))).toEqual([0, 1, 1]);
  });

  it('refuses what it does not offer, and ballots after its end', async () => {
    const here = await poll({ poll_closes_at: new Date(Date.now() + 3_600_000) });
    for (const positions of [[3], [-1], [0, 1], [0, 0]]) {
      expect(await reasonOf(ballot(voter, here, positions))).toBe('poll.choice_invalid');
    }
    expect(await reasonOf(ballot(voter, await poll({ poll_multiple_choice: true }), [0, 0]))).toBe(
      'poll.choice_invalid',
    );
    expect(await reasonOf(ballot(voter, post, [0]))).toBe('poll.unknown');
    await world.db.query(
      `update forums.polls set closes_at = now() - interval '1 second' where post_id = $1`,
      [here.id],
    );
    expect(await reasonOf(ballot(voter, here, [0]))).toBe('poll.closed');
  });
});

describe('the repair of counters', () => {
  it('counts votes on top of the recorded origin of an imported post', async () => {
    const { rows } = await world.db.query<{ id: string }>(
      `with imported as (
         insert into forums.posts (forum_id, title, upvote_count, downvote_count, score)
         values ($1, 'From elsewhere', 50, 8, 42)
         returning id
       )
       insert into forums.imported_posts (post_id, source, external_id, upvote_count, downvote_count)
       select id, 'elsewhere', 'x1', 50, 8 from imported
       returning post_id as id`,
      [forum.id],
    );
    const id = rows[0]?.id ?? '';
    await voter.call('vote_post', { post_id: id, direction: 1 });
    expect(await world.postNow(id)).toMatchObject({ score: 43, upvote_count: 51 });
    expect(await world.drift()).toEqual([]);
    await world.db.query(
      'update forums.posts set upvote_count = 1, downvote_count = 0, score = 1 where id = $1',
      [id],
    );
    expect(await world.drift()).toEqual([
      { counter: 'forums.posts.upvote_count', row_key: { id }, cached_value: '1', true_value: '51' },
      { counter: 'forums.posts.downvote_count', row_key: { id }, cached_value: '0', true_value: '8' },
    ]);
    expect(await world.postNow(id)).toMatchObject({ score: 43, upvote_count: 51, downvote_count: 8 });
  });

  it('finds every other counter that is wrong, and mends it', async () => {
    const place = await world.forum(await world.person(), 'drifting');
    const here = await world.post(owner, place);
    const root = await world.comment(owner, here);
    const leaf = await world.comment(voter, here, root);
    const asked = await world.post(owner, place, 'Poll', { type: 'poll', poll_options: ['a', 'b'] });
    await voter.list('vote_poll', { post_id: asked.id, positions: [1] });
    const whole = async () => [
      await world.forumNow(place.id),
      await world.postNow(here.id),
      await world.commentNow(root.id),
      (
        await world.db.query('select * from forums.poll_options where post_id = $1 order by position', [
          asked.id,
        ])
      ).rows,
    ];
    const right = await whole();
    await world.db.query(
      `update forums.forums set post_count = 9, subscriber_count = 9, last_post_id = null where id = $1`,
      [place.id],
    );
    await world.db.query(`update forums.posts set comment_count = 9, last_comment_id = $2 where id = $1`, [
      here.id,
      root.id,
    ]);
    await world.db.query(
      `update forums.comments set reply_count = 9, upvote_count = 9, score = 9 where id = $1`,
      [root.id],
    );
    await world.db.query(`update forums.poll_options set vote_count = 9 where post_id = $1`, [asked.id]);
    const found = (await world.drift()) as { counter: string }[];
    expect(found.map((row) => row.counter).sort()).toEqual([
      'forums.comments.reply_count',
      'forums.comments.upvote_count',
      'forums.forums.post_count',
      'forums.forums.subscriber_count',
      'forums.poll_options.vote_count',
      'forums.poll_options.vote_count',
      'forums.posts.comment_count',
    ]);
    expect(await whole()).toEqual(right);
    expect(leaf.parent_id).toBe(root.id);
  });

  it('looks at what changed lately and at a sample of the rest', async () => {
    const { rows } = await world.db.query<{ id: string }>(
      `select forums.posts_due_for_repair(now() - interval '1 hour', 5) as id`,
    );
    expect(rows.map((row) => row.id)).toContain(post.id);
  });
});
