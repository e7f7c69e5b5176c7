import { beforeAll, describe, expect, it } from 'vitest';
import { createUser } from '../../harness/index.ts';
import { reasonOf, refusal } from '../refusal.ts';
import { type Forum, type Person, type Post, type Scene, scene } from './scene.ts';

let world: Scene;
let owner: Person;
let author: Person;
let stranger: Person;
let forum: Forum;
beforeAll(async () => {
  world = await scene();
  [owner, author, stranger] = [await world.person(), await world.person(), await world.person()];
  forum = await world.forum(owner, 'posting');
});

async function upload(person: Person, more: Record<string, unknown> = {}): Promise<string> {
  const columns = {
    user_id: person.id,
    filename: 'a.png',
    content_type: 'image/png',
    size_bytes: 1,
    status: 'ready',
    ...more,
  };
  const names = Object.keys(columns);
  const { rows } = await world.db.query<{ id: string }>(
    `insert into media.uploads (storage_path, ${names.join(', ')})
     values (gen_random_uuid()::text, ${names.map((_, index) => `$${index + 1}`).join(', ')}) returning id`,
    Object.values(columns),
  );
  return rows[0]?.id ?? '';
}

async function moderator(permissions: number): Promise<Person> {
  const person = await world.person();
  await owner.call('appoint_moderator', { forum_id: forum.id, user_id: person.id, permissions });
  return person;
}

