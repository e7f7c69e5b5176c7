import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { type Forum, type Person, type Scene, scene } from './scene.ts';

let world: Scene;
let owner: Person;
let stranger: Person;
beforeAll(async () => {
  world = await scene();
  owner = await world.person();
  stranger = await world.person();
});

async function premium(person: Person, until: string): Promise<void> {
  await world.db.query(
    `update core.users set premium_tier = 1, premium_until = now() + $2::interval where id = $1`,
    [person.id, until],
  );
}

describe('creating a forum', () => {
  it('makes its creator owner and first subscriber', async () => {
    const forum = await world.forum(await world.person(), 'gardening');
    expect(forum).toMatchObject({
      slug: 'gardening',
      subscriber_count: 1,
      layout: 'threaded',
      is_public: true,
    });
  });

  it('keeps addresses in lower case, and refuses malformed, reserved and taken ones', async () => {
    const person = await world.person();
    expect(await world.forum(person, 'Home-Cooking')).toMatchObject({ slug: 'home-cooking' });
    expect(await reasonOf(world.forum(person, 'home cooking'))).toBe('forum.slug_invalid');
    expect(await reasonOf(world.forum(person, 'admin'))).toBe('forum.slug_reserved');
    expect(await reasonOf(world.forum(person, 'HOME-cooking'))).toBe('forum.slug_taken');
  });

  it('is for signed-in members whose account is in force', async () => {
    const banned = await world.person();
    await world.db.query(`update core.users set banned_until = 'infinity' where id = $1`, [banned.id]);
    expect(await reasonOf(world.forum(banned, 'mischief'))).toBe('account.restricted');
  });

  it('stops at as many forums as the account class may own, also in parallel', async () => {
    const person = await world.person();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 6 }, (_, index) => world.forum(person, `plenty-${index}`)),
    );
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(3);
    expect(await reasonOf(world.forum(person, 'plenty-more'))).toBe('forum.limit_reached');
  });

  it('nests five levels deep and no deeper', async () => {
    const staff = await world.person('admin');
    let parent: Forum | undefined;
    for (let level = 1; level <= 5; level += 1) {
      parent = await world.forum(staff, `level-${level}`, parent ? { parent_id: parent.id } : {});
    }
    expect(await reasonOf(world.forum(staff, 'level-6', { parent_id: parent?.id }))).toBe('forum.too_deep');
  });

  it('puts a forum under another only with a permission there', async () => {
    const parent = await world.forum(await world.person(), 'parent-of-nobody');
    expect(await reasonOf(world.forum(stranger, 'foundling', { parent_id: parent.id }))).toBe(
      'forum.not_allowed',
    );
  });
});

