import { beforeAll, describe, expect, it } from 'vitest';
import { type Comment, type Forum, type Person, type Post, type Scene, scene } from './scene.ts';

/** Everything here ends in the same question: are all counters what a recount gives, and did nobody deadlock? */
let world: Scene;
let people: Person[];
let forum: Forum;
let posts: Post[];
beforeAll(async () => {
  world = await scene();
  people = [];
  for (let index = 0; index < 8; index += 1) people.push(await world.person());
  forum = await world.forum(first(people), 'rush-hour');
  posts = [];
  for (let index = 0; index < 4; index += 1)
    posts.push(await world.post(first(people), forum, `Post ${index}`));
});

function first<Item>(items: readonly Item[]): Item {
  const [item] = items;
  if (item === undefined) throw new Error('nothing there');
  return item;
}

/** The same sequence in every run (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function pick<Item>(items: readonly Item[], chance: number): Item {
  const item = items[Math.floor(chance * items.length)];
  if (item === undefined) throw new Error('nothing there');
  return item;
}

describe('many people at once', () => {
  it('vote, turn and withdraw on few posts, and the scores are those of the votes', async () => {
    await Promise.all(
      people.map(async (person, index) => {
        const chance = random(index + 1);
        for (let step = 0; step < 25; step += 1) {
          await person.call('vote_post', {
            post_id: pick(posts, chance()).id,
            direction: Math.floor(chance() * 3) - 1,
          });
        }
      }),
    );
    expect(await world.drift()).toEqual([]);
    const { rows } = await world.db.query(
      `select count(*)::int as wrong from forums.posts as post
       where score <> (select coalesce(sum(direction), 0) from forums.post_votes where post_id = post.id)`,
    );
    expect(rows).toEqual([{ wrong: 0 }]);
  });

  it('vote on several posts in one statement each, in any order, without deadlock', async () => {
    await world.db.query('delete from forums.post_votes');
    const everywhere = (text: string, seed: number) =>
      Promise.all(
        people.map((person, index) => {
          const chance = random(seed + index);
          const shuffled = [...posts].sort(() => chance() - 0.5).map((post) => post.id);
          return world.db.query(text, [shuffled, person.id]);
        }),
      );
    await everywhere(
      'insert into forums.post_votes (post_id, user_id, direction) select post_id, $2, 1 from unnest($1::uuid[]) as post_id',
      100,
    );
    await everywhere(
      'update forums.post_votes set direction = -1 where post_id = any ($1) and user_id = $2',
      110,
    );
    expect(await world.postNow(pick(posts, 0).id)).toMatchObject({ score: -people.length });
    await everywhere('delete from forums.post_votes where post_id = any ($1) and user_id = $2', 120);
    expect(await world.drift()).toEqual([]);
  });

  it('comment, answer, delete, restore and vote on one post', async () => {
    const post = pick(posts, 0);
    const root = await world.comment(first(people), post);
    await Promise.all(
      people.map(async (person, index) => {
        const chance = random(200 + index);
        const mine: Comment[] = [];
        for (let step = 0; step < 10; step += 1) {
          const parent = chance() < 0.5 ? root : mine.find(() => chance() < 0.5);
          mine.push(await world.comment(person, post, parent?.deleted_at ? undefined : parent));
          await person.call('vote_comment', { comment_id: root.id, direction: Math.floor(chance() * 3) - 1 });
          if (step === 4) {
            const last = mine.pop();
            await person.call('delete_comment', { comment_id: last?.id });
            if (chance() < 0.5) await person.call('restore_comment', { comment_id: last?.id });
          }
        }
      }),
    );
    expect(await world.drift()).toEqual([]);
    const { rows } = await world.db.query<{ id: string }>(
      'select id from forums.comments where post_id = $1 and deleted_at is null order by id desc limit 1',
      [post.id],
    );
    expect(await world.postNow(post.id)).toMatchObject({ last_comment_id: first(rows).id });
  });

  it('post, delete and restore in one forum, while it is pinned, locked and subscribed to', async () => {
    const host = first(people);
    await Promise.all([
      ...people.map(async (person, index) => {
        const post = await world.post(person, forum, `Rush ${index}`);
        await person.call('delete_post', { post_id: post.id });
        if (index % 2 === 0) await person.call('restore_post', { post_id: post.id });
        await person.call('subscribe', { forum_id: forum.id });
        if (index % 3 === 0) await person.call('unsubscribe', { forum_id: forum.id });
      }),
      (async () => {
        for (const post of posts) {
          await host.call('pin_post', { post_id: post.id });
          await host.call('lock_post', { post_id: post.id });
          await host.call('unlock_post', { post_id: post.id });
          await host.call('unpin_post', { post_id: post.id });
        }
      })(),
    ]);
    expect(await world.drift()).toEqual([]);
    const { rows } = await world.db.query<{ id: string }>(
      'select id from forums.posts where forum_id = $1 and deleted_at is null order by id desc limit 1',
      [forum.id],
    );
    expect(await world.forumNow(forum.id)).toMatchObject({ last_post_id: first(rows).id });
  });

  it('cast ballots, also one person twice, and each has one choice', async () => {
    const poll = await first(people).call<Post>('create_post', {
      forum_id: forum.id,
      title: 'Rush?',
      type: 'poll',
      poll_options: ['yes', 'no', 'later'],
    });
    await Promise.all(
      people.flatMap((person, index) =>
        [0, 1, 2].map((turn) =>
          person.list('vote_poll', { post_id: poll.id, positions: [(index + turn) % 3] }),
        ),
      ),
    );
    const { rows } = await world.db.query(
      'select count(*)::int as ballots, count(distinct user_id)::int as voters from forums.poll_votes where post_id = $1',
      [poll.id],
    );
    expect(rows).toEqual([{ ballots: people.length, voters: people.length }]);
    expect(await world.drift()).toEqual([]);
  });

  it('vote while posts are purged', async () => {
    const doomed = await Promise.all(
      people.map((person, index) => world.post(person, forum, `Doomed ${index}`)),
    );
    for (const person of people) {
      for (const post of doomed.slice(0, 3))
        await person.call('vote_post', { post_id: post.id, direction: 1 });
    }
    const outcomes = await Promise.allSettled([
      world.db.query('delete from forums.posts where id = any ($1)', [doomed.map((post) => post.id)]),
      ...people.map((person, index) =>
        person.call('vote_post', { post_id: pick(doomed, index / people.length).id, direction: -1 }),
      ),
    ]);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ detail: 'post.unknown' });
    }
    expect(await world.drift()).toEqual([]);
  });

  it('read while views are folded in by two workers, and each view counts once', async () => {
    const post = pick(posts, 0.5);
    const before = (await world.postNow(post.id))['view_count'];
    await Promise.all([
      ...people.flatMap((person) => [1, 2, 3].map(() => person.call('record_view', { post_id: post.id }))),
      world.db.query('select forums.flush_views()'),
      world.db.query('select forums.flush_views()'),
    ]);
    await world.db.query('select forums.flush_views()');
    expect((await world.postNow(post.id))['view_count']).toBe(before + people.length * 3);
  });
});