describe('posting', () => {
  it('starts with the up-vote of its author, in whose hot feed it then stands', async () => {
    const post = await world.post(author, forum, '  Spaces around  ', { content: ' body ' });
    expect(post).toMatchObject({
      title: 'Spaces around',
      content: 'body',
      score: 1,
      upvote_count: 1,
      type: 'text',
    });
    expect(post.hot_rank).toBeGreaterThan(0);
    expect(await world.forumNow(forum.id)).toMatchObject({ last_post_id: post.id });
  });

  it('starts at zero where the forum says so', async () => {
    const quiet = await world.forum(owner, 'quiet');
    await owner.call('update_forum', {
      forum_id: quiet.id,
      patch: JSON.stringify({ auto_upvote_own: false }),
    });
    expect(await world.post(author, quiet)).toMatchObject({ score: 0, hot_rank: 0 });
  });

  it('makes the author follow the post, and queues the news for followers', async () => {
    const post = await world.post(author, forum);
    expect(
      await author.read('select notify from forums.post_subscriptions where post_id = $1', [post.id]),
    ).toEqual([{ notify: true }]);
    const { rows } = await world.db.query(
      `select payload from graphile_worker._private_jobs where payload ->> 'postId' = $1`,
      [post.id],
    );
    expect(rows).toHaveLength(1);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['an empty title', { title: ' \u00a0 ' }, 'input.empty'],
    ['a long title', { title: 'x'.repeat(301) }, 'input.too_long'],
    ['a long body', { content: 'x'.repeat(40_001) }, 'input.too_long'],
    ['an unknown type', { type: 'video' }, 'post.type_mismatch'],
    ['a link post without a link', { type: 'link' }, 'post.type_mismatch'],
    ['a text post with a link', { link_url: 'https://example.org' }, 'post.type_mismatch'],
    ['a link that is no web address', { type: 'link', link_url: 'javascript:alert(1)' }, 'post.link_invalid'],
    ['a link with white space', { type: 'link', link_url: 'https://example.org/a b' }, 'post.link_invalid'],
    ['an image post without pictures', { type: 'image' }, 'post.type_mismatch'],
    ['a poll without options', { type: 'poll' }, 'post.type_mismatch'],
    ['a poll of one option', { type: 'poll', poll_options: ['yes'] }, 'post.poll_invalid'],
    ['a poll of equal options', { type: 'poll', poll_options: ['yes', ' YES '] }, 'post.poll_invalid'],
    [
      'a poll of 21 options',
      { type: 'poll', poll_options: Array.from({ length: 21 }, (_, n) => `${n}`) },
      'post.poll_invalid',
    ],
    [
      'a poll that is over',
      { type: 'poll', poll_options: ['a', 'b'], poll_closes_at: new Date(0) },
      'post.poll_invalid',
    ],
    [
      'a poll of a year',
      { type: 'poll', poll_options: ['a', 'b'], poll_closes_at: new Date(Date.now() + 365 * 86_400_000) },
      'post.poll_invalid',
    ],
    ['an empty option', { type: 'poll', poll_options: ['a', ' '] }, 'input.empty'],
    ['an unknown markup', { content_format: 'html' }, 'input.malformed'],
    ['an unknown section', { category_id: '00000000-0000-7000-8000-000000000000' }, 'category.unknown'],
    ['an unknown label', { flair_id: '00000000-0000-7000-8000-000000000000' }, 'flair.unknown'],
  ])('refuses %s', async (_, more, reason) => {
    const before = await world.forumNow(forum.id);
    expect(
      await reasonOf(author.call('create_post', { forum_id: forum.id, title: 'A title', ...more })),
    ).toBe(reason);
    expect((await world.forumNow(forum.id)).post_count).toBe(before.post_count);
  });

  it('refuses sections and labels of other forums', async () => {
    const host = await world.person();
    const other = await world.forum(host, 'elsewhere');
    const category = await host.call('create_category', { forum_id: other.id, name: 'C', slug: 'c' });
    const flair = await host.call('create_flair', { forum_id: other.id, name: 'F' });
    expect(await reasonOf(world.post(author, forum, 'X', { category_id: category.id }))).toBe(
      'category.unknown',
    );
    expect(await reasonOf(world.post(author, forum, 'X', { flair_id: flair.id }))).toBe('flair.unknown');
    const post = await world.post(author, forum);
    await expect(
      world.db.query('update forums.posts set category_id = $2 where id = $1', [post.id, category.id]),
    ).rejects.toThrow('posts_category_fkey');
  });

  it('keeps the scheme of a link in lower case', async () => {
    expect(
      await world.post(author, forum, 'X', { type: 'link', link_url: ' HTTPS://Example.org/A ' }),
    ).toMatchObject({
      link_url: 'https://Example.org/A',
    });
  });

  it('takes pictures of the author that are finished, in their order', async () => {
    const [one, two] = [await upload(author), await upload(author)];
    const post = await world.post(author, forum, 'Pictures', { type: 'image', upload_ids: [two, one] });
    expect(
      await author.read(
        'select upload_id from forums.post_attachments where post_id = $1 order by position',
        [post.id],
      ),
    ).toEqual([{ upload_id: two }, { upload_id: one }]);
    const { rows } = await world.db.query(
      'select attached_at is not null as attached from media.uploads where id = $1',
      [one],
    );
    expect(rows).toEqual([{ attached: true }]);

    for (const unusable of [
      [await upload(stranger)],
      [await upload(author, { status: 'pending' })],
      [await upload(author, { deleted_at: new Date() })],
      [await upload(author, { content_type: 'application/pdf' })],
      [one, one],
      ['00000000-0000-7000-8000-000000000000'],
    ]) {
      expect(await reasonOf(world.post(author, forum, 'X', { type: 'image', upload_ids: unusable }))).toBe(
        'post.upload_unusable',
      );
    }
    await author.call('edit_post', { post_id: post.id, upload_ids: [one] });
    expect(
      await author.read('select upload_id from forums.post_attachments where post_id = $1', [post.id]),
    ).toHaveLength(1);
  });

  it('gives labels for moderators to moderators with FLAIR alone', async () => {
    const flair = await owner.call('create_flair', { forum_id: forum.id, name: 'Official', mod_only: true });
    expect(await reasonOf(world.post(author, forum, 'X', { flair_id: flair.id }))).toBe(
      'flair.moderators_only',
    );
    const post = await world.post(await moderator(8), forum, 'X', { flair_id: flair.id });
    expect(post).toMatchObject({ flair_id: flair.id });
  });

  it('makes new accounts wait between two posts, also in parallel, and says how long', async () => {
    const id = await createUser(world.db, { username: 'newcomer' });
    const newcomer = world.acting('newcomer', id, 'stoa_member');
    const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => world.post(newcomer, forum)));
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
    const refused = await refusal(world.post(newcomer, forum));
    expect(refused).toMatchObject({ sqlstate: 'ST429', reason: 'post.too_soon' });
    expect(refused.retryAfter).toBeGreaterThan(20);
    await world.db.query(
      `update forums.posts set inserted_at = now() - interval '31 seconds' where author_id = $1`,
      [id],
    );
    await world.post(newcomer, forum);
  });

  it('makes one post of a retried request', async () => {
    const again = () => world.post(author, forum, 'Retried', { key: 'post-1' });
    const [first, second] = await Promise.all([again(), again()]);
    expect(first.id).toBe(second.id);
    expect(await reasonOf(world.post(author, forum, 'Other', { key: 'post-1' }))).toBe(
      'idempotency.mismatch',
    );
  });
});