describe('changing a forum', () => {
  let forum: Forum;
  beforeAll(async () => {
    forum = await world.forum(owner, 'changing');
  });
  const update = (person: Person, patch: unknown, target = forum): Promise<Forum> =>
    person.call<Forum>('update_forum', { forum_id: target.id, patch: JSON.stringify(patch) });

  it('lets the owner change everything that is not counted', async () => {
    expect(
      await update(owner, {
        name: ' New name ',
        slug: 'changed',
        description: 'About change',
        icon_url: 'HTTPS://example.org/icon.png',
        layout: 'flat',
        position: 3,
        is_nsfw: true,
        auto_upvote_own: false,
        min_post_class_id: 2,
      }),
    ).toMatchObject({
      name: 'New name',
      slug: 'changed',
      icon_url: 'https://example.org/icon.png',
      layout: 'flat',
      position: 3,
      min_post_class_id: 2,
    });
    expect(await update(owner, { description: null, min_post_class_id: null })).toMatchObject({
      description: null,
      min_post_class_id: null,
    });
  });

  it.each([
    [{ subscriber_count: 9 }, 'input.unknown_key'],
    [{ is_public: 'yes' }, 'input.malformed'],
    [{ name: null }, 'input.malformed'],
    [{ position: 1.5 }, 'input.malformed'],
    [{ layout: 'spiral' }, 'input.malformed'],
    [{ parent_id: 'here' }, 'input.malformed'],
    [[], 'input.malformed'],
    [{ name: '   ' }, 'input.empty'],
    [{ name: 'x'.repeat(101) }, 'input.too_long'],
    [{ icon_url: 'javascript:alert(1)' }, 'post.link_invalid'],
    [{ min_read_class_id: 99 }, 'class.unknown'],
    [{ slug: 'settings' }, 'forum.slug_reserved'],
  ])('refuses %j with %s', async (patch, reason) => {
    expect(await reasonOf(update(owner, patch))).toBe(reason);
  });

  it('gives moderators with EDIT_FORUM the description and the pictures alone', async () => {
    const moderator = await world.person();
    await owner.call('appoint_moderator', { forum_id: forum.id, user_id: moderator.id, permissions: 32 });
    expect(await update(moderator, { description: 'By a moderator' })).toMatchObject({
      description: 'By a moderator',
    });
    expect(await world.auditOf(forum.id)).toContain('update_forum');
    expect(await reasonOf(update(moderator, { name: 'Mine now' }))).toBe('forum.not_allowed');
    expect(await reasonOf(update(stranger, { description: 'By nobody' }))).toBe('forum.not_allowed');
  });

  it('refuses to close a circle', async () => {
    const above = await world.forum(owner, 'circle-above');
    const below = await world.forum(owner, 'circle-below', { parent_id: above.id });
    expect(await reasonOf(update(owner, { parent_id: below.id }, above))).toBe('forum.too_deep');
    expect(await reasonOf(update(owner, { parent_id: above.id }, above))).toBe('forum.too_deep');
    expect(await update(owner, { parent_id: null }, below)).toMatchObject({ parent_id: null });
  });

  it('closes no circle when two forums are put under one another at once', async () => {
    const staff = await world.person('admin');
    const one = await world.forum(staff, 'twin-one');
    const two = await world.forum(staff, 'twin-two');
    const outcomes = await Promise.allSettled([
      update(staff, { parent_id: two.id }, one),
      update(staff, { parent_id: one.id }, two),
    ]);
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
  });
});

describe('the style of a forum', () => {
  let forum: Forum;
  let stylist: Person;
  beforeAll(async () => {
    stylist = await world.person();
    await premium(stylist, '1 day');
    forum = await world.forum(stylist, 'stylish');
  });
  const style = async (css: string): Promise<string | null> => {
    await stylist.call('update_forum', { forum_id: forum.id, patch: JSON.stringify({ custom_css: css }) });
    const [row] = await world
      .visitor()
      .read<{ theme: string | null }>(
        'select forums.forums_theme(forum) as theme from forums.forums as forum where id = $1',
        [forum.id],
      );
    return row?.theme ?? null;
  };

  it('is confined to the forum, rule by rule', async () => {
    const scope = `[data-forum="${forum.id}"]`;
    expect(
      await style('/* warm */ a, .post > h2:hover { color: #c30 !important; padding: 2px 1em; }\np{}'),
    ).toBe(
      `${scope} a, ${scope} .post > h2:hover { color: #c30 !important; padding: 2px 1em }\n${scope} p {  }`,
    );
    expect(await style('h1 { background-color: rgb(1, 2, 3); width: calc(100% - 2em) }')).toContain(
      'calc(100% - 2em)',
    );
  });

  it.each([
    '@import "//evil.example/x.css";',
    'a { background-color: url(//evil.example/x) }',
    'a { color: u/**/rl(x) }',
    'a { background-color: ur\\6c(x) }',
    'a { width: expression(alert(1)) }',
    'a { position: fixed }',
    'a { margin: -999px }',
    'a { margin: 0 -.5em }',
    '+ p { color: red }',
    '~ p { color: red }',
    'a, > p { color: red }',
    'a { color: red',
    'a } b { color: red }',
    'a { color: red } stray',
    'a { { color: red } }',
    'a { color: "red" }',
    'a { color: red </style><script> }',
    'a { -moz-binding: x }',
    'a { color: var(--x) }',
    'a { color }',
    'a { color: }',
    ', a { color: red }',
    '{ color: red }',
    'input[value^=a] { color: red }',
    'a { color: red /* }',
  ])('refuses %s', async (css) => {
    expect(await reasonOf(style(css))).toBe('forum.css_refused');
  });

  it('refuses more than 64 KiB, and copes with that much', async () => {
    const rule = `a { color: red${' '.repeat(100)}}\n`;
    expect(await style(rule.repeat(Math.floor(65536 / rule.length)))).toContain('color: red');
    expect(await reasonOf(style(rule.repeat(Math.ceil(65537 / rule.length))))).toBe('input.too_long');
  });

  it('is for premium owners, and ends with their premium period', async () => {
    await style('a { color: red }');
    await premium(stylist, '-1 day');
    expect(await reasonOf(style('a { color: blue }'))).toBe('forum.css_needs_premium');
    const [row] = await stylist.read<{ theme: string | null }>(
      'select forums.forums_theme(forum) as theme from forums.forums as forum where id = $1',
      [forum.id],
    );
    expect(row?.theme).toBeNull();
  });
});