describe('editing', () => {
  it('is for the author and moderators with DELETE; theirs is audited', async () => {
    const post = await world.post(author, forum);
    expect(await reasonOf(stranger.call('edit_post', { post_id: post.id, content: 'X' }))).toBe(
      'post.not_author',
    );
    expect(await reasonOf((await moderator(2)).call('edit_post', { post_id: post.id, content: 'X' }))).toBe(
      'post.not_author',
    );
    expect(
      await author.call('edit_post', { post_id: post.id, title: 'Better', content: 'Much' }),
    ).toMatchObject({
      title: 'Better',
      content: 'Much',
      edited_at: expect.any(Date),
    });
    expect(await world.auditOf(post.id)).toEqual([]);
    await (await moderator(1)).call('edit_post', { post_id: post.id, content: 'Cleaned', reason: 'Address' });
    expect(await world.auditOf(post.id)).toEqual(['edit_post']);
    expect(await reasonOf(author.call('edit_post', { post_id: post.id, title: '  ' }))).toBe('input.empty');
    expect(await reasonOf(author.call('edit_post', { post_id: post.id, upload_ids: [post.id] }))).toBe(
      'post.type_mismatch',
    );
  });

  it('freezes the title for the author after some minutes, not the body', async () => {
    const post = await world.post(author, forum);
    await world.db.query(
      `update forums.posts set inserted_at = now() - interval '16 minutes' where id = $1`,
      [post.id],
    );
    expect(await reasonOf(author.call('edit_post', { post_id: post.id, title: 'New' }))).toBe(
      'post.title_frozen',
    );
    await author.call('edit_post', { post_id: post.id, title: post.title, content: 'New' });
    expect(await owner.call('edit_post', { post_id: post.id, title: 'By the owner' })).toMatchObject({
      title: 'By the owner',
    });
  });
});

describe('deleting and restoring', () => {
  it('moves the last post of the forum back and forth, and counts', async () => {
    const place = await world.forum(owner, 'revolving');
    const first = await world.post(author, place, 'First');
    const second = await world.post(author, place, 'Second');
    await author.call('delete_post', { post_id: second.id });
    expect(await world.forumNow(place.id)).toMatchObject({ post_count: 1, last_post_id: first.id });
    expect(await reasonOf(author.call('delete_post', { post_id: second.id }))).toBe('post.deleted');
    expect(await reasonOf(author.call('edit_post', { post_id: second.id, content: 'X' }))).toBe(
      'post.deleted',
    );
    expect(await reasonOf(stranger.call('vote_post', { post_id: second.id, direction: 1 }))).toBe(
      'post.deleted',
    );
    expect(await reasonOf(world.comment(stranger, second))).toBe('post.deleted');
    await author.call('restore_post', { post_id: second.id });
    expect(await author.call('restore_post', { post_id: second.id })).toMatchObject({ deleted_at: null });
    expect(await world.forumNow(place.id)).toMatchObject({ post_count: 2, last_post_id: second.id });
    await author.call('delete_post', { post_id: second.id });
    await author.call('delete_post', { post_id: first.id });
    expect(await world.forumNow(place.id)).toMatchObject({
      post_count: 0,
      last_post_id: null,
      last_post_at: null,
    });
    await owner.call('delete_forum', { forum_id: place.id });
  });

  it('keeps what a moderator removed from being restored by its author, and tells them why', async () => {
    const post = await world.post(author, forum, 'Off topic');
    expect(await reasonOf(stranger.call('delete_post', { post_id: post.id }))).toBe('post.not_author');
    const keeper = await moderator(1);
    await keeper.call('delete_post', { post_id: post.id, reason: 'Off topic here' });
    expect(
      await author.read(
        `select body from notifications.notifications where data ->> 'post_id' = $1 and type = 'moderation'`,
        [post.id],
      ),
    ).toEqual([{ body: 'Off topic here' }]);
    expect(await reasonOf(author.call('restore_post', { post_id: post.id }))).toBe(
      'post.removed_by_moderator',
    );
    expect(await reasonOf(stranger.call('restore_post', { post_id: post.id }))).toBe('post.unknown');
    await keeper.call('restore_post', { post_id: post.id });
    expect(await world.auditOf(post.id)).toEqual(['delete_post', 'restore_post']);
    expect(await reasonOf(stranger.call('restore_post', { post_id: post.id }))).toBe('post.not_author');
  });

  it('can be undone for 30 days', async () => {
    const post = await world.post(author, forum);
    await author.call('delete_post', { post_id: post.id });
    await world.db.query(`update forums.posts set deleted_at = now() - interval '31 days' where id = $1`, [
      post.id,
    ]);
    expect(await reasonOf(author.call('restore_post', { post_id: post.id }))).toBe('post.restore_too_late');
  });
});

describe('moderating a post', () => {
  it('needs the permission of each action', async () => {
    const post = await world.post(author, forum);
    const actions: [string, number, Record<string, unknown>][] = [
      ['lock_post', 2, { reason: 'Enough' }],
      ['unlock_post', 2, {}],
      ['pin_post', 4, {}],
      ['unpin_post', 4, {}],
      ['move_post', 64, {}],
    ];
    for (const [procedure, bit, more] of actions) {
      const others = await moderator(511 & ~bit);
      expect(await reasonOf(author.call(procedure, { post_id: post.id, ...more })), procedure).toBe(
        'forum.not_allowed',
      );
      expect(await reasonOf(others.call(procedure, { post_id: post.id, ...more })), procedure).toBe(
        'forum.not_allowed',
      );
      await (await moderator(bit)).call(procedure, { post_id: post.id, ...more });
    }
    expect(await world.auditOf(post.id)).toEqual(actions.map(([procedure]) => procedure));
    await author.call('delete_post', { post_id: post.id });
    for (const [procedure, , more] of actions) {
      expect(await reasonOf(owner.call(procedure, { post_id: post.id, ...more })), procedure).toBe(
        'post.deleted',
      );
      expect(await reasonOf(owner.call(procedure, { post_id: forum.id, ...more })), procedure).toBe(
        'post.unknown',
      );
    }
  });

  it('closes a locked post to comments, except for moderators, and not to votes', async () => {
    const post = await world.post(author, forum);
    expect(await owner.call('lock_post', { post_id: post.id, reason: 'Enough' })).toMatchObject({
      is_locked: true,
      locked_reason: 'Enough',
    });
    expect(await reasonOf(world.comment(author, post))).toBe('post.locked');
    await world.comment(await moderator(1), post);
    await stranger.call('vote_post', { post_id: post.id, direction: 1 });
    expect(await owner.call('unlock_post', { post_id: post.id })).toMatchObject({
      is_locked: false,
      locked_reason: null,
    });
    await world.comment(author, post);
  });

  it('pins at most five posts of a forum, also when all are pinned at once', async () => {
    const host = await world.person();
    const place = await world.forum(host, 'pinboard');
    const posts: Post[] = [];
    for (let index = 0; index < 8; index += 1) posts.push(await world.post(host, place, `Pin ${index}`));
    const outcomes = await Promise.allSettled(
      posts.map((post) => host.call<Post>('pin_post', { post_id: post.id })),
    );
    const pinned = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(pinned).toHaveLength(5);
    const { rows } = await world.db.query(
      'select count(*)::int as pinned from forums.posts where forum_id = $1 and is_pinned',
      [place.id],
    );
    expect(rows).toEqual([{ pinned: 5 }]);

    const [first] = pinned;
    const left = posts.find((post) => !pinned.some((other) => other.id === post.id));
    expect(await host.call('pin_post', { post_id: first?.id })).toMatchObject({ is_pinned: true });
    expect(await reasonOf(host.call('pin_post', { post_id: left?.id }))).toBe('post.pin_limit');
    expect(await host.call('delete_post', { post_id: first?.id })).toMatchObject({ is_pinned: false });
    await host.call('pin_post', { post_id: left?.id });
    expect(await host.call('restore_post', { post_id: first?.id })).toMatchObject({ is_pinned: false });
  });

  it('moves posts between sections of their forum, and labels them', async () => {
    const post = await world.post(author, forum);
    const category = await owner.call('create_category', {
      forum_id: forum.id,
      name: 'Moved',
      slug: 'moved',
    });
    expect(await owner.call('move_post', { post_id: post.id, category_id: category.id })).toMatchObject({
      category_id: category.id,
    });
    expect(await owner.call('move_post', { post_id: post.id, category_id: null })).toMatchObject({
      category_id: null,
    });
    expect(await reasonOf(owner.call('move_post', { post_id: post.id, category_id: post.id }))).toBe(
      'category.unknown',
    );

    const plain = await owner.call('create_flair', { forum_id: forum.id, name: 'Plain' });
    const special = await owner.call('create_flair', { forum_id: forum.id, name: 'Special', mod_only: true });
    expect(await author.call('set_flair', { post_id: post.id, flair_id: plain.id })).toMatchObject({
      flair_id: plain.id,
    });
    expect(await reasonOf(author.call('set_flair', { post_id: post.id, flair_id: special.id }))).toBe(
      'flair.moderators_only',
    );
    expect(await reasonOf(stranger.call('set_flair', { post_id: post.id, flair_id: plain.id }))).toBe(
      'forum.not_allowed',
    );
    await owner.call('set_flair', { post_id: post.id, flair_id: special.id });
    expect(await reasonOf(author.call('set_flair', { post_id: post.id, flair_id: null }))).toBe(
      'flair.moderators_only',
    );
  });
});