describe('handing on and deleting a forum', () => {
  it('is transferred by its owner to an account in force that may own one more', async () => {
    const from = await world.person();
    const to = await world.person();
    const forum = await world.forum(from, 'heirloom');
    expect(
      await reasonOf(stranger.call('transfer_forum', { forum_id: forum.id, user_id: stranger.id })),
    ).toBe('forum.not_allowed');
    const closed = await world.person();
    await world.db.query('update core.users set deleted_at = now() where id = $1', [closed.id]);
    expect(await reasonOf(from.call('transfer_forum', { forum_id: forum.id, user_id: closed.id }))).toBe(
      'user.unknown',
    );
    expect(await from.call('transfer_forum', { forum_id: forum.id, user_id: to.id })).toMatchObject({
      owner_id: to.id,
    });
    expect(await world.auditOf(forum.id)).toEqual(['transfer_forum']);
    expect(await reasonOf(from.call('transfer_forum', { forum_id: forum.id, user_id: from.id }))).toBe(
      'forum.not_allowed',
    );

    for (const slug of ['full-1', 'full-2', 'full-3']) await world.forum(from, slug);
    expect(await reasonOf(to.call('transfer_forum', { forum_id: forum.id, user_id: from.id }))).toBe(
      'forum.limit_reached',
    );
  });

  it('keeps an account from closing while it owns a forum', async () => {
    const person = await world.person();
    const forum = await world.forum(person, 'ballast');
    const close = () => person.read('select core.close_account()');
    expect(await reasonOf(close())).toBe('account.owns_things');
    await person.call('delete_forum', { forum_id: forum.id });
    await close();
  });

  it('disappears for everybody when it is deleted, but not while a forum stands under it', async () => {
    const person = await world.person();
    const parent = await world.forum(person, 'trunk');
    const child = await world.forum(person, 'branch', { parent_id: parent.id });
    const post = await world.post(person, child);
    expect(await reasonOf(person.call('delete_forum', { forum_id: parent.id }))).toBe('forum.has_children');
    expect(await reasonOf(stranger.call('delete_forum', { forum_id: child.id }))).toBe('forum.not_allowed');
    await person.call('delete_forum', { forum_id: child.id, reason: 'Empty' });
    await person.call('delete_forum', { forum_id: parent.id });
    expect(await person.read('select id from forums.forums where id = $1', [child.id])).toEqual([]);
    expect(await person.read('select id from forums.posts where id = $1', [post.id])).toEqual([]);
    expect(await reasonOf(person.call('vote_post', { post_id: post.id, direction: 1 }))).toBe('post.unknown');
    expect(await world.auditOf(child.id)).toEqual(['delete_forum']);
  });
});