describe('following a post', () => {
  it('remembers how loud, and how far was read', async () => {
    const post = await world.post(author, forum);
    const [first, second] = [await world.comment(author, post), await world.comment(author, post)];
    expect(await stranger.call('follow_post', { post_id: post.id })).toMatchObject({ notify: true });
    expect(await stranger.call('follow_post', { post_id: post.id, notify: false })).toMatchObject({
      notify: false,
    });
    const mark = (id: string) => stranger.call('mark_post_read', { post_id: post.id, comment_id: id });
    expect(await mark(second.id)).toMatchObject({ last_read_comment_id: second.id });
    expect(await mark(first.id)).toMatchObject({ last_read_comment_id: second.id });
    expect(await reasonOf(mark(post.id))).toBe('comment.unknown');
    expect(await stranger.call('unfollow_post', { post_id: post.id })).toEqual({ unfollow_post: true });
    expect(await stranger.call('unfollow_post', { post_id: post.id })).toEqual({ unfollow_post: false });
    expect(await reasonOf(stranger.call('follow_post', { post_id: forum.id }))).toBe('post.unknown');
  });

  it('rings the bells of followers of the forum, once per unread heap, by the worker', async () => {
    const host = await world.person();
    const place = await world.forum(host, 'newsworthy');
    const [posts, all, silent] = [await world.person(), await world.person(), await world.person()];
    await posts.call('subscribe', { forum_id: place.id, notification_level: 'posts' });
    await all.call('subscribe', { forum_id: place.id, notification_level: 'all' });
    await silent.call('subscribe', { forum_id: place.id });
    const first = await world.post(host, place, 'First news');
    const second = await world.post(host, place, 'Second news');
    const comment = await world.comment(author, first);
    const tell = async (arguments_: string, id: string) =>
      (await world.db.query(`select forums.notify_followers(${arguments_} => $1) as told`, [id])).rows[0]
        ?.told;
    expect(await tell('p_post_id', first.id)).toBe(2);
    expect(await tell('p_post_id', second.id)).toBe(2);
    expect(await tell('p_comment_id', comment.id)).toBe(1);
    const bell = (person: Person) =>
      person.read<{ title: string; count: number }>(
        `select title, count from notifications.notifications where type like 'forum\\_%' order by id`,
      );
    expect(await bell(silent)).toEqual([]);
    expect(await bell(posts)).toEqual([
      { title: `${host.name} posted in The newsworthy: Second news`, count: 2 },
    ]);
    expect(await bell(all)).toHaveLength(2);

    await host.call('delete_post', { post_id: second.id });
    expect(await tell('p_post_id', second.id)).toBe(0);
    expect(await tell('p_comment_id', second.id)).toBe(0);
  });
});

describe('views', () => {
  it('are appended by readers, visitors too, and folded in by the worker', async () => {
    const post = await world.post(author, forum);
    await world.visitor().call('record_view', { post_id: post.id });
    await stranger.call('record_view', { post_id: post.id });
    expect(await world.postNow(post.id)).toMatchObject({ view_count: 0 });
    expect((await world.db.query('select forums.flush_views() as folded')).rows).toEqual([{ folded: '2' }]);
    expect(await world.postNow(post.id)).toMatchObject({ view_count: 2 });
    expect((await world.db.query('select forums.flush_views() as folded')).rows).toEqual([{ folded: '0' }]);
    expect(await reasonOf(stranger.call('record_view', { post_id: forum.id }))).toBe('post.unknown');
  });
});

describe('an external search engine', () => {
  it('hears of posts and comments once it is switched on', async () => {
    const queued = async (): Promise<unknown[]> =>
      (
        await world.db.query(
          `select entity_type, operation from core.search_index_queue where entity_type like 'forum%' order by entity_type`,
        )
      ).rows;
    const post = await world.post(author, forum);
    const comment = await world.comment(author, post);
    expect(await queued()).toEqual([]);
    await world.db.query(`update core.settings set value = 'true' where key = 'search.outbox_enabled'`);
    await author.call('edit_post', { post_id: post.id, content: 'Changed' });
    await author.call('vote_post', { post_id: post.id, direction: 0 });
    await author.call('delete_comment', { comment_id: comment.id });
    await world.db.query(`update core.settings set value = 'false' where key = 'search.outbox_enabled'`);
    expect(await queued()).toEqual([
      { entity_type: 'forum_comment', operation: 'delete' },
      { entity_type: 'forum_post', operation: 'index' },
    ]);
  });
});