describe('sections and labels', () => {
  it('are managed by those with the permission', async () => {
    const forum = await world.forum(await world.person(), 'sections');
    const keeper = await world.person();
    await world.acting('owner', forum.owner_id, 'stoa_member').call('appoint_moderator', {
      forum_id: forum.id,
      user_id: keeper.id,
      permissions: 64 | 128,
    });
    const category = await keeper.call('create_category', {
      forum_id: forum.id,
      name: 'News',
      slug: 'News',
      color: 255,
    });
    expect(category).toMatchObject({ slug: 'news', color: 255 });
    const flair = await keeper.call('create_flair', { forum_id: forum.id, name: 'Solved', mod_only: true });

    const again = { forum_id: forum.id, name: 'News', slug: 'news' };
    expect(await reasonOf(keeper.call('create_category', again))).toBe('category.slug_taken');
    expect(await reasonOf(keeper.call('create_flair', { forum_id: forum.id, name: 'Solved' }))).toBe(
      'flair.name_taken',
    );
    expect(
      await reasonOf(keeper.call('create_flair', { forum_id: forum.id, name: 'X', text_color: -1 })),
    ).toBe('input.malformed');
    expect(await reasonOf(stranger.call('create_category', { ...again, slug: 'x' }))).toBe(
      'forum.not_allowed',
    );
    expect(await reasonOf(stranger.call('create_flair', { forum_id: forum.id, name: 'X' }))).toBe(
      'forum.not_allowed',
    );
    expect(await reasonOf(stranger.call('update_category', { category_id: category.id, name: 'X' }))).toBe(
      'forum.not_allowed',
    );
    expect(await reasonOf(keeper.call('update_flair', { flair_id: category.id, name: 'X' }))).toBe(
      'flair.unknown',
    );

    expect(
      await keeper.call('update_category', { category_id: category.id, name: 'Old news', position: 2 }),
    ).toMatchObject({
      name: 'Old news',
      slug: 'news',
      position: 2,
    });
    expect(await keeper.call('update_flair', { flair_id: flair.id, mod_only: false })).toMatchObject({
      name: 'Solved',
      mod_only: false,
    });

    const author = await world.person();
    const post = await world.post(author, forum, 'Labelled', {
      category_id: category.id,
      flair_id: flair.id,
    });
    await keeper.call('delete_category', { category_id: category.id });
    await keeper.call('delete_flair', { flair_id: flair.id });
    expect(await world.postNow(post.id)).toMatchObject({
      category_id: null,
      flair_id: null,
      forum_id: forum.id,
    });
    expect(await reasonOf(keeper.call('delete_category', { category_id: category.id }))).toBe(
      'category.unknown',
    );
    expect(await reasonOf(keeper.call('delete_flair', { flair_id: flair.id }))).toBe('flair.unknown');
  });
});

describe('subscribing', () => {
  it('counts everybody once, however often they click, and in parallel', async () => {
    const forum = await world.forum(await world.person(), 'popular-place');
    const people = await Promise.all(Array.from({ length: 8 }, () => world.person()));
    await Promise.all(
      people.flatMap((person) => [1, 2].map(() => person.call('subscribe', { forum_id: forum.id }))),
    );
    expect((await world.forumNow(forum.id)).subscriber_count).toBe(9);
    const [first] = people;
    expect(await first?.call('unsubscribe', { forum_id: forum.id })).toEqual({ unsubscribe: true });
    expect(await first?.call('unsubscribe', { forum_id: forum.id })).toEqual({ unsubscribe: false });
    expect((await world.forumNow(forum.id)).subscriber_count).toBe(8);
  });

  it('keeps the level unless a new one is given', async () => {
    const forum = await world.forum(await world.person(), 'levels');
    await stranger.call('subscribe', { forum_id: forum.id, notification_level: 'all' });
    expect(await stranger.call('subscribe', { forum_id: forum.id })).toMatchObject({
      notification_level: 'all',
    });
    expect(
      await reasonOf(stranger.call('subscribe', { forum_id: forum.id, notification_level: 'loud' })),
    ).toBe('input.malformed');
    expect(await reasonOf(stranger.call('subscribe', { forum_id: stranger.id }))).toBe('forum.unknown');
    expect(await reasonOf(stranger.call('unsubscribe', { forum_id: stranger.id }))).toBe('forum.unknown');
  });
});
